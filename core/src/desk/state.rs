//! The live state of a desk. It is nothing but an index over stored records: [`Desk::apply`] is the one way
//! in, used by decisions and by the rebuilding at start alike, so that the two cannot differ.
use super::change::Change;
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, ShopId};
use crate::records::{
    Conversation, ConversationState, Counters, Customer, DeskAgent, ShopSettings, Tag, TagId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The desk of one shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    pub(super) shop: ShopId,
    pub(super) counters: Counters,
    pub(super) settings: ShopSettings,
    pub(super) agents: BTreeMap<AgentId, DeskAgent>,
    /// Waiting and active conversations.
    pub(super) open: HashMap<ConversationId, Conversation>,
    /// The waiting list, first come first served.
    pub(super) waiting: BTreeSet<(u64, ConversationId)>,
    /// What each agent holds.
    pub(super) held: BTreeMap<AgentId, BTreeSet<ConversationId>>,
    /// The open conversation of an address.
    pub(super) talking: HashMap<(ChannelId, String), ConversationId>,
    /// Customers of open conversations.
    pub(super) customers: HashMap<CustomerId, Customer>,
    /// The open conversations of each customer.
    pub(super) theirs: HashMap<CustomerId, BTreeSet<ConversationId>>,
    /// Service tags.
    pub(super) tags: BTreeMap<TagId, Tag>,
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new(shop: ShopId) -> Self {
        Desk {
            shop,
            counters: Counters::default(),
            settings: ShopSettings::default(),
            agents: BTreeMap::new(),
            open: HashMap::new(),
            waiting: BTreeSet::new(),
            held: BTreeMap::new(),
            talking: HashMap::new(),
            customers: HashMap::new(),
            theirs: HashMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Takes one stored record, or one change, into the live state.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Counters(_, counters) => self.counters = *counters,
            Change::Settings(_, settings) => self.settings.clone_from(settings),
            Change::Agent(_, agent) => {
                self.agents.insert(agent.agent, agent.clone());
            }
            Change::AgentGone(_, agent) => {
                self.agents.remove(agent);
            }
            Change::Customer(customer) => {
                if let Some(known) = self.customers.get_mut(&customer.id) {
                    known.clone_from(customer);
                }
            }
            Change::Conversation(conversation) => self.apply_conversation(conversation),
            Change::Tag(_, tag) => {
                self.tags.insert(tag.id, tag.clone());
            }
            Change::TagGone(_, tag) => {
                self.tags.remove(tag);
            }
            Change::Identity(..)
            | Change::Message(..)
            | Change::Behaviour(..)
            | Change::Seen(..)
            | Change::Outbox(..)
            | Change::OutboxDone(..)
            | Change::Tagged(..)
            | Change::Blacklisted(..)
            | Change::Annotation(..)
            | Change::Served(..)
            | Change::Reach(..)
            | Change::Stuck(..)
            | Change::Unstuck(..) => {}
        }
    }

    fn apply_conversation(&mut self, new: &Conversation) {
        if let Some(old) = self.open.remove(&new.id) {
            self.waiting.remove(&(old.ticket, old.id));
            if let Some(owner) = old.owner {
                self.release(owner, old.id);
            }
        }
        let address = (new.channel, new.peer.clone());
        if new.state == ConversationState::Closed {
            self.talking.remove(&address);
            let theirs = self.theirs.entry(new.customer).or_default();
            theirs.remove(&new.id);
            if theirs.is_empty() {
                self.theirs.remove(&new.customer);
                self.customers.remove(&new.customer);
            }
            return;
        }
        match (new.state, new.owner) {
            (ConversationState::Active, Some(owner)) => {
                self.held.entry(owner).or_default().insert(new.id);
            }
            _ => {
                self.waiting.insert((new.ticket, new.id));
            }
        }
        self.talking.insert(address, new.id);
        self.theirs.entry(new.customer).or_default().insert(new.id);
        self.open.insert(new.id, new.clone());
    }

    fn release(&mut self, owner: AgentId, conversation: ConversationId) {
        if let Some(set) = self.held.get_mut(&owner) {
            set.remove(&conversation);
            if set.is_empty() {
                self.held.remove(&owner);
            }
        }
    }

    /// Keeps a customer at hand while one of their conversations is open.
    pub fn remember(&mut self, customer: Customer) {
        self.customers.insert(customer.id, customer);
    }

    /// The shop.
    #[must_use]
    pub fn shop(&self) -> ShopId {
        self.shop
    }

    /// The number of the last event.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.counters.event - 1
    }

    /// What is set for the whole desk.
    #[must_use]
    pub fn settings(&self) -> &ShopSettings {
        &self.settings
    }

    /// Somebody at this desk.
    #[must_use]
    pub fn agent(&self, agent: AgentId) -> Option<&DeskAgent> {
        self.agents.get(&agent)
    }

    /// Everybody at this desk.
    pub fn agents(&self) -> impl Iterator<Item = &DeskAgent> {
        self.agents.values()
    }

    /// How many customers an agent holds.
    #[must_use]
    pub fn load(&self, agent: AgentId) -> u32 {
        self.held.get(&agent).map_or(0, |set| set.len() as u32)
    }

    /// The waiting list in its order.
    pub fn waiting(&self) -> impl Iterator<Item = &Conversation> {
        self.waiting.iter().filter_map(|(_, id)| self.open.get(id))
    }

    /// What an agent holds.
    pub fn held_by(&self, agent: AgentId) -> impl Iterator<Item = &Conversation> {
        self.held
            .get(&agent)
            .into_iter()
            .flatten()
            .filter_map(|id| self.open.get(id))
    }

    /// An open conversation.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.open.get(&id)
    }

    /// The open conversation of an address on a channel.
    #[must_use]
    pub fn conversation_with(&self, channel: ChannelId, peer: &str) -> Option<&Conversation> {
        // The key owns its text; one short allocation is cheaper than a second index.
        self.open.get(self.talking.get(&(channel, peer.to_owned()))?)
    }

    /// A customer with an open conversation.
    #[must_use]
    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        self.customers.get(&id)
    }

    /// Service tags, oldest first.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.values()
    }

    /// The open conversations of a customer.
    pub fn open_of(&self, customer: CustomerId) -> impl Iterator<Item = &Conversation> {
        self.theirs
            .get(&customer)
            .into_iter()
            .flatten()
            .filter_map(|id| self.open.get(id))
    }

    /// All open conversations, in no order.
    pub fn open(&self) -> impl Iterator<Item = &Conversation> {
        self.open.values()
    }
}
