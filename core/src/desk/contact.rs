//! 联系TA: an agent begins, or goes on, a conversation with a customer who has not written now.
//!
//! It owns which of the customer's addresses is taken and why none can be. Which channels are there and let
//! customers in is known in front of the desk and comes with the command.
use super::accept;
use super::change::Change;
use super::command::Reply;
use super::facts::Facts;
use super::presence;
use super::reach::Standing;
use super::receive;
use super::work::Work;
use crate::error::{Refusal, Unreachable};
use crate::ids::{AgentId, ChannelId, CustomerId, Millis};
use crate::records::{Conversation, ConversationState, Reach};

/// One of a customer's addresses, as it stands in front of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// On which channel.
    pub channel: ChannelId,
    /// The customer's name there.
    pub peer: String,
    /// What the channel would do.
    pub gate: Gate,
}

/// Whether a channel takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// At any time.
    Open,
    /// As often as the customer's doings allow.
    Counted,
    /// The shop has switched the entry off.
    Off,
    /// It does not run.
    Down,
}

/// Why an address cannot be written to now, if it cannot.
pub fn check(gate: Gate, reach: &Reach, now: Millis) -> Result<(), Refusal> {
    match gate {
        Gate::Off => return Err(Unreachable::EntryOff.into()),
        Gate::Down => return Err(Unreachable::ChannelDown.into()),
        // Nothing the customer has done so far allows anything.
        Gate::Counted if !reach.limited => return Err(Refusal::ReachClosed),
        Gate::Open | Gate::Counted => {}
    }
    match reach.allowance(now).map(|allowance| allowance.standing()) {
        None | Some(Standing::Open | Standing::Last) => Ok(()),
        Some(Standing::Spent) => Err(Refusal::ReachSpent),
        Some(Standing::Closed) if reach.has_left() => Err(Unreachable::Unfollowed.into()),
        Some(Standing::Closed) => Err(Refusal::ReachClosed),
    }
}

/// Returns the agent's open conversation with the customer, takes one that waits, or begins one.
pub(super) fn contact<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: CustomerId,
    addresses: &[Address],
) -> Result<Reply, Refusal> {
    work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    let customer = work.customer(id)?;
    let open: Vec<Conversation> = work
        .desk
        .open_of(id)
        .filter(|open| addresses.iter().any(|address| is_at(open, address)))
        .cloned()
        .collect();
    if let Some(mine) = open.iter().find(|open| open.owner == Some(agent)) {
        return Ok(Reply::Conversation(mine.clone()));
    }
    if customer.blocked.is_some() {
        return Err(Unreachable::Blacklisted.into());
    }
    if let Some(agent) = open.iter().find_map(|open| open.owner) {
        return Err(Refusal::Held {
            agent,
            name: String::new(),
        });
    }
    presence::check_online(work, agent)?;
    if let Some(waits) = open.into_iter().next() {
        let epoch = waits.epoch;
        return accept::accept(work, agent, waits.id, epoch);
    }
    let mut why = None;
    for address in addresses {
        let Address { channel, peer, gate } = address;
        if work.facts.identity(*channel, peer)? != Some(id) {
            continue;
        }
        match check(*gate, &work.reach(*channel, peer)?, work.now) {
            Err(refusal) => why = why.or(Some(refusal)),
            Ok(()) => return begin(work, agent, id, address),
        }
    }
    Err(why.unwrap_or(Unreachable::NoAddress.into()))
}

fn is_at(open: &Conversation, address: &Address) -> bool {
    open.channel == address.channel && open.peer == address.peer
}

/// A conversation that has an agent from its first moment. Nothing is said in it yet: the agent will.
fn begin<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: CustomerId,
    address: &Address,
) -> Result<Reply, Refusal> {
    let mut customer = work.customer(id)?;
    customer.conversations += 1;
    customer.last_seen = work.now;
    work.put(Change::Customer(customer.clone()));
    let waiting = receive::opened(work, address.channel, &address.peer, customer);
    let conversation = Conversation {
        state: ConversationState::Active,
        owner: Some(agent),
        accepted_at: Some(work.now),
        ..waiting
    };
    work.put_conversation(conversation.clone())?;
    Ok(Reply::Conversation(conversation))
}
