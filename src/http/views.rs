//! What the console sees. Made from records, never stored.
mod broadcasts;
mod customers;
mod people;
mod search;
mod settings;

pub(crate) use broadcasts::*;
pub(crate) use customers::*;
pub(crate) use people::*;
pub(crate) use search::*;
pub(crate) use settings::*;

use super::reach::ReachView;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use weikefu_channel::{Cause, Content, Cursor, Kind, Limit};
use weikefu_core::desk::{ReturnReason, Topic};
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, Millis, ShopId};
use weikefu_core::records::{Auto, ConversationState, DeliveryState, Role, Speaker, Suppression};

/// A session and what it may choose from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// Who is logged in.
    pub(crate) agent: Me,
    /// The shops this agent belongs to.
    pub(crate) shops: Vec<ShopView>,
    /// What unsafe requests must carry as `x-weikefu-csrf`.
    pub(crate) csrf: String,
    /// The password was given out by somebody else; nothing works until it has been changed.
    pub(crate) must_change_password: bool,
    /// Version of the server.
    pub(crate) version: String,
}

/// One's own account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    pub(crate) id: AgentId,
    pub(crate) login: String,
    pub(crate) nickname: String,
    /// For colleagues; may be empty.
    pub(crate) name: String,
    /// Path of the picture.
    pub(crate) avatar: Option<String>,
}

/// How many sessions were ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EndedView {
    pub(crate) ended: u32,
}

/// A shop to choose.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShopView {
    pub(crate) id: ShopId,
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// An agent at a desk.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AgentView {
    pub(crate) id: AgentId,
    pub(crate) nickname: String,
    /// Path of the picture.
    pub(crate) avatar: Option<String>,
    pub(crate) role: Role,
    /// Takes customers: the presence is `online`.
    pub(crate) online: bool,
    pub(crate) presence: PresenceView,
    /// Customers held.
    pub(crate) active: u32,
    /// Customers automatic acceptance fills up to.
    pub(crate) limit: u32,
}

/// Whether an agent takes customers.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PresenceView {
    Online,
    /// Was online and has had no open page for too long; comes back with the next page.
    Lost,
    Offline,
}

/// Oneself at a desk.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeskMe {
    #[serde(flatten)]
    pub(crate) agent: AgentView,
    /// Automatic acceptance.
    pub(crate) auto: bool,
    /// Sent on acceptance; empty means nothing.
    pub(crate) greeting: String,
}

/// A channel by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ChannelRef {
    pub(crate) id: ChannelId,
    pub(crate) plugin: String,
    pub(crate) name: String,
}

/// A channel with what it can carry and how it is doing.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ChannelView {
    #[serde(flatten)]
    pub(crate) channel: ChannelRef,
    /// Kinds it carries out, with limits.
    pub(crate) sends: BTreeMap<Kind, Limit>,
    pub(crate) status: StatusView,
}

/// How a channel is doing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StatusView {
    pub(crate) health: HealthView,
    /// Why not, and what to do.
    pub(crate) text: String,
}

/// Well or not.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthView {
    Healthy,
    Degraded,
}

/// A conversation in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationView {
    pub(crate) id: ConversationId,
    pub(crate) customer: CustomerView,
    pub(crate) channel: ChannelRef,
    pub(crate) state: ConversationState,
    pub(crate) owner: Option<AgentId>,
    /// To be sent with `accept` and `close`.
    pub(crate) epoch: u32,
    pub(crate) opened_at: Millis,
    pub(crate) waiting_since: Millis,
    pub(crate) accepted_at: Option<Millis>,
    pub(crate) closed_at: Option<Millis>,
    pub(crate) last_seq: u32,
    /// The customer's messages the owner has not seen.
    pub(crate) unread: u32,
    pub(crate) last: Option<LastView>,
    /// What may still be sent; absent where the platform does not count.
    pub(crate) reach: Option<ReachView>,
    /// Deleted from the waiting list without an answer.
    pub(crate) dismissed: bool,
    /// Offered to another agent, for those who may read the conversation.
    pub(crate) transfer: Option<TransferView>,
    /// When it closes by itself if nobody writes before.
    pub(crate) closes_at: Option<Millis>,
}

/// An offered transfer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TransferView {
    /// Who offers.
    pub(crate) from: AgentId,
    /// Who may take.
    pub(crate) to: AgentId,
    /// What he should know. Never shown to the customer.
    pub(crate) note: String,
    pub(crate) at: Millis,
    /// When it goes back by itself.
    pub(crate) until: Millis,
}

/// A conversation's last message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LastView {
    pub(crate) at: Millis,
    pub(crate) from: Speaker,
    pub(crate) kind: Kind,
    /// Its beginning.
    pub(crate) text: String,
}

/// A message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct MessageView {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: u32,
    /// When it was stored.
    pub(crate) at: Millis,
    /// The platform's time of an inbound message.
    pub(crate) sent_at: Option<Millis>,
    pub(crate) from: Speaker,
    pub(crate) agent: Option<AgentId>,
    /// Which automatic text it is, if it is one.
    pub(crate) auto: Option<Auto>,
    pub(crate) content: Content,
    pub(crate) client_id: Option<String>,
    /// Absent for what came in.
    pub(crate) delivery: Option<DeliveryView>,
}

/// The way of an outgoing message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DeliveryView {
    pub(crate) state: DeliveryState,
    pub(crate) cause: Option<Cause>,
    /// Why it failed or was not sent, and what to do.
    pub(crate) reason: Option<String>,
    /// Why the desk did not send it, where the state says that.
    pub(crate) suppressed: Option<Suppression>,
    /// What shows that it was taken: the platform's id of it, what it said, or how the message left.
    pub(crate) proof: Option<String>,
    pub(crate) at: Millis,
}

/// Everything the desk shows at first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeskView {
    /// The last event contained in this picture.
    pub(crate) event: u64,
    pub(crate) shop: DeskShop,
    /// One's role in this shop.
    pub(crate) role: Role,
    pub(crate) me: DeskMe,
    pub(crate) agents: Vec<AgentView>,
    /// All that waits, what this agent holds, and what he is offered.
    pub(crate) conversations: Vec<ConversationView>,
    pub(crate) channels: Vec<ChannelView>,
}

/// The shop of a desk, with what consoles need of its settings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeskShop {
    pub(crate) id: ShopId,
    pub(crate) name: String,
    /// IANA name of the time zone in which its days begin.
    pub(crate) zone: String,
    /// How long an agent without an open page still counts as online.
    pub(crate) away_seconds: u32,
    /// How long an offered transfer stays open.
    pub(crate) transfer_seconds: u32,
    /// How many of a platform's last answers automatic texts leave to the agent.
    pub(crate) reserve: u32,
}

/// What all agents hold together.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LoadView {
    pub(crate) agents: Vec<AgentLoad>,
    /// Customers who wait.
    pub(crate) waiting: u32,
}

/// What one agent holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AgentLoad {
    pub(crate) agent: AgentId,
    /// Customers held.
    pub(crate) active: u32,
    /// Those the asker may read.
    pub(crate) customers: Vec<HeldCustomer>,
}

/// A customer somebody holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HeldCustomer {
    pub(crate) conversation: ConversationId,
    pub(crate) customer: CustomerView,
}

/// Conversations, in no particular order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConversationsView {
    pub(crate) conversations: Vec<ConversationView>,
}

/// A page of a thread.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MessagesView {
    /// Oldest first.
    pub(crate) messages: Vec<MessageView>,
    /// Whether there are more in the direction asked for; with `around`, older ones.
    pub(crate) more: bool,
    /// With `around`: whether there are newer ones.
    pub(crate) newer: bool,
    /// The thread's channel.
    pub(crate) channel: ChannelId,
}

/// A page of a customer's records.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordsView {
    /// Oldest first. May be few, or none, while there is a `next`: a request reads a bounded number of messages.
    pub(crate) messages: Vec<RecordView>,
    /// Whether older ones have not been looked at yet.
    pub(crate) more: bool,
    /// `before` of the next page.
    pub(crate) next: Option<Cursor>,
}

/// A message of the records. `conversation` and `seq` make the cursor to jump to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordView {
    #[serde(flatten)]
    pub(crate) message: MessageView,
    pub(crate) channel: ChannelId,
}

/// An entry of the shop.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EntryView {
    #[serde(flatten)]
    pub(crate) channel: ChannelRef,
    /// Customers may come in.
    pub(crate) on: bool,
}

/// A refusal.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(dead_code)] // described for the OpenAPI document; written by `reply::refusal`
pub(crate) struct ErrorView {
    /// Stable code.
    pub(crate) code: String,
    /// What happened and what to do next, in the language asked for.
    pub(crate) message: String,
    /// The same by field, where fields are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<BTreeMap<String, String>>,
    /// Seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
}

/// One frame of the console's WebSocket, server to client.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // written once and dropped
pub(crate) enum Frame {
    /// First; `event` is the last event so far.
    Hello { event: u64 },
    /// What was missed cannot be told any more: load the desk again.
    Reset { event: u64 },
    /// Something happened.
    Event {
        n: u64,
        #[serde(flatten)]
        what: EventView,
    },
    /// Nothing up to `n` is missing.
    Tick { n: u64 },
    /// The session has ended.
    Bye { code: String },
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // written once and dropped
pub(crate) enum EventView {
    Conversation {
        conversation: ConversationView,
    },
    Message {
        message: MessageView,
    },
    Agent {
        agent: AgentView,
    },
    Channel {
        channel: ChannelStatus,
    },
    /// An offer has ended without being taken. For those it concerns.
    Returned {
        conversation: ConversationId,
        from: AgentId,
        to: AgentId,
        reason: ReturnReason,
    },
    /// A broadcast is different, or has come further; a few times a second at most.
    Broadcast {
        broadcast: Box<BroadcastView>,
    },
    /// Something beside the desk is different: whoever shows it asks again.
    Changed {
        topic: Topic,
    },
}

/// How a channel is doing now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ChannelStatus {
    pub(crate) id: ChannelId,
    pub(crate) status: StatusView,
}

/// A stored file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MediaView {
    /// Its id; the bytes are at `/m/{id}`.
    pub(crate) id: String,
    pub(crate) mime: String,
    pub(crate) size: u64,
    pub(crate) name: Option<String>,
}
