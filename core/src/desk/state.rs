//! The live state of a desk. It is nothing but an index over stored records: [`Desk::apply`] is the one way
//! in, used by decisions and by the rebuilding at start alike, so that the two cannot differ.
use super::change::Change;
use super::timers::Due;
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, Millis, ShopId};
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
    /// What each agent is offered.
    pub(super) offered: BTreeMap<AgentId, BTreeSet<ConversationId>>,
    /// What happens by itself, the next first.
    pub(super) due: BTreeSet<(Millis, Due)>,
    /// The same by what it is.
    pub(super) due_at: BTreeMap<Due, Millis>,
    /// The open conversation of an address.
    pub(super) talking: HashMap<(ChannelId, String), ConversationId>,
    /// Customers of open conversations.
    pub(super) customers: HashMap<CustomerId, Customer>,
    /// The open conversations of each customer.
    pub(super) theirs: HashMap<CustomerId, BTreeSet<ConversationId>>,
    /// Service tags.
    pub(super) tags: BTreeMap<TagId, Tag>,
    /// A record could not be read in the middle of a decision.
    pub(super) torn: bool,
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
            offered: BTreeMap::new(),
            due: BTreeSet::new(),
            due_at: BTreeMap::new(),
            talking: HashMap::new(),
            customers: HashMap::new(),
            theirs: HashMap::new(),
            tags: BTreeMap::new(),
            torn: false,
        }
    }

    /// Takes one stored record, or one change, into the live state.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Counters(_, counters) => self.counters = *counters,
            Change::Settings(_, settings) => {
                self.settings.clone_from(settings);
                self.schedule_agents();
            }
            Change::Agent(_, agent) => {
                let before = self.agents.insert(agent.agent, agent.clone());
                self.schedule_agent(agent.agent, before.as_ref());
            }
            Change::AgentGone(_, agent) => {
                let before = self.agents.remove(agent);
                self.schedule_agent(*agent, before.as_ref());
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
            | Change::AnnotationGone(..)
            | Change::Deed(..)
            | Change::Served(..)
            | Change::Reach(..)
            | Change::Stuck(..)
            | Change::Unstuck(..)
            | Change::Broadcast(..)
            | Change::BroadcastGone(..)
            | Change::Progress(..)
            | Change::Recipient(..)
            | Change::BroadcastDay(..)
            | Change::Silence(..) => {}
        }
    }

    fn apply_conversation(&mut self, new: &Conversation) {
        if let Some(old) = self.open.remove(&new.id) {
            self.waiting.remove(&(old.ticket, old.id));
            if let Some(owner) = old.owner {
                release(&mut self.held, owner, old.id);
            }
            if let Some(to) = old.offered_to() {
                release(&mut self.offered, to, old.id);
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
            self.schedule_conversation(new.id);
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
        if let Some(to) = new.offered_to() {
            self.offered.entry(to).or_default().insert(new.id);
        }
        self.open.insert(new.id, new.clone());
        self.schedule_conversation(new.id);
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

    /// A decision was refused after it had begun to change the live state, because a record is damaged. Such a
    /// desk has to be read again.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
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

    /// What an agent is offered by others.
    pub fn offered_to(&self, agent: AgentId) -> impl Iterator<Item = &Conversation> {
        self.offered
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

fn release(
    sets: &mut BTreeMap<AgentId, BTreeSet<ConversationId>>,
    agent: AgentId,
    conversation: ConversationId,
) {
    if let Some(set) = sets.get_mut(&agent) {
        set.remove(&conversation);
        if set.is_empty() {
            sets.remove(&agent);
        }
    }
}
