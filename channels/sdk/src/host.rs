//! What the host does for a plugin. Every method is one CALL frame and its answer.
use crate::bridge::Bridge;
use crate::content::{Content, MediaRef};
use crate::error::Result;
use crate::http::{Request, Response};
use crate::inbound::{Inbound, Stored};
use crate::thread::{Thread, ThreadQuery};
use crate::words::Words;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::rc::Rc;
use std::time::Duration;

/// A handle on the host; clones are cheap and belong to the same instance.
#[derive(Clone)]
pub struct Host {
    bridge: Rc<Bridge>,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For developers of the plugin.
    Debug,
    /// Something worth knowing happened.
    Info,
    /// Something is wrong and is being handled.
    Warn,
    /// Something is wrong and needs a person.
    Error,
}

/// How an account is doing; shown on the console's channel card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Working.
    Healthy,
    /// Working badly or not at all; the text says why and what to do.
    Degraded,
}

#[derive(Deserialize)]
struct Entries {
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Swapped {
    swapped: bool,
}

impl Host {
    pub(crate) fn new(bridge: Rc<Bridge>) -> Self {
        Host { bridge }
    }

    /// Makes an HTTP request. Only hosts of the manifest's `network` list and of `uri` fields of the
    /// configuration are reachable. `Err(Unknown)` when the request left and no answer came,
    /// `Err(Retryable)` when it never left. Any status code is `Ok`. Bodies are at most 32 MiB.
    pub async fn http(&self, mut request: Request) -> Result<Response> {
        let body = std::mem::take(&mut request.body);
        let (mut response, body) = self.bridge.call::<Response>("http", &request, body).await?;
        response.body = body;
        Ok(response)
    }

    /// Reads a value of this account's own store. Keys are 1 to 256 bytes.
    pub async fn kv_get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        #[derive(Deserialize)]
        struct Found {
            found: bool,
        }
        let (head, body) = self
            .bridge
            .call::<Found>("kv.get", &json!({ "key": key }), Vec::new())
            .await?;
        Ok(head.found.then_some(body))
    }

    /// Writes a value, durably. Values are at most 16 KiB.
    pub async fn kv_put(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.bridge
            .call::<serde_json::Value>("kv.put", &json!({ "key": key }), value)
            .await
            .map(drop)
    }

    /// Removes a value, durably.
    pub async fn kv_delete(&self, key: &str) -> Result<()> {
        self.bridge
            .call::<serde_json::Value>("kv.delete", &json!({ "key": key }), Vec::new())
            .await
            .map(drop)
    }

    /// The keys that begin with `prefix`, in order, at most `limit` (1 to 1,000).
    pub async fn kv_scan(&self, prefix: &str, limit: u32) -> Result<Vec<String>> {
        let head = json!({ "prefix": prefix, "limit": limit });
        Ok(self
            .bridge
            .call::<Entries>("kv.scan", &head, Vec::new())
            .await?
            .0
            .keys)
    }

    /// Replaces a value only if it still is `expected` (`None`: only if absent). Returns whether it did.
    pub async fn kv_swap(&self, key: &str, expected: Option<&[u8]>, value: Vec<u8>) -> Result<bool> {
        // The expectation travels in front of the new value; its length is in the head.
        let head = json!({ "key": key, "expected": expected.map(<[u8]>::len) });
        let mut body = expected.unwrap_or_default().to_vec();
        body.extend_from_slice(&value);
        Ok(self
            .bridge
            .call::<Swapped>("kv.swap", &head, body)
            .await?
            .0
            .swapped)
    }

    /// Waits. Not kept over a restart; see [`Host::alarm_set`].
    pub async fn sleep(&self, duration: Duration) {
        let head = json!({ "ms": duration.as_millis() as u64 });
        // The only failure is the end of the instance, which drops this future anyway.
        let _ = self
            .bridge
            .call::<serde_json::Value>("sleep", &head, Vec::new())
            .await;
    }

    /// Sets (or moves) a timer that survives restarts; [`crate::Channel::alarm`] is called once it is due.
    /// `at` is Unix milliseconds.
    pub async fn alarm_set(&self, id: &str, at: i64) -> Result<()> {
        self.bridge
            .call::<serde_json::Value>("alarm.set", &json!({ "id": id, "at": at }), Vec::new())
            .await
            .map(drop)
    }

    /// Gives the desk something a customer wrote or did. When this returns, it is durable.
    pub async fn emit(&self, inbound: &Inbound) -> Result<Stored> {
        Ok(self.bridge.call::<Stored>("emit", inbound, Vec::new()).await?.0)
    }

    /// Replaces the content of a message emitted before, once its file has been fetched. The message is named
    /// by the same `peer`, `dedupe` and `sent_at`. `Err(NotFound)` when the desk has no such message.
    pub async fn amend(&self, peer: &str, dedupe: &str, sent_at: i64, content: &Content) -> Result<()> {
        let head = json!({ "peer": peer, "dedupe": dedupe, "sent_at": sent_at, "content": content });
        self.bridge
            .call::<serde_json::Value>("amend", &head, Vec::new())
            .await
            .map(drop)
    }

    /// Stores a file of at most 20 MiB, durably. The host finds the content type by looking at the bytes and
    /// uses `mime` only where that tells nothing.
    pub async fn media_put(&self, mime: &str, name: Option<&str>, bytes: Vec<u8>) -> Result<MediaRef> {
        Ok(self
            .bridge
            .call::<MediaRef>("media.put", &json!({ "mime": mime, "name": name }), bytes)
            .await?
            .0)
    }

    /// Reads a stored file. `Err(NotFound)` for an unknown id.
    pub async fn media_get(&self, id: &str) -> Result<(MediaRef, Vec<u8>)> {
        self.bridge
            .call::<MediaRef>("media.get", &json!({ "id": id }), Vec::new())
            .await
    }

    /// The public address of a stored file, a path on this server.
    #[must_use]
    pub fn media_path(id: &str) -> String {
        format!("/m/{id}")
    }

    /// Reads a part of a customer's thread on this account.
    pub async fn thread(&self, query: &ThreadQuery) -> Result<Thread> {
        // 200 long messages do not fit into a head.
        let (_, body) = self
            .bridge
            .call::<serde_json::Value>("thread", query, Vec::new())
            .await?;
        crate::bridge::decode("thread", &body)
    }

    /// Sends a text message to a socket. A socket that is gone, or so slow that 256 messages wait for it, is
    /// closed and `NotFound` answered.
    pub async fn ws_send(&self, connection: u64, text: String) -> Result<()> {
        let head = json!({ "connection": connection });
        self.bridge
            .call::<serde_json::Value>("ws.send", &head, text.into_bytes())
            .await
            .map(drop)
    }

    /// Closes a socket.
    pub async fn ws_close(&self, connection: u64, code: u16, reason: &str) -> Result<()> {
        let head = json!({ "connection": connection, "code": code, "reason": reason });
        self.bridge
            .call::<serde_json::Value>("ws.close", &head, Vec::new())
            .await
            .map(drop)
    }

    /// Writes a line to the host's log. Never put a secret, a token or a customer's words in it.
    pub fn log(&self, level: Level, message: &str) {
        self.bridge
            .event("log", &json!({ "level": level, "message": message }));
    }

    /// Says how the account is doing; nothing more needs to be said of a healthy one.
    pub fn status(&self, health: Health, words: &Words) {
        self.bridge.event(
            "status",
            &json!({ "health": health, "text": words.en, "text_zh": words.zh }),
        );
    }

    /// Runs a future beside the calls of the desk, until it ends or the instance is closed.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.bridge.spawn(Box::pin(future));
    }

    /// Unix milliseconds now.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.bridge.now()
    }
}
