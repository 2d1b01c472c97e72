//! What the console sees of many customers.
use super::{BehaviourView, ChannelRef, CustomerView};
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, Millis};
use weikefu_core::records::{ConversationState, Gender};

/// A page of the list of customers, the latest contact first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PeopleView {
    pub(crate) rows: Vec<PersonView>,
    /// `after` of the next page; absent on the last one.
    pub(crate) next: Option<String>,
}

/// A customer in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PersonView {
    #[serde(flatten)]
    pub(crate) customer: CustomerView,
    pub(crate) gender: Gender,
    pub(crate) phone: Option<String>,
    /// Channels the customer is known on.
    pub(crate) channels: Vec<ChannelRef>,
    /// The beginning of a conversation, a message of either side, a behaviour.
    pub(crate) last_contact: Millis,
    /// Who served last.
    pub(crate) last_agent: Option<AgentId>,
    pub(crate) last_agent_name: Option<String>,
    pub(crate) contact: ContactView,
    /// The open conversation; the first of several.
    pub(crate) open: Option<OpenView>,
}

/// Whether a customer can be written to now. Counted here, not told by the platform.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContactView {
    pub(crate) possible: bool,
    /// Where.
    pub(crate) channel: Option<ChannelId>,
    /// Until when; absent where nobody counts.
    pub(crate) until: Option<Millis>,
    /// Messages that can be sent; absent where nobody counts.
    pub(crate) left: Option<u32>,
    /// Why not, as the code of the refusal one would get.
    pub(crate) code: Option<String>,
    /// The same in the reader's language.
    pub(crate) reason: Option<String>,
}

/// An open conversation, as the list of customers shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OpenView {
    pub(crate) conversation: ConversationId,
    pub(crate) state: ConversationState,
    /// Who holds it; nobody while it waits.
    pub(crate) owner: Option<AgentId>,
    pub(crate) owner_name: Option<String>,
}

/// A number of customers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CountView {
    pub(crate) count: usize,
}

/// A page of a customer's behaviours.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BehavioursView {
    /// Newest first.
    pub(crate) rows: Vec<BehaviourView>,
    /// `before` of the next page; absent on the last one.
    pub(crate) next: Option<String>,
}
