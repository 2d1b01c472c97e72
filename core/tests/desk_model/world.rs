//! A desk, its store, and what a careful witness would remember of both.
use crate::invariants;
use crate::memory::{Memory, SHOP};
use crate::script::{Epoch, Place, Step, Which, Who};
use proptest::sample::Index;
use std::collections::BTreeMap;
use weikefu_channel::{
    Action, Behaviour, Content, Cursor, Inbound, Profile, ReplyRule, Trigger, What, Words,
};
use weikefu_core::desk::{AgentSettings, Command, Desk, Reply, Rules};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, CustomerId};
use weikefu_core::records::{Author, Conversation, ConversationState, DeliveryState, Message, ShopSettings};

pub(crate) type Answer = Result<Reply, Refusal>;
type Arrival = (ChannelId, String, String);

/// A conversation no script ever gets to.
const MISSING: ConversationId = ConversationId(((SHOP.0 as u64) << 32) + 9999);

pub(crate) struct World {
    pub(crate) desk: Desk,
    pub(crate) memory: Memory,
    pub(crate) now: i64,
    /// Where the first of each arrival was stored, and when.
    pub(crate) arrived: BTreeMap<Arrival, (Option<Cursor>, i64)>,
    /// Where each console's message was stored.
    pub(crate) sent: BTreeMap<(ConversationId, AgentId, String), u32>,
    /// As they were when they were closed.
    closed: BTreeMap<ConversationId, Conversation>,
}

impl World {
    pub(crate) fn new() -> Self {
        World {
            desk: Desk::new(SHOP),
            memory: Memory::default(),
            now: 1_800_000_000_000,
            arrived: BTreeMap::new(),
            sent: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Has a command decided, stores what it causes, and checks everything that must always hold.
    pub(crate) fn run(&mut self, command: Command) -> Answer {
        self.now += 1000;
        let before = self.desk.clone();
        let decided = self.desk.decide(&self.memory, command.clone(), self.now);
        let outcome = match decided {
            Ok(outcome) => outcome,
            Err(refusal) => {
                assert_eq!(
                    self.desk, before,
                    "{command:?} was refused ({refusal}) and changed something"
                );
                return Err(refusal);
            }
        };
        for change in &outcome.changes {
            self.memory.write(change);
        }
        invariants::follow(&before, &self.desk, &command, &outcome.events, self.now);
        invariants::hold(&self.desk, &self.memory);
        self.count();
        Ok(outcome.reply)
    }

    fn count(&mut self) {
        let customers = self.memory.written_by(|author| author == Author::Customer);
        let messages = self.arrived_messages();
        // The newest arrival is noted after its command.
        assert!(
            customers == messages || customers == messages + 1,
            "{customers} of {messages} arrivals"
        );
        let agents = self
            .memory
            .written_by(|author| matches!(author, Author::Agent(_)));
        assert!(agents == self.sent.len() || agents == self.sent.len() + 1);
        for conversation in self.memory.conversations.values() {
            if conversation.state == ConversationState::Closed {
                let first = self
                    .closed
                    .entry(conversation.id)
                    .or_insert_with(|| conversation.clone());
                assert_eq!(first, conversation, "what is closed stays as it is");
            }
        }
    }

    pub(crate) fn arrived_messages(&self) -> usize {
        self.arrived
            .values()
            .filter(|(cursor, _)| cursor.is_some())
            .count()
    }

    pub(crate) fn pick(&self, which: Which) -> ConversationId {
        let waiting: Vec<ConversationId> = self.desk.waiting().map(|c| c.id).collect();
        let open: Vec<ConversationId> = self.memory.open().map(|c| c.id).collect();
        let known: Vec<ConversationId> = self.memory.conversations.keys().copied().collect();
        let (from, index) = match which {
            Which::Waiting(index) => (waiting, index),
            Which::Open(index) => (open, index),
            Which::Offered(index) => {
                let offered = self.memory.open().filter(|c| c.transfer.is_some());
                (offered.map(|c| c.id).collect(), index)
            }
            Which::Known(index) => (known, index),
            Which::Missing => return MISSING,
        };
        if from.is_empty() {
            MISSING
        } else {
            *index.get(&from)
        }
    }

    pub(crate) fn who(&self, who: Who, conversation: ConversationId) -> AgentId {
        match who {
            Who::Agent(agent) => AgentId(agent),
            Who::Receiver => self
                .desk
                .conversation(conversation)
                .and_then(Conversation::offered_to)
                .unwrap_or(AgentId(0)),
            Who::Owner => self
                .desk
                .conversation(conversation)
                .and_then(|conversation| conversation.owner)
                .unwrap_or(AgentId(0)),
        }
    }

    pub(crate) fn epoch(&self, conversation: ConversationId, epoch: Epoch) -> u32 {
        let current = self
            .memory
            .conversations
            .get(&conversation)
            .map_or(1, |c| c.epoch);
        match epoch {
            Epoch::Current => current,
            Epoch::Stale => current.wrapping_sub(1),
        }
    }

    pub(crate) fn place(&self, place: Place) -> (ConversationId, u32) {
        let state = |message: &Message| message.delivery.as_ref().map(|delivery| delivery.state);
        let (index, wanted): (Index, fn(Option<DeliveryState>) -> bool) = match place {
            Place::UnderWay(index) => (index, |state| {
                matches!(state, Some(DeliveryState::Queued | DeliveryState::Sending))
            }),
            Place::Stuck(index) => (index, |state| {
                matches!(state, Some(DeliveryState::Failed | DeliveryState::Unknown))
            }),
            Place::Any(index) => (index, |_| true),
        };
        let places: Vec<(ConversationId, u32)> = self
            .memory
            .messages
            .iter()
            .filter(|(_, message)| wanted(state(message)))
            .map(|(&place, _)| place)
            .collect();
        if places.is_empty() {
            (MISSING, 1)
        } else {
            *index.get(&places)
        }
    }

    pub(crate) fn customer(&self, index: Index) -> CustomerId {
        let customers: Vec<CustomerId> = self.memory.customers.keys().copied().collect();
        if customers.is_empty() {
            CustomerId::of(SHOP, 9999)
        } else {
            *index.get(&customers)
        }
    }

    /// One step of a script.
    #[allow(clippy::too_many_lines)] // one arm a step
    pub(crate) fn step(&mut self, step: Step) {
        use crate::{expect, handing, timed};
        match step {
            Step::Message {
                from,
                id,
                content,
                profile,
            } => expect::message(self, from, id, content, profile),
            Step::Behaviour {
                from,
                id,
                profile,
                action,
            } => expect::behaviour(self, from, id, profile, action),
            Step::Wait(seconds) => self.now += i64::from(seconds) * 1000,
            Step::Amend { from, id, content } => expect::amend(self, from, id, content),
            Step::Join(agent) => expect::join(self, AgentId(agent)),
            Step::Leave(agent) => expect::leave(self, AgentId(agent)),
            Step::Suspend(agent) => expect::suspend(self, AgentId(agent)),
            Step::SetOnline(agent, online) => expect::set_online(self, AgentId(agent), online),
            Step::SetPage(agent, open) => timed::set_page(self, AgentId(agent), open),
            Step::Started => timed::started(self),
            Step::Tick(seconds) => timed::tick(self, seconds),
            Step::Configure {
                agent,
                auto,
                limit,
                greeting,
                close,
                offline,
            } => {
                let mut settings = AgentSettings::accepting(auto, limit, if greeting { "您好" } else { "" });
                settings.close.on = close.is_some();
                settings.close.idle_minutes = close.unwrap_or(1);
                settings.close.text = if offline { "再见".into() } else { String::new() };
                settings.offline.on = offline;
                settings.offline.text = "我不在".into();
                expect::configure(self, AgentId(agent), &settings);
            }
            Step::ConfigureShop {
                nobody,
                busy,
                transfer_seconds,
                away_seconds,
            } => {
                let said = |on, text: &str| if on { text.to_owned() } else { String::new() };
                let settings = ShopSettings {
                    nobody_text: said(nobody, "没有人"),
                    busy_text: said(busy, "都在忙"),
                    transfer_seconds,
                    away_seconds,
                    reserve: 2,
                };
                timed::configure_shop(self, &settings);
            }
            Step::Dismiss { who, which, epoch } => handing::dismiss(self, who, which, epoch),
            Step::Offer {
                who,
                senior,
                which,
                epoch,
                to,
                note,
            } => handing::offer(self, (who, senior), which, epoch, AgentId(to), note),
            Step::Take { who, which, epoch } => handing::take(self, who, which, epoch),
            Step::Decline { who, which, epoch } => handing::decline(self, who, which, epoch),
            Step::Withdraw {
                who,
                senior,
                which,
                epoch,
            } => handing::withdraw(self, (who, senior), which, epoch),
            Step::Accept { who, which, epoch } => expect::accept(self, who, which, epoch),
            Step::Race { first, second, which } => expect::race(self, AgentId(first), AgentId(second), which),
            Step::Close {
                who,
                senior,
                which,
                epoch,
            } => expect::close(self, who, senior, which, epoch),
            Step::Read { who, which, all } => expect::read(self, who, which, all),
            Step::Send {
                who,
                which,
                client_id,
                content,
                force,
            } => expect::send(self, who, which, client_id, content, force),
            Step::Retry { who, place, force } => expect::retry(self, who, place, force),
            Step::Delivering(place) => expect::delivering(self, place),
            Step::Delivered(place, result) => expect::delivered(self, place, result),
            Step::Customer(step) => crate::customers::step_of(self, step),
            Step::Contact(step) => crate::contact::contact(self, &step),
            Step::Refresh(agent) => {
                let agent = AgentId(agent);
                self.run(Command::Refresh { agent }).unwrap();
            }
            Step::Announce(healthy) => {
                self.run(Command::Announce {
                    channel: ChannelId(1),
                    healthy,
                    text: Words::new("长".repeat(10_000), "long".repeat(10_000)),
                })
                .unwrap();
            }
            Step::Oversized(kind) => expect::oversized(self, kind),
        }
    }
}

/// The channel and the address of somebody who writes.
pub(crate) fn address(from: u32) -> (ChannelId, String) {
    // Two channels know the same name: they are different people.
    (ChannelId(1 + from % 2), format!("peer{}", from / 2))
}

pub(crate) fn arrival(from: u32, id: u32, profile: Profile, what: What) -> (ChannelId, Inbound) {
    let (channel, peer) = address(from);
    let inbound = Inbound {
        peer,
        dedupe: format!("id{id}"),
        sent_at: sent_at(id),
        what,
        profile,
        trigger: None,
        passive: id.is_multiple_of(3).then_some(2047),
    };
    (channel, inbound)
}

pub(crate) fn sent_at(id: u32) -> i64 {
    1_800_000_000_000 + i64::from(id) * 7_000
}

pub(crate) fn written(content: Content) -> What {
    What::Message { content }
}

/// The second channel is one whose platform counts.
pub(crate) fn rules(channel: ChannelId) -> Rules {
    match channel {
        ChannelId(2) => [
            ReplyRule::new(Trigger::Message, 5, 172_800),
            ReplyRule::new(Trigger::Menu, 3, 60),
            ReplyRule::new(Trigger::Follow, 3, 60),
        ]
        .into(),
        _ => [].into(),
    }
}

pub(crate) fn done(action: Action) -> What {
    let behaviour = Behaviour {
        action,
        detail: "/".into(),
    };
    What::Behaviour { behaviour }
}
