//! A store in memory: what a decision writes, and what the next one may look up.
use std::collections::{BTreeMap, BTreeSet};
use weikefu_core::desk::{Change, DedupeKey, Desk, Facts, Lookup, Stuck};
use weikefu_core::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, ShopId};
use weikefu_core::records::{
    Agent, Annotation, AnnotationId, Author, BehaviourRecord, Broadcast, Conversation, ConversationState,
    Counters, Customer, DeskAgent, Message, OutboxEntry, Progress, Reach, Recipient, RecipientState, Seen,
    ShopSettings, Tag, TagId,
};

pub(crate) const SHOP: ShopId = ShopId(7);

#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    counters: Option<Counters>,
    pub(crate) settings: Option<ShopSettings>,
    pub(crate) agents: BTreeMap<AgentId, DeskAgent>,
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    identities: BTreeMap<(ChannelId, String), CustomerId>,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    pub(crate) messages: BTreeMap<(ConversationId, u32), Message>,
    pub(crate) behaviours: BTreeMap<(CustomerId, u64), BehaviourRecord>,
    seen: BTreeMap<DedupeKey, Seen>,
    pub(crate) outbox: BTreeMap<(ConversationId, u32), OutboxEntry>,
    pub(crate) tags: BTreeMap<TagId, Tag>,
    pub(crate) tags_gone: BTreeSet<TagId>,
    pub(crate) tagged: BTreeSet<(TagId, CustomerId)>,
    pub(crate) blacklist: BTreeSet<(i64, CustomerId)>,
    pub(crate) annotations: BTreeMap<AnnotationId, Annotation>,
    pub(crate) served: BTreeSet<(CustomerId, AgentId, ConversationId)>,
    pub(crate) reaches: BTreeMap<(ChannelId, String), Reach>,
    pub(crate) stuck: BTreeSet<Stuck>,
    pub(crate) broadcasts: BTreeMap<BroadcastId, Broadcast>,
    pub(crate) progress: BTreeMap<BroadcastId, Progress>,
    pub(crate) recipients: BTreeMap<(BroadcastId, u32), Recipient>,
    pub(crate) days: BTreeMap<(u32, CustomerId), u32>,
}

impl Memory {
    pub(crate) fn write(&mut self, change: &Change) {
        match change.clone() {
            Change::Counters(shop, counters) => {
                assert_eq!(shop, SHOP);
                self.counters = Some(counters);
            }
            Change::Settings(_, settings) => self.settings = Some(settings),
            Change::Agent(_, agent) => drop(self.agents.insert(agent.agent, agent)),
            Change::AgentGone(_, agent) => drop(self.agents.remove(&agent)),
            Change::Customer(customer) => drop(self.customers.insert(customer.id, customer)),
            Change::Identity(channel, peer, customer) => {
                let before = self.identities.insert((channel, peer), customer);
                assert_eq!(before, None, "an address has one customer for good");
            }
            Change::Conversation(conversation) => {
                drop(self.conversations.insert(conversation.id, conversation));
            }
            Change::Message(id, seq, message) => drop(self.messages.insert((id, seq), message)),
            Change::Behaviour(customer, n, behaviour) => {
                let before = self.behaviours.insert((customer, n), behaviour);
                assert_eq!(before, None, "behaviours have places of their own");
            }
            Change::Seen(key, seen) => {
                let before = self.seen.insert(key, seen);
                assert_eq!(before, None, "a dedupe key is written once");
            }
            Change::Outbox(id, seq, entry) => drop(self.outbox.insert((id, seq), entry)),
            Change::OutboxDone(id, seq) => drop(self.outbox.remove(&(id, seq))),
            Change::Tag(_, tag) => drop(self.tags.insert(tag.id, tag)),
            Change::TagGone(_, tag) => {
                self.tags.remove(&tag);
                self.tags_gone.insert(tag);
            }
            Change::Tagged(tag, customer, has) => keep(&mut self.tagged, (tag, customer), has),
            Change::Blacklisted(customer, at, stands) => keep(&mut self.blacklist, (at, customer), stands),
            Change::Annotation(_, annotation) => drop(self.annotations.insert(annotation.id, annotation)),
            Change::AnnotationGone(_, _, id) => drop(self.annotations.remove(&id)),
            Change::Deed(..) | Change::Silence(..) => {}
            Change::Served(customer, agent, conversation) => {
                self.served.insert((customer, agent, conversation));
            }
            Change::Reach(channel, peer, reach) => drop(self.reaches.insert((channel, peer), reach)),
            Change::Stuck(stuck) => assert!(self.stuck.insert(stuck), "{stuck:?} stands there twice"),
            Change::Unstuck(stuck) => assert!(self.stuck.remove(&stuck), "{stuck:?} stands nowhere"),
            Change::Broadcast(broadcast) => drop(self.broadcasts.insert(broadcast.id, *broadcast)),
            Change::BroadcastGone(broadcast) => drop(self.broadcasts.remove(&broadcast.id)),
            Change::Progress(id, progress) => drop(self.progress.insert(id, progress)),
            Change::Recipient(id, n, before, recipient) => {
                let stood = self.recipients.insert((id, n), *recipient);
                assert_eq!(stood.map_or(RecipientState::Pending, |it| it.state), before);
            }
            Change::BroadcastDay(day, customer, count) => drop(self.days.insert((day, customer), count)),
        }
    }

    /// The live state as a start would make it from what is stored here.
    pub(crate) fn rebuild(&self) -> Desk {
        let mut desk = Desk::new(SHOP);
        if let Some(counters) = self.counters {
            desk.apply(&Change::Counters(SHOP, counters));
        }
        if let Some(settings) = &self.settings {
            desk.apply(&Change::Settings(SHOP, settings.clone()));
        }
        for agent in self.agents.values() {
            desk.apply(&Change::Agent(SHOP, agent.clone()));
        }
        for tag in self.tags.values() {
            desk.apply(&Change::Tag(SHOP, tag.clone()));
        }
        for conversation in self.open() {
            desk.remember(self.customers[&conversation.customer].clone());
            desk.apply(&Change::Conversation(conversation.clone()));
        }
        desk
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &Conversation> {
        self.conversations
            .values()
            .filter(|conversation| conversation.state != ConversationState::Closed)
    }

    pub(crate) fn messages_of(&self, id: ConversationId) -> impl Iterator<Item = (u32, &Message)> {
        self.messages
            .range((id, 0)..=(id, u32::MAX))
            .map(|(&(_, seq), message)| (seq, message))
    }

    pub(crate) fn customer_at(&self, channel: ChannelId, peer: &str) -> Option<&Customer> {
        self.customers
            .get(self.identities.get(&(channel, peer.to_owned()))?)
    }

    pub(crate) fn written_by(&self, wanted: impl Fn(Author) -> bool) -> usize {
        self.messages
            .values()
            .filter(|message| wanted(message.author))
            .count()
    }
}

fn keep<T: Ord>(set: &mut BTreeSet<T>, key: T, keep: bool) {
    if keep {
        set.insert(key);
    } else {
        set.remove(&key);
    }
}

impl Facts for Memory {
    fn seen(&self, key: &DedupeKey) -> Lookup<Seen> {
        Ok(self.seen.get(key).copied())
    }
    fn identity(&self, channel: ChannelId, peer: &str) -> Lookup<CustomerId> {
        Ok(self.identities.get(&(channel, peer.to_owned())).copied())
    }
    fn customer(&self, id: CustomerId) -> Lookup<Customer> {
        Ok(self.customers.get(&id).cloned())
    }
    fn conversation(&self, id: ConversationId) -> Lookup<Conversation> {
        Ok(self.conversations.get(&id).cloned())
    }
    fn message(&self, id: ConversationId, seq: u32) -> Lookup<Message> {
        Ok(self.messages.get(&(id, seq)).cloned())
    }
    fn annotation(&self, _shop: ShopId, id: AnnotationId) -> Lookup<Annotation> {
        Ok(self.annotations.get(&id).cloned())
    }
    fn account(&self, _: AgentId) -> Lookup<Agent> {
        Ok(None)
    }
    fn reach(&self, channel: ChannelId, peer: &str) -> Lookup<Reach> {
        Ok(self.reaches.get(&(channel, peer.to_owned())).cloned())
    }
    fn broadcast(&self, id: BroadcastId) -> Lookup<Broadcast> {
        Ok(self.broadcasts.get(&id).cloned())
    }
    fn broadcast_of(&self, _shop: ShopId, agent: AgentId, client_id: &str) -> Lookup<BroadcastId> {
        let mut all = self.broadcasts.values();
        let found = all.find(|it| it.by == agent && it.client_id == client_id);
        Ok(found.map(|it| it.id))
    }
    fn progress(&self, id: BroadcastId) -> Lookup<Progress> {
        Ok(self.progress.get(&id).cloned())
    }
    fn recipient(&self, id: BroadcastId, n: u32) -> Lookup<Recipient> {
        Ok(self.recipients.get(&(id, n)).cloned())
    }
    fn broadcasts_on(
        &self,
        _shop: ShopId,
        day: u32,
        customer: CustomerId,
    ) -> Result<u32, weikefu_storage::Error> {
        Ok(self.days.get(&(day, customer)).copied().unwrap_or_default())
    }
}
