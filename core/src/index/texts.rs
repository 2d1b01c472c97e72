//! What of a message can be found, and how its author is numbered.
use crate::records::{Author, Message, StoredContent};

/// Between the texts of one message; folding leaves it, nobody writes it.
const BETWEEN: &str = "\u{ffff}";
/// Authors: the customer, the desk, and from here on agents by number.
const CUSTOMER: u64 = 0;
const DESK: u64 = 1;
const AGENTS: u64 = 2;

/// The texts people would look for, as one.
pub(super) fn of(content: &StoredContent) -> String {
    content.texts().join(BETWEEN)
}

/// The number of a message's author.
pub(super) fn author(message: &Message) -> u64 {
    match (message.author, message.author.agent()) {
        (Author::Customer, _) => CUSTOMER,
        (_, Some(agent)) => AGENTS + u64::from(agent.0),
        (_, None) => DESK,
    }
}

/// Whether it is the customer's.
pub(super) fn is_customers(author: u64) -> bool {
    author == CUSTOMER
}

/// Whether it is this agent's.
pub(super) fn is_agents(author: u64, agent: crate::ids::AgentId) -> bool {
    author == AGENTS + u64::from(agent.0)
}
