//! Conversations.
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_channel::Kind;
use weikefu_storage::record;

/// From a customer's first message to the closing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Number.
    pub id: ConversationId,
    /// Who writes.
    pub customer: CustomerId,
    /// Where.
    pub channel: ChannelId,
    /// The customer's address there.
    pub peer: String,
    /// Where it stands.
    pub state: ConversationState,
    /// The agent who answers; exactly when the state is active.
    pub owner: Option<AgentId>,
    /// Grows with every change of state or owner. A command that saw an older one has lost.
    pub epoch: u32,
    /// Place in the waiting list.
    pub ticket: u64,
    /// First message.
    pub opened_at: Millis,
    /// Acceptance.
    pub accepted_at: Option<Millis>,
    /// Closing.
    pub closed_at: Option<Millis>,
    /// Sequence number of the last message; the first message has 1.
    pub last_seq: u32,
    /// The customer's messages the owner has not seen.
    pub unread: u32,
    /// For the list.
    pub last: Option<LastMessage>,
}
record!(Conversation, b"conv1");

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// 等待中
    Waiting,
    /// 接入中
    Active,
    /// 已结束
    Closed,
}

/// What the list shows of a conversation's last message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMessage {
    /// When.
    pub at: Millis,
    /// By whom.
    pub from: Speaker,
    /// Of what kind.
    #[serde(with = "super::named")]
    pub kind: Kind,
    /// Its beginning, at most [`LastMessage::PREVIEW`] characters.
    pub text: String,
}

impl LastMessage {
    /// Characters of a preview.
    pub const PREVIEW: usize = 80;
}

/// The three kinds of author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// An agent.
    Agent,
    /// The desk.
    System,
}
