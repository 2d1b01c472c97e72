//! Conversations, and what hangs on them: an offered transfer, what was said automatically.
use super::message::Auto;
use super::shop::AutoClose;
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
    /// For the list. Internal notes do not appear in it.
    pub last: Option<LastMessage>,
    /// Deleted from the waiting list without an answer (A2.4); closed then.
    pub dismissed: bool,
    /// Offered to another agent; only while active.
    pub transfer: Option<Transfer>,
    /// Since when the customer has been waiting for an agent's answer; `None` when an agent wrote last.
    pub asked_at: Option<Millis>,
    /// When customer or agent last wrote, or the conversation last changed hands: idle time counts from here.
    pub stirred_at: Millis,
    /// What was said automatically, each kind at most once in the list.
    pub said: Vec<Said>,
}
record!(Conversation, b"conv2", Conversation1, Conversation1::now);

impl Conversation {
    /// When an automatic text of this kind was last said here.
    #[must_use]
    pub fn said(&self, auto: Auto) -> Option<Millis> {
        self.said
            .iter()
            .find(|said| said.auto == auto)
            .map(|said| said.at)
    }

    /// Notes that an automatic text has been said.
    pub fn note_said(&mut self, auto: Auto, at: Millis) {
        self.said.retain(|said| said.auto != auto);
        self.said.push(Said { auto, at });
    }

    /// When it closes by itself if nobody writes before (A5.2). Never while the customer waits for an answer, nor
    /// while it is offered to somebody.
    #[must_use]
    pub fn closes_at(&self, close: &AutoClose) -> Option<Millis> {
        let idle =
            self.state == ConversationState::Active && self.asked_at.is_none() && self.transfer.is_none();
        (idle && close.on).then(|| {
            self.stirred_at
                .saturating_add(Millis::from(close.idle_minutes) * 60_000)
        })
    }

    /// The agent it is offered to.
    #[must_use]
    pub fn offered_to(&self) -> Option<AgentId> {
        self.transfer.as_ref().map(|transfer| transfer.to)
    }
}

/// An offer to take over a conversation (A2.10). The owner stays who he is until it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Who offers: the owner or a senior.
    pub from: AgentId,
    /// Who may take.
    pub to: AgentId,
    /// What he should know, at most 500 characters. Never shown to the customer.
    pub note: String,
    /// When it was offered.
    pub at: Millis,
    /// When it goes back by itself.
    pub until: Millis,
}

/// An automatic text that was said, or would have been and was suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Of which kind.
    pub auto: Auto,
    /// When last.
    pub at: Millis,
}

/// A conversation as the first version stored it.
#[derive(Serialize, Deserialize)]
pub struct Conversation1 {
    id: ConversationId,
    customer: CustomerId,
    channel: ChannelId,
    peer: String,
    state: ConversationState,
    owner: Option<AgentId>,
    epoch: u32,
    ticket: u64,
    opened_at: Millis,
    accepted_at: Option<Millis>,
    closed_at: Option<Millis>,
    last_seq: u32,
    unread: u32,
    last: Option<LastMessage>,
}
record!(Conversation1, b"conv1");

impl Conversation1 {
    fn now(self) -> Conversation {
        let last_at = self.last.as_ref().map_or(self.opened_at, |last| last.at);
        // It was not stored who still waits. Unless an agent wrote last, the customer is taken to: so nobody is
        // closed away unanswered.
        let answered = self.last.as_ref().is_some_and(|last| last.from == Speaker::Agent);
        Conversation {
            asked_at: (!answered && self.state != ConversationState::Closed).then_some(last_at),
            stirred_at: last_at,
            dismissed: false,
            transfer: None,
            said: Vec::new(),
            id: self.id,
            customer: self.customer,
            channel: self.channel,
            peer: self.peer,
            state: self.state,
            owner: self.owner,
            epoch: self.epoch,
            ticket: self.ticket,
            opened_at: self.opened_at,
            accepted_at: self.accepted_at,
            closed_at: self.closed_at,
            last_seq: self.last_seq,
            unread: self.unread,
            last: self.last,
        }
    }
}

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

/// The kinds of author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// An agent.
    Agent,
    /// The desk.
    System,
    /// An agent, for agents only.
    Note,
}
