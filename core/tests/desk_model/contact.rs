//! 联系TA: what it has to answer, said independently of how the desk does it.
use crate::expect::refused;
use crate::world::{World, address};
use proptest::prelude::*;
use proptest::sample::Index;
use weikefu_core::desk::{Address, Command, Gate, Reply, Standing};
use weikefu_core::ids::{AgentId, ChannelId, CustomerId};
use weikefu_core::records::{Conversation, ConversationState, Reach};

/// A step: who, whom, whether the entry is off, whether somebody else's address is told too.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    agent: u32,
    which: Index,
    off: bool,
    foreign: bool,
}

pub(crate) fn step(agents: u32) -> impl Strategy<Value = Step> {
    let step = (
        0..agents,
        any::<Index>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
    );
    step.prop_map(|(agent, which, off, foreign)| Step {
        agent,
        which,
        off,
        foreign,
    })
}

fn addresses(world: &World, customer: CustomerId, step: &Step) -> Vec<Address> {
    let known = (0..8).map(address).filter(|(channel, peer)| {
        let owner = world.memory.customer_at(*channel, peer).map(|known| known.id);
        owner == Some(customer) || (step.foreign && owner.is_some())
    });
    known
        .map(|(channel, peer)| Address {
            channel,
            peer,
            gate: match channel {
                _ if step.off => Gate::Off,
                ChannelId(2) => Gate::Counted,
                _ => Gate::Open,
            },
        })
        .collect()
}

/// What hinders an address, by the ledger as it is stored.
fn hindrance(world: &World, address: &Address) -> &'static str {
    let reach = world
        .memory
        .reaches
        .get(&(address.channel, address.peer.clone()))
        .cloned()
        .unwrap_or_default();
    let left =
        |reach: &Reach| reach.left_at > 0 && !reach.grants.iter().any(|grant| grant.at > reach.left_at);
    match (address.gate, reach.allowance(world.now).map(|it| it.standing())) {
        (Gate::Off, _) => "entry_off",
        (Gate::Counted, None) | (_, Some(Standing::Closed)) if !left(&reach) || !reach.limited => {
            "reach_closed"
        }
        (_, Some(Standing::Closed)) => "customer_unfollowed",
        (_, Some(Standing::Spent)) => "reach_spent",
        _ => "fine",
    }
}

pub(crate) fn contact(world: &mut World, step: &Step) {
    let agent = AgentId(step.agent);
    let customer = world.customer(step.which);
    let addresses = addresses(world, customer, step);
    let known = world.memory.customers.get(&customer).cloned();
    let open: Vec<Conversation> = world
        .memory
        .open()
        .filter(|open| open.customer == customer)
        .cloned()
        .collect();
    let before = world.memory.conversations.len();
    let messages = world.memory.messages.len();
    let events = world.desk.last_event();
    let answer = world.run(Command::Contact {
        agent,
        customer,
        addresses: addresses.clone(),
    });
    let at_desk = world.memory.agents.get(&agent).cloned();
    let (Some(at_desk), Some(known)) = (&at_desk, &known) else {
        let wanted = if at_desk.is_none() {
            "not_at_desk"
        } else {
            "not_found"
        };
        return assert_eq!(refused(&answer), wanted);
    };
    let mine = open.iter().find(|open| open.owner == Some(agent));
    if let Some(mine) = mine {
        assert_eq!(answer.unwrap(), Reply::Conversation(mine.clone()));
        return assert_eq!(world.desk.last_event(), events, "nothing has happened");
    }
    if known.blocked.is_some() {
        return assert_eq!(refused(&answer), "customer_blacklisted");
    }
    if open.iter().any(|open| open.owner.is_some()) {
        return assert_eq!(refused(&answer), "held_by_other");
    }
    if !at_desk.is_online() {
        return assert_eq!(refused(&answer), "agent_offline");
    }
    if let Some(waits) = open.first() {
        let taken = conversation(answer.unwrap());
        assert_eq!(
            (taken.id, taken.owner, taken.epoch),
            (waits.id, Some(agent), waits.epoch + 1)
        );
        return assert_eq!(world.memory.conversations.len(), before);
    }
    let theirs = |address: &&Address| {
        let found = world.memory.customer_at(address.channel, &address.peer);
        found.is_some_and(|found| found.id == customer)
    };
    let hindrances: Vec<&str> = addresses
        .iter()
        .filter(theirs)
        .map(|address| hindrance(world, address))
        .collect();
    if !hindrances.contains(&"fine") {
        let wanted = hindrances.first().copied().unwrap_or("no_address");
        return assert_eq!(refused(&answer), wanted);
    }
    let begun = conversation(answer.unwrap());
    assert_eq!(begun.id, *world.memory.conversations.keys().next_back().unwrap());
    assert_eq!(world.memory.conversations.len(), before + 1);
    assert_eq!(world.memory.conversations[&begun.id], begun);
    assert_eq!(
        (begun.customer, begun.owner, begun.epoch),
        (customer, Some(agent), 1)
    );
    assert_eq!(
        (begun.state, begun.last_seq, begun.unread),
        (ConversationState::Active, 0, 0)
    );
    assert_eq!(world.memory.messages.len(), messages, "nothing is said by itself");
    assert!(world.memory.served.contains(&(customer, agent, begun.id)));
}

fn conversation(reply: Reply) -> Conversation {
    match reply {
        Reply::Conversation(conversation) => conversation,
        other => panic!("{other:?}"),
    }
}

/// Whether a command may give this conversation to this agent.
pub(crate) fn gives(command: &Command, conversation: &Conversation, to: AgentId) -> bool {
    let Command::Contact { agent, customer, .. } = command else {
        return false;
    };
    *agent == to && *customer == conversation.customer
}
