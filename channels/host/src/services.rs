//! What the executable does for one account. Implemented there, called from here.
use std::pin::Pin;
use weikefu_channel::{Content, Error, Health, Inbound, Level, MediaRef, Stored, Thread, ThreadQuery, Words};

/// A boxed answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A message's new content.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Amendment {
    /// The customer.
    pub peer: String,
    /// The message's own key, as it was emitted.
    pub dedupe: String,
    /// The message's time, as it was emitted, Unix milliseconds.
    pub sent_at: i64,
    /// What it says from now on.
    pub content: Content,
}

/// The services behind [`weikefu_channel::Host`], of one account.
///
/// Lengths and limits documented there have been checked before these are called. The first poll of an answer
/// happens on the plugin's own thread, inside the runtime's context: what can be answered at once costs no
/// change of threads, and what cannot must not block there. An answer the plugin no longer waits for is
/// dropped; dropping must not undo what has been begun.
pub trait Services: Send + Sync + 'static {
    /// Stores a message or a behaviour durably.
    fn emit(&self, inbound: Inbound) -> Answer<'_, Stored>;
    /// Replaces a message's content.
    fn amend(&self, amendment: Amendment) -> Answer<'_, ()>;
    /// Reads a value of the account's store.
    fn kv_get(&self, key: String) -> Answer<'_, Option<Vec<u8>>>;
    /// Writes a value durably.
    fn kv_put(&self, key: String, value: Vec<u8>) -> Answer<'_, ()>;
    /// Removes a value durably.
    fn kv_delete(&self, key: String) -> Answer<'_, ()>;
    /// The keys with a prefix, in order.
    fn kv_scan(&self, prefix: String, limit: u32) -> Answer<'_, Vec<String>>;
    /// Writes `value` only if `expected` is what is there.
    fn kv_swap(&self, key: String, expected: Option<Vec<u8>>, value: Vec<u8>) -> Answer<'_, bool>;
    /// Stores a file durably.
    fn media_put(&self, mime: String, name: Option<String>, bytes: Vec<u8>) -> Answer<'_, MediaRef>;
    /// Reads a file.
    fn media_get(&self, id: String) -> Answer<'_, (MediaRef, Vec<u8>)>;
    /// Reads a part of a thread.
    fn thread(&self, query: ThreadQuery) -> Answer<'_, Thread>;
    /// Sets or moves a persistent timer, Unix milliseconds.
    fn alarm_set(&self, id: String, at: i64) -> Answer<'_, ()>;
    /// Sends a text message to a socket.
    fn ws_send(&self, connection: u64, text: String) -> Answer<'_, ()>;
    /// Closes a socket.
    fn ws_close(&self, connection: u64, code: u16, reason: String) -> Answer<'_, ()>;
    /// A log line, at most 4 KiB, limited in number. Called on any thread; must not block.
    fn log(&self, level: Level, message: &str);
    /// How the account is doing; also told by the host itself. Called on any thread; must not block.
    fn status(&self, health: Health, words: &Words);
}
