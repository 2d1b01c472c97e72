//! A shop, its counters, and the agents at its desk.
use crate::ids::{AgentId, Millis, ShopId};
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// The tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    /// Its number.
    pub id: ShopId,
    /// Name shown to agents and customers.
    pub name: String,
    /// IANA time zone in which its days begin, `Asia/Shanghai` for example.
    pub zone: String,
    /// When it was made.
    pub created: Millis,
}
record!(Shop, b"shop1");

/// The next numbers a shop's desk gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Next conversation within the shop, from 1.
    pub conversation: u32,
    /// Next customer within the shop, from 1.
    pub customer: u32,
    /// Next event, from 1.
    pub event: u64,
    /// Next place in the waiting list, and the clock by which agents take turns.
    pub ticket: u64,
}
record!(Counters, b"count1");

impl Default for Counters {
    fn default() -> Self {
        Counters {
            conversation: 1,
            customer: 1,
            event: 1,
            ticket: 1,
        }
    }
}

/// What a shop's administrators set for its whole desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopSettings {
    /// Said to a customer who waits while nobody is online (A5.4); empty means nothing.
    pub nobody_text: String,
    /// Said to a customer who waits because everybody is full or accepts by hand; empty means nothing.
    pub busy_text: String,
    /// How long an offered transfer stays open, seconds, 10 to 3600.
    pub transfer_seconds: u32,
    /// How long an agent without an open page still counts as online, seconds, 15 to 600.
    pub away_seconds: u32,
    /// How many of a platform's last answers automatic texts leave to the agent, 0 to 5.
    pub reserve: u32,
}
record!(ShopSettings, b"shset1");

impl Default for ShopSettings {
    fn default() -> Self {
        ShopSettings {
            nobody_text: String::new(),
            busy_text: String::new(),
            transfer_seconds: 120,
            away_seconds: 60,
            reserve: 2,
        }
    }
}

/// An agent at one shop's desk: what dispatch and timers need to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskAgent {
    /// Who.
    pub agent: AgentId,
    /// Takes customers now, or why not.
    pub presence: Presence,
    /// When the last open page of the agent went away; `None` while one is open.
    pub gone_at: Option<Millis>,
    /// New conversations come by themselves.
    pub auto: bool,
    /// How many customers automatic acceptance may fill up to.
    pub limit: u32,
    /// Sent to a customer on acceptance; empty means nothing is sent.
    pub greeting: String,
    /// Closes idle conversations.
    pub close: AutoClose,
    /// What customers hear while the agent is offline.
    pub offline: OfflineText,
    /// Ticket of the last automatic acceptance; the smallest goes first among equals.
    pub turn: u64,
}
record!(DeskAgent, b"dagt2", DeskAgent1, DeskAgent1::now);

/// Whether an agent takes customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// 在线
    Online,
    /// Was online and has had no open page for too long. Comes back by itself with the next page.
    Lost {
        /// Since when.
        since: Millis,
    },
    /// 离线, by his own hand.
    Offline,
}

/// Closing of idle conversations (A5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoClose {
    /// Whether at all.
    pub on: bool,
    /// After how many minutes without a word, 1 to 1440.
    pub idle_minutes: u32,
    /// Said when it closes; empty means nothing.
    pub text: String,
}

impl Default for AutoClose {
    fn default() -> Self {
        AutoClose {
            on: false,
            idle_minutes: 30,
            text: String::new(),
        }
    }
}

/// What customers hear while their agent is offline (A5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineText {
    /// Whether at all.
    pub on: bool,
    /// What; empty means nothing.
    pub text: String,
}

impl DeskAgent {
    /// The limit of automatic acceptance unless somebody set another (A2.2).
    pub const DEFAULT_LIMIT: u32 = 10;

    /// An agent who has just joined: offline, automatic acceptance on.
    #[must_use]
    pub fn new(agent: AgentId) -> Self {
        DeskAgent {
            agent,
            presence: Presence::Offline,
            gone_at: Some(0),
            auto: true,
            limit: Self::DEFAULT_LIMIT,
            greeting: String::new(),
            close: AutoClose::default(),
            offline: OfflineText::default(),
            turn: 0,
        }
    }

    /// Takes customers.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.presence == Presence::Online
    }
}

/// An agent at a desk as the first version stored him.
#[derive(Serialize, Deserialize)]
pub struct DeskAgent1 {
    agent: AgentId,
    online: bool,
    auto: bool,
    limit: u32,
    greeting: String,
    turn: u64,
}
record!(DeskAgent1, b"dagt1");

impl DeskAgent1 {
    fn now(self) -> DeskAgent {
        DeskAgent {
            presence: if self.online {
                Presence::Online
            } else {
                Presence::Offline
            },
            auto: self.auto,
            limit: self.limit,
            greeting: self.greeting,
            turn: self.turn,
            ..DeskAgent::new(self.agent)
        }
    }
}
