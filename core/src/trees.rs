//! Every tree there is, by name and type. The only place that names them.
use crate::desk::{Change, DedupeKey, Facts, Lookup, Stuck};
use crate::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, Millis, ShopId};
use crate::media;
use crate::records::{
    Agent, Alarm, Annotation, AnnotationId, Begun, BehaviourRecord, Blob, Broadcast, BroadcastState,
    ChannelRecord, Conversation, ConversationState, Counters, Customer, Deed, DeedId, DeliveryState,
    DeskAgent, Identity, MediaMeta, Membership, Message, OutboxEntry, Picture, Progress, QuickBox,
    QuickReply, Reach, Recipient, RecipientState, Seen, Session, Shop, ShopSettings, Silence, Tag, TagId,
};
use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, Error, Key, Tree, Txn, record};

/// A key that says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present;
record!(Present, b"+");

/// A number another tree is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number(
    /// The number.
    pub u32,
);
record!(Number, b"num1");

impl Key for DedupeKey {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.second, self.hash).encode(out);
    }
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (second, hash) = Key::take(bytes)?;
        Some(DedupeKey { second, hash })
    }
}

/// The key of a message that did not get out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StuckKey {
    /// Whose.
    pub shop: ShopId,
    /// Which.
    pub stuck: Stuck,
}

impl From<&Stuck> for StuckKey {
    fn from(stuck: &Stuck) -> Self {
        StuckKey {
            shop: stuck.conversation.shop(),
            stuck: *stuck,
        }
    }
}

impl Key for StuckKey {
    fn encode(&self, out: &mut Vec<u8>) {
        let Stuck {
            state,
            at,
            conversation,
            seq,
        } = self.stuck;
        (self.shop, state as u32, at).encode(out);
        (conversation, seq).encode(out);
    }
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (shop, state, at): (ShopId, u32, Millis) = Key::take(bytes)?;
        let (conversation, seq) = Key::take(bytes)?;
        let state = [
            DeliveryState::Failed,
            DeliveryState::Unknown,
            DeliveryState::Suppressed,
        ]
        .into_iter()
        .find(|known| *known as u32 == state)?;
        let stuck = Stuck {
            state,
            at,
            conversation,
            seq,
        };
        Some(StuckKey { shop, stuck })
    }
}

/// All trees. Clones are cheap.
#[derive(Clone)]
pub struct Trees {
    /// The store itself.
    pub db: Db,
    /// Shops.
    pub shops: Tree<ShopId, Shop>,
    /// What is set for a whole desk.
    pub shop_settings: Tree<ShopId, ShopSettings>,
    /// Next numbers of each shop.
    pub counters: Tree<ShopId, Counters>,
    /// Accounts.
    pub agents: Tree<AgentId, Agent>,
    /// Accounts by login.
    pub logins: Tree<String, Number>,
    /// Who may do what where, by shop.
    pub members: Tree<(ShopId, AgentId), Membership>,
    /// Sessions by agent and the SHA-256 of their token.
    pub sessions: Tree<(AgentId, [u8; 32]), Session>,
    /// Agents at each desk.
    pub desk_agents: Tree<(ShopId, AgentId), DeskAgent>,
    /// Channels.
    pub channels: Tree<ChannelId, ChannelRecord>,
    /// Customers.
    pub customers: Tree<CustomerId, Customer>,
    /// Customers by address.
    pub identities: Tree<(ChannelId, String), Identity>,
    /// Conversations.
    pub conversations: Tree<ConversationId, Conversation>,
    /// Open conversations by shop; all a start has to read.
    pub open: Tree<(ShopId, ConversationId), Present>,
    /// A customer's conversations in order.
    pub histories: Tree<(CustomerId, ConversationId), Present>,
    /// Conversations in which an agent has served a customer.
    pub served: Tree<(CustomerId, AgentId, ConversationId), Present>,
    /// Service tags.
    pub tags: Tree<(ShopId, TagId), Tag>,
    /// Customers by tag, and for a while those of removed tags.
    pub tagged: Tree<(ShopId, TagId, CustomerId), Present>,
    /// Removed tags that still stand in `tagged`.
    pub tags_gone: Tree<(ShopId, TagId), Present>,
    /// The blacklist of each shop, by time.
    pub blacklist: Tree<(ShopId, Millis, CustomerId), Present>,
    /// Annotations of each shop, by time.
    pub annotations: Tree<(ShopId, AnnotationId), Annotation>,
    /// Annotations by customer.
    pub annotated: Tree<(CustomerId, AnnotationId), Present>,
    /// What was done to many at once, by time.
    pub deeds: Tree<(ShopId, DeedId), Deed>,
    /// Messages.
    pub messages: Tree<(ConversationId, u32), Message>,
    /// Behaviours.
    pub behaviours: Tree<(CustomerId, u64), BehaviourRecord>,
    /// First arrivals.
    pub seen: Tree<DedupeKey, Seen>,
    /// Messages on their way out.
    pub outbox: Tree<(ConversationId, u32), OutboxEntry>,
    /// What may still be sent where.
    pub reaches: Tree<(ChannelId, String), Reach>,
    /// Messages that did not get out, by state and time: shop, state, time, conversation, sequence number.
    pub stuck: Tree<StuckKey, Present>,
    /// Stored files.
    pub media: Tree<[u8; 16], MediaMeta>,
    /// Their bytes, in pieces.
    pub media_pieces: Tree<([u8; 16], u32), Blob>,
    /// Files whose storing has begun and not ended.
    pub media_begun: Tree<[u8; 16], Begun>,
    /// Files that are pictures of agents and nothing else.
    pub pictures: Tree<[u8; 16], Picture>,
    /// Plugins' own values.
    pub plugin_values: Tree<(ChannelId, String), Blob>,
    /// Orders of the boxes of quick replies; agent 0 is the shop itself.
    pub quick_boxes: Tree<(ShopId, AgentId), QuickBox>,
    /// Quick replies by box and number.
    pub quick_replies: Tree<(ShopId, AgentId, u32), QuickReply>,
    /// Plugins' timers.
    pub alarms: Tree<(ChannelId, String), Alarm>,
    /// Broadcasts.
    pub broadcasts: Tree<BroadcastId, Broadcast>,
    /// Broadcasts that something will happen to; all a start has to look after.
    pub broadcasts_live: Tree<BroadcastId, Present>,
    /// Broadcasts by who made them and the console's id.
    pub broadcast_clients: Tree<(ShopId, AgentId, String), Number>,
    /// How far each has come.
    pub broadcast_progress: Tree<BroadcastId, Progress>,
    /// Their lists.
    pub recipients: Tree<(BroadcastId, u32), Recipient>,
    /// Places on a list by state, without those nobody has looked at and those being sent.
    pub recipient_states: Tree<(BroadcastId, u8, u32), Present>,
    /// Places that are being sent; after a crash nobody knows what became of them.
    pub recipients_sending: Tree<(BroadcastId, u32), Present>,
    /// Broadcasts each customer has got, by day of the shop.
    pub broadcast_days: Tree<(ShopId, u32, CustomerId), Number>,
    /// Hours of silence.
    pub silences: Tree<ShopId, Silence>,
}

impl Trees {
    /// Opens all trees.
    pub fn open(db: &Db) -> Result<Self, Error> {
        Ok(Trees {
            db: db.clone(),
            shops: db.tree("shops")?,
            shop_settings: db.tree("shop_settings")?,
            counters: db.tree("counters")?,
            agents: db.tree("agents")?,
            logins: db.tree("logins")?,
            members: db.tree("members")?,
            sessions: db.tree("sessions")?,
            desk_agents: db.tree("desk_agents")?,
            channels: db.tree("channels")?,
            customers: db.tree("customers")?,
            identities: db.tree("identities")?,
            conversations: db.tree("conversations")?,
            open: db.tree("open")?,
            histories: db.tree("histories")?,
            served: db.tree("served")?,
            tags: db.tree("tags")?,
            tagged: db.tree("tagged")?,
            tags_gone: db.tree("tags_gone")?,
            blacklist: db.tree("blacklist")?,
            annotations: db.tree("annotations")?,
            annotated: db.tree("annotated")?,
            deeds: db.tree("deeds")?,
            messages: db.tree("messages")?,
            behaviours: db.tree("behaviours")?,
            seen: db.tree("seen")?,
            outbox: db.tree("outbox")?,
            reaches: db.tree("reaches")?,
            stuck: db.tree("stuck")?,
            media: db.tree("media")?,
            media_pieces: db.tree("media_pieces")?,
            media_begun: db.tree("media_begun")?,
            pictures: db.tree("pictures")?,
            plugin_values: db.tree("plugin_values")?,
            quick_boxes: db.tree("quick_boxes")?,
            quick_replies: db.tree("quick_replies")?,
            alarms: db.tree("alarms")?,
            broadcasts: db.tree("broadcasts")?,
            broadcasts_live: db.tree("broadcasts_live")?,
            broadcast_clients: db.tree("broadcast_clients")?,
            broadcast_progress: db.tree("broadcast_progress")?,
            recipients: db.tree("recipients")?,
            recipient_states: db.tree("recipient_states")?,
            recipients_sending: db.tree("recipients_sending")?,
            broadcast_days: db.tree("broadcast_days")?,
            silences: db.tree("silences")?,
        })
    }

    /// Writes one change of a desk into a transaction, with the indexes that hang on it.
    pub fn write(&self, txn: &mut Txn, change: &Change) -> Result<(), Error> {
        match change {
            Change::Counters(shop, counters) => txn.put(&self.counters, shop, counters)?,
            Change::Settings(shop, settings) => txn.put(&self.shop_settings, shop, settings)?,
            Change::Agent(shop, agent) => txn.put(&self.desk_agents, &(*shop, agent.agent), agent)?,
            Change::AgentGone(shop, agent) => txn.delete(&self.desk_agents, &(*shop, *agent)),
            Change::Customer(customer) => txn.put(&self.customers, &customer.id, customer)?,
            Change::Identity(channel, peer, customer) => {
                txn.put(
                    &self.identities,
                    &(*channel, peer.clone()),
                    &Identity { customer: *customer },
                )?;
            }
            Change::Conversation(conversation) => self.write_conversation(txn, conversation)?,
            Change::Message(conversation, seq, message) => {
                media::keep(self, txn, &message.content)?;
                txn.put(&self.messages, &(*conversation, *seq), message)?;
            }
            Change::Behaviour(customer, n, behaviour) => {
                txn.put(&self.behaviours, &(*customer, *n), behaviour)?;
            }
            Change::Seen(key, seen) => txn.put(&self.seen, key, seen)?,
            Change::Outbox(conversation, seq, entry) => {
                txn.put(&self.outbox, &(*conversation, *seq), entry)?;
            }
            Change::OutboxDone(conversation, seq) => txn.delete(&self.outbox, &(*conversation, *seq)),
            Change::Tag(shop, tag) => txn.put(&self.tags, &(*shop, tag.id), tag)?,
            Change::TagGone(shop, tag) => {
                txn.delete(&self.tags, &(*shop, *tag));
                txn.put(&self.tags_gone, &(*shop, *tag), &Present)?;
            }
            Change::Tagged(tag, customer, has) => {
                Self::write_present(txn, &self.tagged, &(customer.shop(), *tag, *customer), *has)?;
            }
            Change::Blacklisted(customer, at, stands) => {
                Self::write_present(txn, &self.blacklist, &(customer.shop(), *at, *customer), *stands)?;
            }
            Change::Annotation(shop, annotation) => {
                txn.put(&self.annotations, &(*shop, annotation.id), annotation)?;
                txn.put(&self.annotated, &(annotation.customer, annotation.id), &Present)?;
            }
            Change::AnnotationGone(shop, customer, id) => {
                txn.delete(&self.annotations, &(*shop, *id));
                txn.delete(&self.annotated, &(*customer, *id));
            }
            Change::Deed(shop, id, deed) => txn.put(&self.deeds, &(*shop, *id), deed)?,
            Change::Served(customer, agent, conversation) => {
                txn.put(&self.served, &(*customer, *agent, *conversation), &Present)?;
            }
            Change::Reach(channel, peer, reach) => {
                txn.put(&self.reaches, &(*channel, peer.clone()), reach)?;
            }
            Change::Stuck(stuck) => txn.put(&self.stuck, &stuck.into(), &Present)?,
            Change::Unstuck(stuck) => txn.delete(&self.stuck, &stuck.into()),
            Change::Broadcast(broadcast) => self.write_broadcast(txn, broadcast)?,
            Change::BroadcastGone(broadcast) => {
                let id = broadcast.id;
                txn.delete(&self.broadcasts, &id);
                txn.delete(&self.broadcast_progress, &id);
                let client = (id.shop(), broadcast.by, broadcast.client_id.clone());
                txn.delete(&self.broadcast_clients, &client);
            }
            Change::Progress(id, progress) => txn.put(&self.broadcast_progress, id, progress)?,
            Change::Recipient(id, n, before, recipient) => {
                self.write_recipient(txn, *id, *n, *before, recipient)?;
            }
            Change::BroadcastDay(day, customer, count) => {
                let key = (customer.shop(), *day, *customer);
                if *count == 0 {
                    txn.delete(&self.broadcast_days, &key);
                } else {
                    txn.put(&self.broadcast_days, &key, &Number(*count))?;
                }
            }
            Change::Silence(shop, silence) => txn.put(&self.silences, shop, silence)?,
        }
        Ok(())
    }

    fn write_present<K: Key>(
        txn: &mut Txn,
        tree: &Tree<K, Present>,
        key: &K,
        present: bool,
    ) -> Result<(), Error> {
        if present {
            return txn.put(tree, key, &Present);
        }
        txn.delete(tree, key);
        Ok(())
    }

    fn write_broadcast(&self, txn: &mut Txn, broadcast: &Broadcast) -> Result<(), Error> {
        let id = broadcast.id;
        if broadcast.state == BroadcastState::Draft && broadcast.revision == 1 {
            let client = (id.shop(), broadcast.by, broadcast.client_id.clone());
            txn.put(&self.broadcast_clients, &client, &Number(id.0 as u32))?;
        }
        Self::write_present(txn, &self.broadcasts_live, &id, broadcast.state.is_live())?;
        txn.put(&self.broadcasts, &id, broadcast)
    }

    fn write_recipient(
        &self,
        txn: &mut Txn,
        id: BroadcastId,
        n: u32,
        before: RecipientState,
        recipient: &Recipient,
    ) -> Result<(), Error> {
        for (state, stands) in [(before, false), (recipient.state, true)] {
            match state {
                RecipientState::Pending => {}
                RecipientState::Sending => {
                    Self::write_present(txn, &self.recipients_sending, &(id, n), stands)?;
                }
                state => Self::write_present(txn, &self.recipient_states, &(id, state as u8, n), stands)?,
            }
        }
        txn.put(&self.recipients, &(id, n), recipient)
    }

    fn write_conversation(&self, txn: &mut Txn, conversation: &Conversation) -> Result<(), Error> {
        let id = conversation.id;
        let open = (id.shop(), id);
        if conversation.state == ConversationState::Closed {
            txn.delete(&self.open, &open);
        } else if conversation.epoch == 1 && conversation.last_seq <= 1 {
            // Its first write, with the customer's first message or, when an agent began it, with none; later ones
            // find the indexes there.
            txn.put(&self.open, &open, &Present)?;
            txn.put(&self.histories, &(conversation.customer, id), &Present)?;
        }
        txn.put(&self.conversations, &id, conversation)
    }

    /// Drops dedupe keys that no repetition can reach any more, at most `limit` of them. Returns how many.
    ///
    /// The time in a key is told by a visitor's clock or is when a conversation began, so it may be old when
    /// the key is young: how long it has been stored decides.
    pub fn forget_seen(&self, now: Millis, limit: usize) -> Result<usize, Error> {
        let end = DedupeKey {
            second: DedupeKey::horizon(now),
            hash: [0; 16],
        };
        let mut txn = self.db.begin();
        let mut count = 0;
        for entry in self.seen.range(..end) {
            let (key, seen) = entry?;
            if DedupeKey::horizon(now) <= DedupeKey::second(seen.at) {
                continue;
            }
            if count == limit {
                break;
            }
            txn.delete(&self.seen, &key);
            count += 1;
        }
        if count > 0 {
            self.db.commit(txn)?;
        }
        Ok(count)
    }

    /// Drops what the index by tag still holds of removed tags, at most `limit` entries. Returns how many.
    pub fn forget_tags(&self, limit: usize) -> Result<usize, Error> {
        let mut txn = self.db.begin();
        let mut count = 0;
        for gone in self.tags_gone.scan(&()) {
            let gone = gone?.0;
            for entry in self.tagged.scan(&gone).take(limit - count) {
                txn.delete(&self.tagged, &entry?.0);
                count += 1;
            }
            if count == limit {
                break;
            }
            txn.delete(&self.tags_gone, &gone);
        }
        if !txn.is_empty() {
            self.db.commit(txn)?;
        }
        Ok(count)
    }
}

/// The stored facts, as they are with the changes of a group that is being made.
pub(crate) struct Grouped<'a> {
    pub(crate) trees: &'a Trees,
    pub(crate) txn: &'a Txn,
}

impl Facts for Grouped<'_> {
    fn seen(&self, key: &DedupeKey) -> Lookup<Seen> {
        self.txn.get(&self.trees.seen, key)
    }
    fn identity(&self, channel: ChannelId, peer: &str) -> Lookup<CustomerId> {
        let found = self
            .txn
            .get(&self.trees.identities, &(channel, peer.to_owned()))?;
        Ok(found.map(|identity| identity.customer))
    }
    fn customer(&self, id: CustomerId) -> Lookup<Customer> {
        self.txn.get(&self.trees.customers, &id)
    }
    fn conversation(&self, id: ConversationId) -> Lookup<Conversation> {
        self.txn.get(&self.trees.conversations, &id)
    }
    fn message(&self, conversation: ConversationId, seq: u32) -> Lookup<Message> {
        self.txn.get(&self.trees.messages, &(conversation, seq))
    }
    fn annotation(&self, shop: ShopId, id: AnnotationId) -> Lookup<Annotation> {
        self.txn.get(&self.trees.annotations, &(shop, id))
    }
    fn reach(&self, channel: ChannelId, peer: &str) -> Lookup<Reach> {
        self.txn.get(&self.trees.reaches, &(channel, peer.to_owned()))
    }
    fn account(&self, agent: AgentId) -> Lookup<Agent> {
        // Not a desk's to write: what is stored is what is so.
        self.trees.agents.get(&agent)
    }
    fn broadcast(&self, id: BroadcastId) -> Lookup<Broadcast> {
        self.txn.get(&self.trees.broadcasts, &id)
    }
    fn broadcast_of(&self, shop: ShopId, agent: AgentId, client_id: &str) -> Lookup<BroadcastId> {
        let key = (shop, agent, client_id.to_owned());
        let found = self.txn.get(&self.trees.broadcast_clients, &key)?;
        Ok(found.map(|Number(n)| BroadcastId::of(shop, n.into())))
    }
    fn progress(&self, id: BroadcastId) -> Lookup<Progress> {
        self.txn.get(&self.trees.broadcast_progress, &id)
    }
    fn recipient(&self, id: BroadcastId, n: u32) -> Lookup<Recipient> {
        self.txn.get(&self.trees.recipients, &(id, n))
    }
    fn broadcasts_on(&self, shop: ShopId, day: u32, customer: CustomerId) -> Result<u32, Error> {
        let count = self.txn.get(&self.trees.broadcast_days, &(shop, day, customer))?;
        Ok(count.map_or(0, |Number(count)| count))
    }
}
