//! What the desk tells a channel: messages to carry, the thread so far, who is answering.
use crate::content::Content;
use crate::inbound::Cursor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One message the desk wants carried to a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outgoing {
    /// The customer's address on this channel.
    pub peer: String,
    /// The message itself, as it stands in the thread.
    pub message: ThreadMessage,
}

/// What a platform said when it took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The platform's id of the message, when it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// What shows that it was taken, where there is no id: what the platform said, or how it left. At most 200
    /// characters are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl Receipt {
    /// A receipt without an id: this shows that the message was taken.
    #[must_use]
    pub fn proof(proof: impl Into<String>) -> Self {
        Receipt {
            upstream: None,
            proof: Some(proof.into()),
        }
    }
}

/// A message of a thread, as a channel may show it to the customer. Internal notes never appear here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadMessage {
    /// Its place.
    pub cursor: Cursor,
    /// When it was stored, Unix milliseconds.
    pub at: i64,
    /// Who wrote it.
    pub from: From,
    /// What it says.
    pub content: Content,
    /// The id the sending client gave it ([`crate::Inbound::dedupe`] of an inbound message).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<String>,
}

/// The author of a message, as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum From {
    /// The customer.
    Customer,
    /// An agent, with nickname and avatar.
    Agent(Persona),
    /// The desk itself: greetings, closing texts.
    System,
}

/// How an agent appears to customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Persona {
    /// Nickname.
    pub nickname: String,
    /// Path of the picture on this server (`/m/…`), if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// A page of a customer's thread on one channel, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Thread {
    /// The messages, oldest first.
    pub messages: Vec<ThreadMessage>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
    /// How the customer is being served now.
    pub service: Service,
}

/// What part of a thread is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadQuery {
    /// The customer's address on this channel.
    pub peer: String,
    /// Only messages behind this place, the oldest of them first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
    /// Only messages in front of this place, the newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cursor>,
    /// At most this many, 1 to 200.
    pub limit: u32,
}

/// How a customer is being served now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// State of the open conversation.
    pub state: ServiceState,
    /// The agent who answers, while the state is `active`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Persona>,
}

/// States of [`Service`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// No conversation is open.
    #[default]
    Idle,
    /// A conversation waits for an agent.
    Waiting,
    /// An agent has accepted.
    Active,
}

/// Sent to a channel with the `notices` capability when the service of a customer changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// The customer's address on this channel.
    pub peer: String,
    /// How the customer is served from now on.
    pub service: Service,
}
