//! One decision in the making: the live state, the changes so far, the events and effects they cause.
use super::change::Change;
use super::command::Reply;
use super::facts::Facts;
use super::news;
use super::state::Desk;
use crate::error::Refusal;
use crate::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, Millis};
use crate::records::{Broadcast, Conversation, Customer, DeskAgent, Message, Progress, Reach, Transfer};
use crate::rights::Holding;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that happened, numbered within its shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number, without gaps.
    pub n: u64,
    /// What happened.
    pub what: Happening,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // most are of the large kind
pub enum Happening {
    /// A conversation is new or different.
    Conversation {
        /// As it is now.
        conversation: Conversation,
        /// Whose it is.
        customer: Customer,
        /// It is new, changed hands or the offer of it has changed. Otherwise it concerns only those who may read it.
        moved: bool,
    },
    /// A message is new or different.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Its sequence number.
        seq: u32,
        /// As it is now.
        message: Message,
        /// Who holds the conversation; decides who may see this.
        held: Holding,
    },
    /// An offer has ended without being taken. For those it concerns only.
    Returned {
        /// Which conversation.
        conversation: ConversationId,
        /// What was offered.
        offer: Transfer,
        /// Who holds the conversation.
        owner: Option<AgentId>,
        /// Why.
        reason: ReturnReason,
    },
    /// A channel is doing well or badly.
    Channel {
        /// Which.
        channel: ChannelId,
        /// Well.
        healthy: bool,
        /// Why not, and what to do.
        text: weikefu_channel::Words,
    },
    /// An agent is different.
    Agent {
        /// As he is now.
        agent: DeskAgent,
        /// Customers he holds.
        load: u32,
    },
    /// A broadcast is different, or has come further. For those who may broadcast.
    Broadcast {
        /// As it is now.
        broadcast: Broadcast,
        /// How far it has come.
        progress: Progress,
    },
    /// Something that is not part of the desk's picture is different: whoever shows it asks again.
    Changed(Topic),
}

/// What [`Happening::Changed`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Quick replies.
    QuickReplies,
    /// Service tags.
    Tags,
    /// Settings of the shop or of an agent.
    Settings,
    /// Channels and their entries.
    Channels,
    /// Agents of the shop.
    Agents,
    /// Annotations on customers.
    Annotations,
    /// The blacklist.
    Blacklist,
    /// Customers, many of them at once.
    Customers,
    /// Drafts of broadcasts.
    Broadcasts,
}

/// Why an offer went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// The receiver did not want it.
    Declined,
    /// Nobody took it in time.
    Timeout,
    /// The receiver is not online any more.
    Offline,
    /// The sender took it back, or offered it to somebody else.
    Cancelled,
}

/// Something to do after the changes are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A message wants to be carried.
    Carry {
        /// By which channel.
        channel: ChannelId,
        /// Where it stands.
        conversation: ConversationId,
        /// Which message.
        seq: u32,
    },
    /// A message is leaving in the answer to an arrival; should it never be heard of again, its fate is unknown.
    Await {
        /// Where it stands.
        conversation: ConversationId,
        /// Which message.
        seq: u32,
    },
    /// A broadcast wants to be looked after.
    Broadcast(BroadcastId),
    /// The customer's service has changed.
    Notify {
        /// By which channel.
        channel: ChannelId,
        /// The customer's address.
        peer: String,
        /// Who serves them now; `None` while waiting or when nothing is open.
        agent: Option<AgentId>,
        /// Whether they wait.
        waiting: bool,
    },
}

/// A decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub reply: Reply,
    /// What to write.
    pub changes: Vec<Change>,
    /// What to tell.
    pub events: Vec<Event>,
    /// What to do then.
    pub effects: Vec<Effect>,
}

/// A decision in the making. Nothing may be refused once something has been put: check first, then put.
pub(super) struct Work<'a, F> {
    pub(super) desk: &'a mut Desk,
    pub(super) facts: &'a F,
    pub(super) now: Millis,
    changes: Vec<Change>,
    /// Not yet numbered.
    news: Vec<Happening>,
    effects: Vec<Effect>,
    /// The arrival being decided can be answered with a text.
    pub(super) passive: Option<super::automatic::Slot>,
}

impl<'a, F: Facts> Work<'a, F> {
    pub(super) fn new(desk: &'a mut Desk, facts: &'a F, now: Millis) -> Self {
        Work {
            desk,
            facts,
            now,
            changes: Vec::new(),
            news: Vec::new(),
            effects: Vec::new(),
            passive: None,
        }
    }

    pub(super) fn finish(mut self, reply: Reply) -> Outcome {
        let events = self.numbered();
        if !self.changes.is_empty() || !events.is_empty() {
            self.changes
                .push(Change::Counters(self.desk.shop, self.desk.counters));
        }
        Outcome {
            reply,
            changes: self.changes,
            events,
            effects: self.effects,
        }
    }

    /// Whether anything has been put.
    pub(super) fn has_begun(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Writes a record and takes it into the live state.
    pub(super) fn put(&mut self, change: Change) {
        self.desk.apply(&change);
        self.changes.push(change);
    }

    /// A number of this shop that is given out once and grows with time.
    pub(super) fn ticket(&mut self) -> u64 {
        let ticket = self.desk.counters.ticket;
        self.desk.counters.ticket += 1;
        ticket
    }

    /// Writes an agent and tells it.
    pub(super) fn put_agent(&mut self, agent: DeskAgent) {
        let shop = self.desk.shop;
        self.put(Change::Agent(shop, agent.clone()));
        self.tell_agent(agent.agent);
    }

    /// Tells an agent's state and load.
    pub(super) fn tell_agent(&mut self, agent: AgentId) {
        if let Some(record) = self.desk.agents.get(&agent) {
            let what = Happening::Agent {
                agent: record.clone(),
                load: self.desk.load(agent),
            };
            self.tell(what);
        }
    }

    /// Writes a conversation and tells it; when it changed hands, the agents' loads and the customer hear too.
    pub(super) fn put_conversation(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let before = self
            .desk
            .open
            .get(&conversation.id)
            .map(|old| (old.state, old.owner));
        let offered = self
            .desk
            .open
            .get(&conversation.id)
            .and_then(Conversation::offered_to);
        let customer = self.customer(conversation.customer)?;
        self.put(Change::Conversation(conversation.clone()));
        let moved = before != Some((conversation.state, conversation.owner));
        if moved {
            if let Some(owner) = conversation.owner {
                self.put(Change::Served(conversation.customer, owner, conversation.id));
            }
            for owner in [before.and_then(|(_, owner)| owner), conversation.owner]
                .into_iter()
                .flatten()
            {
                self.tell_agent(owner);
            }
            self.effects.push(Effect::Notify {
                channel: conversation.channel,
                peer: conversation.peer.clone(),
                agent: conversation.owner,
                waiting: conversation.state == crate::records::ConversationState::Waiting,
            });
        }
        self.tell(Happening::Conversation {
            // Who could have taken it hears that he cannot any more.
            moved: moved || offered != conversation.offered_to(),
            customer,
            conversation,
        });
        Ok(())
    }

    /// Writes a message and tells it.
    pub(super) fn put_message(&mut self, conversation: &Conversation, seq: u32, message: Message) {
        self.put(Change::Message(conversation.id, seq, message.clone()));
        self.tell(Happening::Message {
            conversation: conversation.id,
            seq,
            message,
            held: conversation.into(),
        });
    }

    /// Tells a conversation although it has not changed: what may be sent there has.
    pub(super) fn tell_conversation(&mut self, id: ConversationId) -> Result<(), Refusal> {
        if let Some(conversation) = self.desk.open.get(&id).cloned() {
            let customer = self.customer(conversation.customer)?;
            self.tell(Happening::Conversation {
                conversation,
                customer,
                moved: false,
            });
        }
        Ok(())
    }

    /// The ledger of an address.
    pub(super) fn reach(&self, channel: ChannelId, peer: &str) -> Result<Reach, Refusal> {
        // What this decision has changed already is not in the store yet.
        let changed = self.changes.iter().rev().find_map(|change| match change {
            Change::Reach(of, whose, reach) if *of == channel && whose == peer => Some(reach),
            _ => None,
        });
        match changed {
            Some(reach) => Ok(reach.clone()),
            None => Ok(self.facts.reach(channel, peer)?.unwrap_or_default()),
        }
    }

    /// Writes the ledger of an address.
    pub(super) fn put_reach(&mut self, channel: ChannelId, peer: &str, reach: Reach) {
        self.put(Change::Reach(channel, peer.to_owned(), reach));
    }

    pub(super) fn carry(&mut self, conversation: &Conversation, seq: u32) {
        self.effects.push(Effect::Carry {
            channel: conversation.channel,
            conversation: conversation.id,
            seq,
        });
    }

    /// A customer, from memory or from the store.
    pub(super) fn customer(&self, id: CustomerId) -> Result<Customer, Refusal> {
        match self.desk.customers.get(&id) {
            Some(customer) => Ok(customer.clone()),
            None => self.facts.customer(id)?.ok_or(Refusal::NotFound("customer")),
        }
    }

    pub(super) fn await_outcome(&mut self, conversation: ConversationId, seq: u32) {
        self.effects.push(Effect::Await { conversation, seq });
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn tell(&mut self, what: Happening) {
        self.news.push(what);
    }

    /// Everything that was told, numbered. Each subject once, as it is in the end: nobody outside may see, or has
    /// use for, what lay between. A customer who gets an agent at once never waited on anybody's list.
    fn numbered(&mut self) -> Vec<Event> {
        let news = news::settled(std::mem::take(&mut self.news));
        let counters = &mut self.desk.counters;
        let mut events = Vec::with_capacity(news.len());
        for what in news {
            events.push(Event {
                n: counters.event,
                what,
            });
            counters.event += 1;
        }
        events
    }
}
