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

/// An agent at one shop's desk: what dispatch needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskAgent {
    /// Who.
    pub agent: AgentId,
    /// Takes customers now.
    pub online: bool,
    /// New conversations come by themselves.
    pub auto: bool,
    /// How many customers automatic acceptance may fill up to.
    pub limit: u32,
    /// Sent to a customer on acceptance; empty means nothing is sent.
    pub greeting: String,
    /// Ticket of the last automatic acceptance; the smallest goes first among equals.
    pub turn: u64,
}
record!(DeskAgent, b"dagt1");

impl DeskAgent {
    /// The limit of automatic acceptance unless somebody set another (A2.2).
    pub const DEFAULT_LIMIT: u32 = 10;

    /// An agent who has just joined: offline, automatic acceptance on.
    #[must_use]
    pub fn new(agent: AgentId) -> Self {
        DeskAgent {
            agent,
            online: false,
            auto: true,
            limit: Self::DEFAULT_LIMIT,
            greeting: String::new(),
            turn: 0,
        }
    }
}
