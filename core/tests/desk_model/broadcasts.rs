//! Broadcasts against a platform that counts for itself, in any order of steps, orders, crashes and agents' answers: no
//! message is handed over again that may have left, the counts are those of the list, and what the ledger lets go is
//! always taken.
use crate::memory::{Memory, SHOP};
use crate::world::rules;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use std::collections::{BTreeMap, BTreeSet};
use weikefu_channel::{Cause, Content, Inbound, Profile, What, Words};
use weikefu_core::desk::{
    AgentSettings, BroadcastCommand, CastOutcome, Command, DeliveryResult, Desk, Hold, Pick, Reply, Row,
};
use weikefu_core::ids::{AgentId, BroadcastId, ChannelId, CustomerId};
use weikefu_core::records::{
    BroadcastDraft, BroadcastKind, BroadcastState, Delivery, DeliveryState, Progress, RecipientState, Skip,
    StoredContent,
};

const COUNTED: ChannelId = ChannelId(2);
const AGENT: AgentId = AgentId(1);
const CUSTOMERS: usize = 6;
const TWO_DAYS: i64 = 172_800_000;

#[derive(Clone, Debug)]
enum Step {
    /// A customer writes: the platform takes five more, no fewer and no more.
    Writes(usize),
    /// The agent answers a customer, and the message is handed over at once.
    Answers(usize),
    Start,
    /// That many more are put on the list.
    Freeze(usize),
    /// Some recipients are looked at; one in some is busy.
    Take {
        most: usize,
        busy: bool,
    },
    /// One of the messages that fly lands.
    Lands {
        which: usize,
        how: u8,
    },
    Pause,
    Resume,
    Stop,
    /// The process ends and starts again: what flew is unknown.
    Crash,
    Waits(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..CUSTOMERS).prop_map(Step::Writes),
        6 => (0..CUSTOMERS).prop_map(Step::Answers),
        3 => Just(Step::Start),
        6 => (1..4_usize).prop_map(Step::Freeze),
        16 => (1..4_usize, prop::bool::weighted(0.1)).prop_map(|(most, busy)| Step::Take { most, busy }),
        24 => (0..8_usize, 0..16_u8).prop_map(|(which, how)| Step::Lands { which, how }),
        2 => Just(Step::Pause),
        3 => Just(Step::Resume),
        1 => prop::option::weighted(0.3, Just(())).prop_map(|stops| stops.map_or(Step::Resume, |()| Step::Stop)),
        1 => Just(Step::Crash),
        4 => (1_000..3_600_000_i64).prop_map(Step::Waits),
        1 => Just(Step::Waits(TWO_DAYS)),
    ]
}

fn peer(who: usize) -> String {
    format!("o{who}")
}

struct Run {
    desk: Desk,
    memory: Memory,
    now: i64,
    id: BroadcastId,
    parts: u32,
    /// What each customer's platform still takes, and until when.
    platform: [(u32, i64); CUSTOMERS],
    /// Recipients and the message of theirs that flies.
    flying: Vec<(u32, u32)>,
    /// Messages that left or may have, by recipient and message.
    left: BTreeSet<(u32, u32)>,
    frozen: usize,
    asked: u32,
}

impl Run {
    fn new(parts: u32, reserve: u32) -> Self {
        let mut run = Run {
            desk: Desk::new(SHOP),
            memory: Memory::default(),
            now: 1_800_000_000_123,
            id: BroadcastId(0),
            parts,
            platform: [(0, 0); CUSTOMERS],
            flying: Vec::new(),
            left: BTreeSet::new(),
            frozen: 0,
            asked: 0,
        };
        run.decide(Command::Join { agent: AGENT }).unwrap();
        let online = true;
        run.decide(Command::SetOnline { agent: AGENT, online }).unwrap();
        let settings = AgentSettings::accepting(true, 99, "");
        run.decide(Command::Configure {
            agent: AGENT,
            settings,
        })
        .unwrap();
        let mut settings = run.desk.settings().clone();
        settings.reserve = reserve;
        run.decide(Command::ConfigureShop { settings }).unwrap();
        for who in 0..CUSTOMERS {
            run.writes(who);
        }
        let card = StoredContent::News {
            title: "t".into(),
            description: String::new(),
            url: "https://a/".into(),
            picture: String::new(),
        };
        let draft = BroadcastDraft {
            kind: BroadcastKind::Articles,
            parts: vec![card; parts as usize],
            filter: "{}".into(),
            also_open: true,
            daily_limit: 1,
            through_night: true,
        };
        let made = run.cast(|_| BroadcastCommand::Draft {
            agent: AGENT,
            client_id: "c".into(),
            draft,
        });
        let Some(Reply::Broadcast(broadcast, _)) = made else {
            panic!("{made:?}")
        };
        run.id = broadcast.id;
        run
    }

    fn decide(&mut self, command: Command) -> Option<Reply> {
        let outcome = self.desk.decide(&self.memory, command, self.now).ok()?;
        assert!(!self.desk.is_torn());
        for change in &outcome.changes {
            self.memory.write(change);
        }
        Some(outcome.reply)
    }

    fn cast(&mut self, command: impl FnOnce(BroadcastId) -> BroadcastCommand) -> Option<Reply> {
        let command = command(self.id);
        self.decide(Command::Broadcast(command))
    }

    fn writes(&mut self, who: usize) {
        // Within a second of a send nothing is known to have been opened; the platform is no stricter.
        self.now += 2_000;
        self.platform[who] = (5, self.now + TWO_DAYS);
        let inbound = Inbound {
            peer: peer(who),
            dedupe: self.now.to_string(),
            sent_at: self.now / 1000 * 1000,
            what: What::Message {
                content: Content::text("在吗"),
            },
            profile: Profile::default(),
            trigger: None,
            passive: None,
        };
        self.decide(Command::Receive {
            channel: COUNTED,
            inbound,
            rules: rules(COUNTED),
        })
        .unwrap();
    }

    /// The platform is handed a message that the ledger has let go.
    fn platform_takes(&mut self, who: usize) -> Result<(), TestCaseError> {
        self.asked += 1;
        let (left, until) = &mut self.platform[who];
        prop_assert!(*left > 0 && self.now < *until, "allowed and refused: {who}");
        *left -= 1;
        Ok(())
    }

    fn answers(&mut self, who: usize) -> Result<(), TestCaseError> {
        let Some(open) = self
            .desk
            .conversation_with(COUNTED, &peer(who))
            .map(|open| open.id)
        else {
            return Ok(());
        };
        let sent = self.decide(Command::Send {
            agent: AGENT,
            conversation: open,
            client_id: self.now.to_string(),
            content: Content::text("在"),
            force: false,
        });
        self.now += 1;
        let Some(Reply::Message(conversation, seq, _)) = sent else {
            return Ok(());
        };
        let going = self.decide(Command::Delivering { conversation, seq });
        let Some(Reply::Message(_, _, message)) = going else {
            panic!("{going:?}")
        };
        let state = message.delivery.as_ref().map(|Delivery { state, .. }| *state);
        if state == Some(DeliveryState::Sending) {
            self.platform_takes(who)?;
            self.decide(Command::Delivered {
                conversation,
                seq,
                result: DeliveryResult::Accepted {
                    upstream: None,
                    proof: None,
                },
            });
        }
        Ok(())
    }

    fn freeze(&mut self, more: usize) {
        let to = (self.frozen + more).min(CUSTOMERS);
        let rows = (self.frozen..to).map(|who| Row {
            customer: CustomerId::of(SHOP, who as u32 + 1),
            channel: COUNTED,
            peer: peer(who),
            skip: (who == 3).then_some(Skip::Blacklisted),
        });
        // A slice that comes twice counts once.
        let rows: Vec<Row> = rows.collect();
        for rows in [rows.clone(), rows] {
            self.cast(|broadcast| BroadcastCommand::Freeze {
                broadcast,
                rows,
                complete: false,
            });
        }
        if self.memory.progress[&self.id].total as usize == to {
            self.frozen = to;
        }
        if to == CUSTOMERS {
            self.cast(|broadcast| BroadcastCommand::Freeze {
                broadcast,
                rows: Vec::new(),
                complete: true,
            });
        }
    }

    fn take(&mut self, most: usize, busy: bool) -> Result<(), TestCaseError> {
        let progress = &self.memory.progress[&self.id];
        let again = self.memory.recipients.iter();
        let again = again.filter(|(_, it)| it.state == RecipientState::Again);
        let again = again.map(|(&(_, n), _)| n);
        let fresh = progress.next..progress.total;
        let hold = if busy { Hold::Later } else { Hold::Free };
        let picks: Vec<Pick> = again.chain(fresh).take(most).map(|n| Pick { n, hold }).collect();
        let taken = self.cast(|broadcast| BroadcastCommand::Take {
            broadcast,
            picks,
            day: 1,
        });
        let Some(Reply::Taken(taken)) = taken else {
            panic!("{taken:?}")
        };
        let running = self.memory.broadcasts[&self.id].state;
        prop_assert!(taken.is_empty() || running == BroadcastState::Running);
        prop_assert!(taken.is_empty() || !busy);
        for (n, part) in taken {
            self.hand_over(n, part)?;
        }
        Ok(())
    }

    fn hand_over(&mut self, n: u32, part: u32) -> Result<(), TestCaseError> {
        prop_assert!(!self.left.contains(&(n, part)), "{n} gets message {part} again");
        prop_assert!(
            self.flying.iter().all(|(other, _)| *other != n),
            "two at once to {n}"
        );
        self.flying.push((n, part));
        Ok(())
    }

    fn lands(&mut self, which: usize, how: u8) -> Result<(), TestCaseError> {
        if self.flying.is_empty() {
            return Ok(());
        }
        let (n, part) = self.flying.remove(which % self.flying.len());
        let words = || Words::new("一", "one");
        let result = match how {
            0 => DeliveryResult::Failed {
                cause: Cause::Rejected,
                reason: words(),
            },
            1 | 2 => DeliveryResult::Unknown { reason: words() },
            3 | 4 => DeliveryResult::Queued,
            _ => DeliveryResult::Accepted {
                upstream: None,
                proof: None,
            },
        };
        let outcome = if how == 5 {
            CastOutcome::Back
        } else {
            CastOutcome::Delivered(result.clone())
        };
        let came = how > 5 || how == 2;
        if came {
            self.platform_takes(n as usize)?;
        }
        if how > 5 || how == 1 || how == 2 {
            self.left.insert((n, part));
        }
        let booked = self.cast(|broadcast| BroadcastCommand::Settle {
            broadcast,
            n,
            outcome,
        });
        if let Some(Reply::Next(Some(next))) = booked {
            prop_assert_eq!(next, part + 1);
            self.hand_over(n, next)?;
        }
        Ok(())
    }

    fn crash(&mut self) -> Result<(), TestCaseError> {
        self.desk = self.memory.rebuild();
        for (n, part) in std::mem::take(&mut self.flying) {
            // Every other one had come.
            if n % 2 == 0 {
                self.platform_takes(n as usize)?;
            }
            self.left.insert((n, part));
        }
        let sending = self.memory.recipients.iter();
        let sending: Vec<u32> = sending
            .filter(|(_, it)| it.state == RecipientState::Sending)
            .map(|(&(_, n), _)| n)
            .collect();
        for n in sending {
            let reason = Words::new("一", "one");
            let outcome = CastOutcome::Delivered(DeliveryResult::Unknown { reason });
            self.cast(|broadcast| BroadcastCommand::Settle {
                broadcast,
                n,
                outcome,
            })
            .unwrap();
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        self.now += 1;
        match step {
            Step::Writes(who) => self.writes(who),
            Step::Answers(who) => self.answers(who)?,
            Step::Start => drop(self.cast(|broadcast| BroadcastCommand::Start {
                agent: AGENT,
                broadcast,
                at: None,
                revision: 1,
            })),
            Step::Freeze(more) => self.freeze(more),
            Step::Take { most, busy } => self.take(most, busy)?,
            Step::Lands { which, how } => self.lands(which, how)?,
            Step::Pause => drop(self.cast(|broadcast| BroadcastCommand::Pause {
                broadcast,
                by: Some(AGENT),
                reason: None,
            })),
            Step::Resume => drop(self.cast(|broadcast| BroadcastCommand::Resume { broadcast })),
            Step::Stop => drop(self.cast(|broadcast| BroadcastCommand::Stop { broadcast })),
            Step::Crash => self.crash()?,
            // What flies lands in time: a platform that is asked late is another story.
            Step::Waits(long) if self.flying.is_empty() => self.now += long,
            Step::Waits(_) => {}
        }
        self.invariants()
    }

    fn invariants(&self) -> Result<(), TestCaseError> {
        let progress = &self.memory.progress[&self.id];
        let broadcast = &self.memory.broadcasts[&self.id];
        let stopped = broadcast.state == BroadcastState::Stopped;
        let mut counted = Progress::default();
        let mut waits = 0;
        let mut reserved: BTreeMap<String, u32> = BTreeMap::new();
        for recipient in self.memory.recipients.values() {
            counted.messages += recipient.sent;
            match recipient.state {
                RecipientState::Pending | RecipientState::Again => waits += 1,
                RecipientState::Sending => {
                    counted.sending += 1;
                    reserved.insert(recipient.peer.clone(), self.parts - recipient.sent);
                }
                RecipientState::Accepted => counted.accepted += 1,
                RecipientState::Failed => counted.failed += 1,
                RecipientState::Unknown => counted.unknown += 1,
                RecipientState::Skipped => counted.skip(recipient.skip.unwrap(), 1),
            }
        }
        prop_assert_eq!(counted.messages, progress.messages);
        prop_assert_eq!(
            (counted.sending, counted.accepted, counted.failed, counted.unknown),
            (
                progress.sending,
                progress.accepted,
                progress.failed,
                progress.unknown
            )
        );
        if stopped && waits > 0 {
            counted.skip(Skip::Stopped, waits);
            waits = 0;
        }
        for why in Skip::ALL {
            prop_assert_eq!(counted.skipped_for(why), progress.skipped_for(why), "{:?}", why);
        }
        prop_assert_eq!(progress.pending(), waits);
        prop_assert_eq!(progress.sending as usize, self.flying.len());
        if broadcast.state == BroadcastState::Done {
            prop_assert!(progress.is_over());
        }
        for who in 0..CUSTOMERS {
            let reach = &self.memory.reaches[&(COUNTED, peer(who))];
            prop_assert_eq!(
                reach.pending,
                reserved.get(&peer(who)).copied().unwrap_or(0),
                "{}",
                who
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(Config { cases: 1500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn nobody_gets_a_message_again_and_the_quota_is_never_overdrawn(
        parts in 1..4_u32,
        reserve in 0..3_u32,
        script in prop::collection::vec(step(), 20..120),
    ) {
        let mut run = Run::new(parts, reserve);
        for step in script {
            run.step(step)?;
        }
        // Let go on, it comes to an end, and everybody has been dealt with.
        run.step(Step::Start)?;
        run.step(Step::Resume)?;
        run.step(Step::Freeze(CUSTOMERS))?;
        for _ in 0..CUSTOMERS * 8 {
            run.step(Step::Take { most: CUSTOMERS, busy: false })?;
            run.step(Step::Lands { which: 0, how: 9 })?;
        }
        let state = run.memory.broadcasts[&run.id].state;
        prop_assert!(matches!(state, BroadcastState::Done | BroadcastState::Stopped), "{:?}", state);
        let progress = &run.memory.progress[&run.id];
        prop_assert_eq!(progress.pending() + progress.sending, 0);
    }
}
