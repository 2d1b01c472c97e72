//! The ledger against a platform that counts for itself, in any order of what customers, agents and time do.
//! The platform is written from the rules alone, in both readings there are of how windows combine. Whatever the
//! ledger lets go, both take.
use crate::memory::{Memory, SHOP};
use crate::world::rules;
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::collections::VecDeque;
use weikefu_channel::{Action, Behaviour, Cause, Content, Inbound, Profile, What, Words};
use weikefu_core::desk::{AgentSettings, Command, DeliveryResult, Desk, Reply};
use weikefu_core::ids::{AgentId, ChannelId, ConversationId};
use weikefu_core::records::{DeliveryState, Way};

const COUNTED: ChannelId = ChannelId(2);
const AGENT: AgentId = AgentId(1);
const MINUTE: i64 = 60_000;
const TWO_DAYS: i64 = 48 * 60 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Message,
    Click,
    Follow,
    Unfollow,
}

impl Doing {
    /// What it gives: a kind of window, how many, for how long.
    fn grant(self) -> Option<(usize, u32, i64)> {
        match self {
            Doing::Message => Some((0, 5, TWO_DAYS)),
            Doing::Click => Some((1, 3, MINUTE)),
            Doing::Follow => Some((2, 3, MINUTE)),
            Doing::Unfollow => None,
        }
    }
}

/// One customer, as the platform sees them.
#[derive(Default)]
struct Platform {
    /// Reading one: a window of each kind, a message counts in all that are open.
    windows: [Option<(u32, i64)>; 3],
    /// Reading two: one pot, which each doing fills up to the larger of what is in it and what it gives.
    pot: Option<(u32, i64)>,
}

impl Platform {
    fn sees(&mut self, doing: Doing, now: i64) {
        let Some((kind, count, lasts)) = doing.grant() else {
            return *self = Platform::default();
        };
        self.windows[kind] = Some((count, now + lasts));
        let (rest, until) = self.pot.filter(|(_, until)| now < *until).unwrap_or((0, 0));
        self.pot = Some((rest.max(count), until.max(now + lasts)));
    }

    /// Takes a message if it may come, in each reading.
    fn takes(&mut self, now: i64) -> [bool; 2] {
        let is_open = |window: &Option<(u32, i64)>| window.is_some_and(|(_, until)| now < until);
        let has = |window: &Option<(u32, i64)>| is_open(window) && window.is_some_and(|(left, _)| left > 0);
        let verdicts = [self.windows.iter().any(has), has(&self.pot)];
        for window in self.windows.iter_mut().chain([&mut self.pot]).flatten() {
            if now < window.1 {
                window.0 = window.0.saturating_sub(1);
            }
        }
        verdicts
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A customer does something; the callback comes now or waits.
    Does {
        who: usize,
        doing: Doing,
        late: bool,
    },
    /// The oldest or the newest callback that waits comes.
    Comes {
        newest: bool,
    },
    Says {
        who: usize,
    },
    /// The next message to a customer is handed over; the platform counts it now or when the answer comes.
    Leaves {
        who: usize,
        counted_late: bool,
    },
    /// The answer to it.
    Answered {
        how: u8,
    },
    Retries {
        who: usize,
    },
    Closes {
        who: usize,
    },
    Waits(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..3_usize;
    let doing = prop_oneof![
        6 => Just(Doing::Message),
        4 => Just(Doing::Click),
        2 => Just(Doing::Follow),
        1 => Just(Doing::Unfollow)
    ];
    prop_oneof![
        10 => (who(), doing, prop::bool::weighted(0.25)).prop_map(|(who, doing, late)| Step::Does { who, doing, late }),
        4 => any::<bool>().prop_map(|newest| Step::Comes { newest }),
        16 => who().prop_map(|who| Step::Says { who }),
        16 => (who(), any::<bool>()).prop_map(|(who, counted_late)| Step::Leaves { who, counted_late }),
        14 => (0..12_u8).prop_map(|how| Step::Answered { how }),
        3 => who().prop_map(|who| Step::Retries { who }),
        2 => who().prop_map(|who| Step::Closes { who }),
        8 => prop_oneof![1..1_500_i64, 5_000..70_000_i64, (TWO_DAYS - 2 * MINUTE)..(TWO_DAYS + MINUTE)].prop_map(Step::Waits),
    ]
}

/// A message that has been handed over.
struct Sending {
    who: usize,
    place: (ConversationId, u32),
    since: i64,
    /// Until its answer comes the platform has not counted it.
    uncounted: bool,
}

struct Run {
    desk: Desk,
    memory: Memory,
    now: i64,
    /// The platform's clock is this much ahead of ours, or behind.
    ahead: i64,
    platforms: [Platform; 3],
    /// Callbacks that have not come yet.
    waiting: VecDeque<(usize, Command)>,
    /// One message to a customer at a time.
    sending: Vec<Sending>,
    dedupe: u32,
    /// Messages both readings were asked to take.
    asked: u32,
}

impl Run {
    fn new(ahead: i64) -> Self {
        let mut run = Run {
            desk: Desk::new(SHOP),
            memory: Memory::default(),
            now: 1_800_000_000_123,
            ahead,
            platforms: Default::default(),
            waiting: VecDeque::new(),
            sending: Vec::new(),
            dedupe: 0,
            asked: 0,
        };
        run.decide(Command::Join { agent: AGENT }).unwrap();
        run.decide(Command::SetOnline {
            agent: AGENT,
            online: true,
        })
        .unwrap();
        run.decide(Command::Configure {
            agent: AGENT,
            settings: AgentSettings::accepting(true, 9, "您好"),
        })
        .unwrap();
        run
    }

    fn decide(&mut self, command: Command) -> Option<Reply> {
        let outcome = self.desk.decide(&self.memory, command, self.now).ok()?;
        for change in &outcome.changes {
            self.memory.write(change);
        }
        Some(outcome.reply)
    }

    fn open(&self, who: usize) -> Option<ConversationId> {
        self.desk
            .conversation_with(COUNTED, &peer(who))
            .map(|open| open.id)
    }

    /// The oldest message to a customer in one of these states.
    fn first(&self, who: usize, states: &[DeliveryState]) -> Option<(ConversationId, u32)> {
        self.memory.messages.iter().find_map(|(&place, message)| {
            let delivery = message.delivery.as_ref()?;
            let theirs = self.memory.conversations[&place.0].peer == peer(who);
            (theirs && delivery.way != Way::Passive && states.contains(&delivery.state)).then_some(place)
        })
    }

    fn does(&mut self, who: usize, doing: Doing, late: bool) {
        let theirs = self.waiting.iter().any(|(whose, _)| *whose == who);
        if doing == Doing::Unfollow && theirs {
            // What the platform has seen and nobody has told cannot be known.
            return;
        }
        let platform = self.now + self.ahead;
        self.platforms[who].sees(doing, platform);
        self.dedupe += 1;
        let behaviour = |action| What::Behaviour {
            behaviour: Behaviour {
                action,
                detail: String::new(),
            },
        };
        let inbound = Inbound {
            peer: peer(who),
            dedupe: self.dedupe.to_string(),
            sent_at: platform / 1000 * 1000,
            what: match doing {
                Doing::Message => What::Message {
                    content: Content::text("在吗"),
                },
                Doing::Click => behaviour(Action::MenuClick),
                Doing::Follow => behaviour(Action::Follow),
                Doing::Unfollow => behaviour(Action::Unfollow),
            },
            profile: Profile::default(),
            trigger: None,
            passive: self.dedupe.is_multiple_of(4).then_some(2_047),
        };
        let command = Command::Receive {
            channel: COUNTED,
            inbound,
            rules: rules(COUNTED),
        };
        // With a clock that is ahead nobody can tell how late something comes.
        if late && doing != Doing::Unfollow && self.ahead <= 0 {
            self.waiting.push_back((who, command));
        } else {
            self.decide(command);
        }
    }

    /// The platform is asked to take a message.
    fn count(&mut self, sending: &Sending) -> Result<bool, TestCaseError> {
        let way = self.memory.messages[&sending.place]
            .delivery
            .as_ref()
            .unwrap()
            .way;
        let taken = self.platforms[sending.who].takes(self.now + self.ahead);
        // One that was on its way for long, or whose customer has left meanwhile, could not have been known.
        let gone = self.platforms[sending.who].pot.is_none();
        if way == Way::Counted && self.now - sending.since < 5_000 && !gone {
            self.asked += 1;
            prop_assert_eq!(taken, [true, true], "allowed and refused: {:?}", sending.place);
        }
        Ok(taken[0] && taken[1])
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        self.now += 7;
        match step {
            Step::Does { who, doing, late } => self.does(who, doing, late),
            Step::Comes { newest } => {
                let next = if newest {
                    self.waiting.pop_back()
                } else {
                    self.waiting.pop_front()
                };
                if let Some((_, command)) = next {
                    self.decide(command);
                }
            }
            Step::Says { who } => {
                if let Some(conversation) = self.open(who) {
                    self.dedupe += 1;
                    let client_id = self.dedupe.to_string();
                    let content = Content::text("您好");
                    self.decide(Command::Send {
                        agent: AGENT,
                        conversation,
                        client_id,
                        content,
                        force: false,
                    });
                }
            }
            Step::Leaves { who, counted_late } => {
                let busy = self.sending.iter().any(|sending| sending.who == who);
                let next = self.first(who, &[DeliveryState::Queued]).filter(|_| !busy);
                if let Some(place) = next {
                    self.decide(Command::Delivering {
                        conversation: place.0,
                        seq: place.1,
                    });
                    let state = self.memory.messages[&place].delivery.as_ref().unwrap().state;
                    if state == DeliveryState::Sending {
                        let mut sending = Sending {
                            who,
                            place,
                            since: self.now,
                            uncounted: true,
                        };
                        if !counted_late {
                            sending.uncounted = false;
                            self.count(&sending)?;
                        }
                        self.sending.push(sending);
                    }
                }
            }
            Step::Answered { how } => self.answered(how)?,
            Step::Retries { who } => {
                if let Some((conversation, seq)) =
                    self.first(who, &[DeliveryState::Failed, DeliveryState::Unknown])
                {
                    self.decide(Command::Retry {
                        agent: AGENT,
                        conversation,
                        seq,
                        force: false,
                    });
                }
            }
            Step::Closes { who } => {
                if let Some(conversation) = self.open(who) {
                    let epoch = self.desk.conversation(conversation).unwrap().epoch;
                    self.decide(Command::Close {
                        agent: AGENT,
                        senior: true,
                        conversation,
                        epoch,
                    });
                }
            }
            Step::Waits(time) => self.now += time,
        }
        Ok(())
    }

    fn answered(&mut self, how: u8) -> Result<(), TestCaseError> {
        if self.sending.is_empty() {
            return Ok(());
        }
        let mut sending = self.sending.remove(usize::from(how) % self.sending.len());
        // One in six never reached the platform.
        let reached = !(sending.uncounted && how < 2);
        let mut taken = !sending.uncounted;
        if reached && sending.uncounted {
            taken = self.count(&sending)?;
            sending.uncounted = false;
        }
        let reason = Words::new("原因", "reason");
        let result = match (how, reached, taken) {
            (0, false, _) => DeliveryResult::Queued,
            (_, false, _) => DeliveryResult::Failed {
                cause: Cause::Rejected,
                reason,
            },
            (2 | 3, ..) => DeliveryResult::Unknown { reason },
            (_, _, true) => DeliveryResult::Accepted {
                upstream: None,
                proof: None,
            },
            (_, _, false) => DeliveryResult::Failed {
                cause: Cause::QuotaSpent,
                reason,
            },
        };
        let (conversation, seq) = sending.place;
        self.decide(Command::Delivered {
            conversation,
            seq,
            result,
        });
        Ok(())
    }
}

fn peer(who: usize) -> String {
    format!("o{who}")
}

proptest! {
    #![proptest_config(Config { cases: 1500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_the_ledger_lets_go_the_platform_takes(
        ahead in prop_oneof![Just(0_i64), -40_000..0_i64, 0..3_000_i64],
        script in prop::collection::vec(step(), 1..160),
    ) {
        let mut run = Run::new(ahead);
        for step in script {
            run.step(step)?;
        }
    }
}

/// Otherwise the test above would be easy to pass.
#[test]
fn the_ledger_lets_five_go_after_a_message_and_no_sixth() {
    let mut run = Run::new(0);
    run.does(0, Doing::Message, false);
    // The greeting left with the answer, or is one of the five.
    for _ in 0..9 {
        for step in [
            Step::Waits(2_000),
            Step::Says { who: 0 },
            Step::Leaves {
                who: 0,
                counted_late: false,
            },
            Step::Answered { how: 9 },
        ] {
            run.step(step).unwrap();
        }
    }
    assert_eq!(run.asked, 5);
    run.step(Step::Does {
        who: 0,
        doing: Doing::Click,
        late: false,
    })
    .unwrap();
    for _ in 0..9 {
        for step in [
            Step::Says { who: 0 },
            Step::Leaves {
                who: 0,
                counted_late: true,
            },
            Step::Answered { how: 9 },
        ] {
            run.step(step).unwrap();
        }
    }
    assert_eq!(run.asked, 8);
}
