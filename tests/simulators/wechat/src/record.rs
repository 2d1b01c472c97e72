//! What was received, for assertions, and what a phone would show.

use serde_json::Value;

use crate::media::MediaFile;

/// How a message came to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `/cgi-bin/message/custom/send`.
    Send,
    /// In the answer to a callback.
    Passive,
}

/// One message the account sent to a customer.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Counts over the whole simulator, from 1.
    pub order: u64,
    /// Platform time, milliseconds since 1970.
    pub at_ms: u64,
    /// To whom.
    pub openid: String,
    /// The way it came.
    pub via: Via,
    /// `text`, `image`, …
    pub msg_type: String,
    /// The object under the message type; for passive replies the elements as JSON.
    pub body: Value,
    /// The file behind `media_id`.
    pub media: Option<MediaFile>,
    /// `customservice.kf_account`.
    pub kf_account: Option<String>,
}

impl Sent {
    /// The text, for text messages; else empty.
    #[must_use]
    pub fn text(&self) -> &str {
        let name = if self.via == Via::Passive {
            "Content"
        } else {
            "content"
        };
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// One call of the API.
#[derive(Debug, Clone)]
pub struct Call {
    /// Platform time, milliseconds since 1970.
    pub at_ms: u64,
    /// `GET` or `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The answered errcode; `None` when no JSON answer was given.
    pub errcode: Option<i64>,
}

/// The calls kept; older ones are dropped.
pub(crate) const CALLS_KEPT: usize = 50_000;

/// Something a client did that the platform lets pass but the document forbids. A client that gives up and goes
/// on at once can race with the server noticing that: read these where no answers are slow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// Two sends to this openid at the same time.
    OverlappingSends(String),
    /// Two token calls at the same time.
    OverlappingTokenCalls,
}

/// Who wrote a line of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    Customer,
    Account,
    /// Grey text in the middle.
    Notice,
}

/// How far a customer's line got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pending,
    Done,
    Failed,
}

/// One line of the chat on the phone.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: u64,
    /// Grows with each change of any line of this customer.
    pub(crate) revision: u64,
    pub(crate) at_ms: u64,
    pub(crate) author: Author,
    pub(crate) kind: String,
    pub(crate) body: Value,
    pub(crate) fate: Fate,
}
