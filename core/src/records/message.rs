//! Messages, their way out, and the keys by which repetitions are recognised.
use super::content::StoredContent;
use super::conversation::Speaker;
use crate::ids::{AgentId, ConversationId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_channel::Cause;
use weikefu_storage::record;

/// One message. Its place, conversation and sequence number, is its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// When it was stored.
    pub at: Millis,
    /// When the platform says it was sent; `None` for what the desk sends.
    pub sent_at: Option<Millis>,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: StoredContent,
    /// The id the sending client gave it.
    pub client_id: Option<String>,
    /// Its way out; `None` for what came in.
    pub delivery: Option<Delivery>,
}
record!(Message, b"msg3", super::message_2::Message2, Message::from);

impl Message {
    /// Whether the customer sees it, on whatever channel. Everything read for a customer asks here.
    #[must_use]
    pub fn is_for_customer(&self) -> bool {
        let state = self.delivery.as_ref().map(|delivery| delivery.state);
        !matches!(self.author, Author::Note(_)) && state != Some(DeliveryState::Suppressed)
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    /// The customer.
    Customer,
    /// An agent.
    Agent(AgentId),
    /// The desk, on an agent's behalf: a greeting.
    Greeting(AgentId),
    /// The desk, on an agent's behalf: the text with which a conversation closes by itself.
    Closing(AgentId),
    /// The desk, on an agent's behalf: he is offline.
    Offline(AgentId),
    /// The desk: nobody is online.
    Nobody,
    /// The desk: everybody is busy.
    Busy,
    /// An agent, to another: the note of a transfer. No customer ever sees it.
    Note(AgentId),
}

/// The kinds of automatic text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    /// On acceptance (A5.1).
    Greeting,
    /// When an idle conversation is closed (A5.2).
    Closing,
    /// While the agent who holds the conversation is offline (A5.3).
    Offline,
    /// Nobody is online (A5.4).
    Nobody,
    /// Everybody who is online is full or accepts by hand (A5.4).
    Busy,
}

impl Author {
    /// Which kind of author.
    #[must_use]
    pub fn speaker(self) -> Speaker {
        match self {
            Author::Customer => Speaker::Customer,
            Author::Agent(_) => Speaker::Agent,
            Author::Greeting(_) | Author::Closing(_) | Author::Offline(_) | Author::Nobody | Author::Busy => {
                Speaker::System
            }
            Author::Note(_) => Speaker::Note,
        }
    }

    /// The agent who wrote, or in whose name the desk wrote.
    #[must_use]
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Author::Customer | Author::Nobody | Author::Busy => None,
            Author::Agent(agent)
            | Author::Greeting(agent)
            | Author::Closing(agent)
            | Author::Offline(agent)
            | Author::Note(agent) => Some(agent),
        }
    }

    /// Which automatic text it is, if it is one.
    #[must_use]
    pub fn auto(self) -> Option<Auto> {
        match self {
            Author::Customer | Author::Agent(_) | Author::Note(_) => None,
            Author::Greeting(_) => Some(Auto::Greeting),
            Author::Closing(_) => Some(Auto::Closing),
            Author::Offline(_) => Some(Auto::Offline),
            Author::Nobody => Some(Auto::Nobody),
            Author::Busy => Some(Auto::Busy),
        }
    }
}

/// The way of an outgoing message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub at: Millis,
    /// Why it failed.
    #[serde(with = "super::named::option")]
    pub cause: Option<Cause>,
    /// The channel's sentence about it.
    pub reason: Option<Reason>,
    /// The platform's id of the message.
    pub upstream: Option<String>,
    /// How it leaves.
    pub way: Way,
    /// What shows that it was taken: what the platform said, or how it left.
    pub proof: Option<String>,
    /// Why it was not sent at all, where the state says that.
    pub suppressed: Option<Suppression>,
}

impl Delivery {
    /// A way that has come to `state`.
    #[must_use]
    pub fn new(state: DeliveryState, at: Millis) -> Self {
        Delivery {
            state,
            at,
            cause: None,
            reason: None,
            upstream: None,
            way: Way::Counted,
            proof: None,
            suppressed: None,
        }
    }

    /// A text the desk has decided not to send.
    #[must_use]
    pub fn suppressed(why: Suppression, at: Millis) -> Self {
        Delivery {
            suppressed: Some(why),
            ..Delivery::new(DeliveryState::Suppressed, at)
        }
    }

    /// The same way, come to another state.
    #[must_use]
    pub fn on(&self, state: DeliveryState, at: Millis) -> Self {
        Delivery {
            way: self.way,
            ..Delivery::new(state, at)
        }
    }

    /// Whether it is still on its way.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, DeliveryState::Queued | DeliveryState::Sending)
    }
}

/// How a message leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Way {
    /// As one of the messages the platform allows.
    #[default]
    Counted,
    /// The same, although none seemed to be left: an agent said so.
    Forced,
    /// In the answer to an arrival; the platform does not count it.
    Passive,
}

/// Why a text was not sent. Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// What the platform still allows is kept for the agent.
    QuotaReserved,
    /// The platform takes no message at present.
    WindowClosed,
    /// Too many automatic texts to one address: perhaps a machine answers there.
    Loop,
}

/// Why a message did not arrive, in the languages agents read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// States of an outgoing message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Stored, not yet tried.
    Queued,
    /// Handed to the channel; no answer yet.
    Sending,
    /// The platform took it.
    Accepted,
    /// The platform did not take it.
    Failed,
    /// It left and no answer came: it may have arrived. Never sent again by itself.
    Unknown,
    /// An automatic text that was not sent, and never shown to the customer.
    Suppressed,
}

/// A message on its way out. Its key names shop, conversation and sequence number; it exists while the
/// message is queued or sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// When it was queued.
    pub queued: Millis,
}
record!(OutboxEntry, b"out1");

/// The first arrival of something, by its dedupe key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it was stored, if it was a message.
    pub place: Option<(ConversationId, u32)>,
    /// When.
    pub at: Millis,
}
record!(Seen, b"seen1");
