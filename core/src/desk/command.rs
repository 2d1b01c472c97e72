//! What can be asked of a desk, and what it answers.
use super::bulk::{BulkCommand, Slice};
use super::casting::BroadcastCommand;
use super::contact::Address;
use super::customers::CustomerCommand;
use super::work::Topic;
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, Millis};
use crate::records::{
    Annotation, AutoClose, Broadcast, Conversation, Customer, DeskAgent, Message, OfflineText, Progress,
    ShopSettings, Tag,
};
use weikefu_channel::{Cause, Content, Inbound, Stored, Words};

/// A command. Rights have been checked before; bounds are checked by the desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A customer wrote or did something.
    Receive {
        /// On which channel.
        channel: ChannelId,
        /// What.
        inbound: Inbound,
        /// What the channel's platform allows after what.
        rules: super::reach::Rules,
    },
    /// The file of a message received before has arrived.
    Amend {
        /// On which channel.
        channel: ChannelId,
        /// As in [`Inbound::peer`].
        peer: String,
        /// As in [`Inbound::dedupe`].
        dedupe: String,
        /// As in [`Inbound::sent_at`].
        sent_at: Millis,
        /// What the message says now.
        content: Content,
    },
    /// An agent joined the shop; nothing happens to one who is there already.
    Join {
        /// Who.
        agent: AgentId,
    },
    /// An agent's nickname or picture has changed: everybody is told.
    Refresh {
        /// Who.
        agent: AgentId,
    },
    /// An agent left the shop: what he held waits again, at the head of the list.
    Leave {
        /// Who.
        agent: AgentId,
    },
    /// An agent's account is disabled: he is offline, what he held waits again, his settings stay.
    Suspend {
        /// Who.
        agent: AgentId,
    },
    /// 在线 / 离线
    SetOnline {
        /// Who.
        agent: AgentId,
        /// Which.
        online: bool,
    },
    /// An agent's first page has opened, or the last one has gone.
    SetPage {
        /// Whose.
        agent: AgentId,
        /// Which.
        open: bool,
    },
    /// The server has started: everybody has to open a page again.
    Started,
    /// Something may be due by now.
    Tick,
    /// Settings of one agent (A5.1, A5.2, A5.3).
    Configure {
        /// Whose.
        agent: AgentId,
        /// What he wants.
        settings: AgentSettings,
    },
    /// Settings of the whole desk (A5.4 and the times).
    ConfigureShop {
        /// What the administrator wants.
        settings: ShopSettings,
    },
    /// 接入
    Accept {
        /// By whom.
        agent: AgentId,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// 联系TA: the agent's open conversation with a customer, one that waits, or a new one.
    Contact {
        /// By whom.
        agent: AgentId,
        /// With whom.
        customer: CustomerId,
        /// Where the customer may be written to, the best first; at most 50.
        addresses: Vec<Address>,
    },
    /// Deletes a waiting conversation without an answer (A2.4).
    Dismiss {
        /// By whom.
        agent: AgentId,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// Offers a conversation to another agent (A2.10).
    Offer {
        /// By whom.
        agent: AgentId,
        /// May also offer what another agent holds.
        senior: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
        /// To whom.
        to: AgentId,
        /// What he should know.
        note: String,
    },
    /// Takes what was offered.
    Take {
        /// By whom.
        agent: AgentId,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// Does not take what was offered.
    Decline {
        /// By whom.
        agent: AgentId,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// Takes an offer back.
    Withdraw {
        /// By whom.
        agent: AgentId,
        /// May also take back what others offered.
        senior: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// Ends a conversation.
    Close {
        /// By whom.
        agent: AgentId,
        /// May also close what another agent holds.
        senior: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// The epoch the agent saw.
        epoch: u32,
    },
    /// The owner has seen everything up to `seq`.
    Read {
        /// Who.
        agent: AgentId,
        /// Which conversation.
        conversation: ConversationId,
        /// Up to which message.
        seq: u32,
    },
    /// An agent writes.
    Send {
        /// Who.
        agent: AgentId,
        /// Where.
        conversation: ConversationId,
        /// The console's id of the message: the same id is the same message.
        client_id: String,
        /// What.
        content: Content,
        /// Although the platform seems to take none any more.
        force: bool,
    },
    /// Sends a failed or unknown message again, because an agent decided so.
    Retry {
        /// Who.
        agent: AgentId,
        /// Where.
        conversation: ConversationId,
        /// Which message.
        seq: u32,
        /// Although the platform seems to take none any more.
        force: bool,
    },
    /// A message is being handed to its channel.
    Delivering {
        /// Where.
        conversation: ConversationId,
        /// Which message.
        seq: u32,
    },
    /// The channel has answered.
    Delivered {
        /// Where.
        conversation: ConversationId,
        /// Which message.
        seq: u32,
        /// How it went.
        result: DeliveryResult,
    },
    /// A channel says how it is doing.
    Announce {
        /// Which.
        channel: ChannelId,
        /// Well.
        healthy: bool,
        /// Why not, and what to do.
        text: Words,
    },
    /// Something about a customer, or the shop's service tags.
    Customer(CustomerCommand),
    /// A slice of something that is done to many.
    Bulk(BulkCommand),
    /// Something about broadcasts.
    Broadcast(BroadcastCommand),
    /// Something that is not part of the desk's picture has changed; everybody is told.
    Changed(Topic),
}

/// What an agent sets for himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// Automatic acceptance on.
    pub auto: bool,
    /// Up to how many customers.
    pub limit: u32,
    /// Sent on acceptance; empty means nothing.
    pub greeting: String,
    /// Closing of idle conversations.
    pub close: AutoClose,
    /// What customers hear while he is offline.
    pub offline: OfflineText,
}

impl AgentSettings {
    /// Automatic acceptance as wanted, nothing else.
    #[must_use]
    pub fn accepting(auto: bool, limit: u32, greeting: &str) -> Self {
        AgentSettings {
            auto,
            limit,
            greeting: greeting.to_owned(),
            close: AutoClose::default(),
            offline: OfflineText::default(),
        }
    }

    /// What an agent has set.
    #[must_use]
    pub fn of(agent: &DeskAgent) -> Self {
        AgentSettings {
            auto: agent.auto,
            limit: agent.limit,
            greeting: agent.greeting.clone(),
            close: agent.close.clone(),
            offline: agent.offline.clone(),
        }
    }
}

/// How the handing over of a message went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The platform took it.
    Accepted {
        /// The platform's id of it.
        upstream: Option<String>,
        /// What shows that it did.
        proof: Option<String>,
    },
    /// It did not take it.
    Failed {
        /// Why, as the desk acts on it.
        cause: Cause,
        /// Why, as a person reads it.
        reason: Words,
    },
    /// Nobody knows.
    Unknown {
        /// What happened, as a person reads it.
        reason: Words,
    },
    /// It will be tried again after a while.
    Queued,
}

/// What a desk answers.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // short-lived, one per command
pub enum Reply {
    /// Where an inbound message lies.
    Stored(Stored),
    /// A conversation as it is now.
    Conversation(Conversation),
    /// A message as it is now.
    Message(ConversationId, u32, Message),
    /// An agent as he is now.
    Agent(DeskAgent),
    /// A customer as they are now.
    Customer(Customer),
    /// A service tag as it is now.
    Tag(Tag),
    /// An annotation as it is now.
    Annotation(Annotation),
    /// How a slice went.
    Slice(Slice),
    /// A broadcast as it is now, and how far it has come.
    Broadcast(Broadcast, Progress),
    /// Recipients of a broadcast to be sent to now, with the number of the message.
    Taken(Vec<(u32, u32)>),
    /// The next message of a recipient that is to go at once.
    Next(Option<u32>),
    /// Done.
    Done,
}
