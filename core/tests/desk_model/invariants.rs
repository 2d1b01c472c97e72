//! What holds after every command, and what a command may do to what was before it.
use crate::deadlines;
use crate::memory::Memory;
use std::collections::{BTreeMap, BTreeSet};
use weikefu_core::desk::{Command, Desk, Event, Happening, Stuck};
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::records::{Author, Conversation, ConversationState, DeliveryState, StoredContent, Way};

/// The state alone.
pub(crate) fn hold(desk: &Desk, memory: &Memory) {
    assert_eq!(*desk, memory.rebuild(), "live state and stored state differ");
    owners(desk, memory);
    waiting(desk);
    for conversation in memory.conversations.values() {
        history(conversation, memory);
    }
    outbox(memory);
    crate::customers::hold(desk, memory);
    ledger(memory);
    deadlines::hold(desk, memory);
    for customer in memory.customers.values() {
        let opened = memory
            .conversations
            .values()
            .filter(|conversation| conversation.customer == customer.id)
            .count();
        assert_eq!(customer.conversations as usize, opened, "{customer:?}");
    }
}

fn owners(desk: &Desk, memory: &Memory) {
    let stored: BTreeMap<ConversationId, &Conversation> = memory
        .open()
        .map(|conversation| (conversation.id, conversation))
        .collect();
    let live: BTreeMap<ConversationId, &Conversation> = desk
        .open()
        .map(|conversation| (conversation.id, conversation))
        .collect();
    assert_eq!(live, stored, "what is open");
    let mut addresses = BTreeSet::new();
    for conversation in live.values() {
        assert_eq!(
            conversation.owner.is_some(),
            conversation.state == ConversationState::Active,
            "an owner exactly when active: {conversation:?}"
        );
        let address = (conversation.channel, conversation.peer.clone());
        assert!(addresses.insert(address), "two open conversations of one address");
        let found = desk.conversation_with(conversation.channel, &conversation.peer);
        assert_eq!(found, Some(*conversation));
        assert_eq!(
            desk.customer(conversation.customer),
            memory.customers.get(&conversation.customer)
        );
    }
    // Every active conversation is held by exactly one agent, who is at the desk.
    let mut held = BTreeMap::new();
    for agent in desk.agents() {
        let load = desk.held_by(agent.agent).count();
        assert_eq!(desk.load(agent.agent) as usize, load);
        for conversation in desk.held_by(agent.agent) {
            assert_eq!(conversation.owner, Some(agent.agent));
            assert_eq!(held.insert(conversation.id, agent.agent), None, "two owners");
        }
    }
    let active = live
        .values()
        .filter(|c| c.state == ConversationState::Active)
        .count();
    assert_eq!(held.len(), active, "somebody's conversation is in nobody's list");
}

fn waiting(desk: &Desk) {
    let tickets: Vec<u64> = desk.waiting().map(|conversation| conversation.ticket).collect();
    assert!(
        tickets.is_sorted_by(|a, b| a < b),
        "first come, first served: {tickets:?}"
    );
    let all = desk
        .open()
        .filter(|c| c.state == ConversationState::Waiting)
        .count();
    assert_eq!(tickets.len(), all, "the waiting list is whole");
    let room = desk
        .agents()
        .find(|agent| agent.is_online() && agent.auto && desk.load(agent.agent) < agent.limit);
    assert!(
        tickets.is_empty() || room.is_none(),
        "somebody waits while {room:?} has room"
    );
}

fn history(conversation: &Conversation, memory: &Memory) {
    let numbers: Vec<u32> = memory.messages_of(conversation.id).map(|(seq, _)| seq).collect();
    let expected: Vec<u32> = (1..=conversation.last_seq).collect();
    assert_eq!(
        numbers, expected,
        "sequence numbers without gaps: {conversation:?}"
    );
    let written = memory
        .messages_of(conversation.id)
        .filter(|(_, message)| message.author == Author::Customer)
        .count();
    assert!(conversation.unread as usize <= written, "{conversation:?}");
    let said = memory
        .messages_of(conversation.id)
        .filter(|(_, message)| !matches!(message.author, Author::Note(_)))
        .last();
    let Some((_, last)) = said else {
        // An agent has begun it and nobody has said anything yet.
        return assert_eq!((&conversation.last, conversation.unread), (&None, 0));
    };
    let preview = conversation.last.as_ref().unwrap();
    assert_eq!((preview.at, preview.from), (last.at, last.author.speaker()));
    // What is closed stays as it is, even when the file of its last message arrives later.
    if let StoredContent::Text(text) = &last.content
        && conversation.state != ConversationState::Closed
    {
        assert_eq!(preview.text, text.chars().take(80).collect::<String>());
    }
}

fn outbox(memory: &Memory) {
    let under_way: BTreeSet<(ConversationId, u32)> = memory
        .messages
        .iter()
        .filter(|(_, message)| {
            message.delivery.as_ref().is_some_and(|delivery| {
                matches!(delivery.state, DeliveryState::Queued | DeliveryState::Sending)
            })
        })
        .map(|(&place, _)| place)
        .collect();
    let entries: BTreeSet<(ConversationId, u32)> = memory.outbox.keys().copied().collect();
    assert_eq!(
        entries, under_way,
        "the outbox holds what is under way and nothing else"
    );
    for message in memory.messages.values() {
        let stays = matches!(message.author, Author::Customer | Author::Note(_));
        assert_eq!(message.delivery.is_none(), stays);
    }
}

/// What is on its way is reserved, once; what did not get out can be found, and says why.
fn ledger(memory: &Memory) {
    let mut pending: BTreeMap<_, u32> = BTreeMap::new();
    let mut stuck = BTreeSet::new();
    for (&(conversation, seq), message) in &memory.messages {
        let Some(delivery) = &message.delivery else {
            continue;
        };
        let of = &memory.conversations[&conversation];
        if delivery.is_under_way() && delivery.way != Way::Passive {
            *pending.entry((of.channel, of.peer.clone())).or_default() += 1;
        }
        let (state, at) = (delivery.state, delivery.at);
        if matches!(
            state,
            DeliveryState::Failed | DeliveryState::Unknown | DeliveryState::Suppressed
        ) {
            stuck.insert(Stuck {
                state,
                at,
                conversation,
                seq,
            });
        }
        assert_eq!(delivery.suppressed.is_some(), state == DeliveryState::Suppressed);
        assert_eq!(delivery.proof.is_some(), state == DeliveryState::Accepted);
        assert_eq!(message.is_for_customer(), state != DeliveryState::Suppressed);
        let agents = matches!(message.author, Author::Agent(_));
        assert!(!(agents && state == DeliveryState::Suppressed));
    }
    for (address, reach) in memory.reaches.iter().filter(|(_, reach)| reach.limited) {
        assert_eq!(reach.pending, pending.get(address).copied().unwrap_or(0));
        let triggers: BTreeSet<_> = reach.grants.iter().map(|grant| grant.trigger).collect();
        assert_eq!(triggers.len(), reach.grants.len(), "one grant of a kind");
        assert!(reach.sent.is_sorted());
    }
    assert_eq!(memory.stuck, stuck);
}

/// From one state to the next.
pub(crate) fn follow(before: &Desk, after: &Desk, command: &Command, events: &[Event], now: i64) {
    for (at, event) in events.iter().enumerate() {
        assert_eq!(
            event.n,
            before.last_event() + 1 + at as u64,
            "event numbers without gaps"
        );
    }
    assert_eq!(after.last_event(), before.last_event() + events.len() as u64);
    for new in after.open() {
        if let Some(old) = before.conversation(new.id) {
            let moved = (old.state, old.owner) != (new.state, new.owner);
            assert_eq!(new.epoch > old.epoch, moved, "{old:?} -> {new:?}");
            assert!(new.last_seq >= old.last_seq);
            assert_eq!(
                (new.ticket, new.opened_at, &new.peer),
                (old.ticket, old.opened_at, &old.peer)
            );
        }
    }
    automatic(before, after, command, events);
    deadlines::follow(before, after, command, now);
}

/// Automatic acceptance: only eligible agents, up to the limit, and from the head of the list.
fn automatic(before: &Desk, after: &Desk, command: &Command, events: &[Event]) {
    let by_hand = match command {
        Command::Accept {
            agent, conversation, ..
        }
        | Command::Take {
            agent, conversation, ..
        } => Some((*conversation, *agent)),
        _ => None,
    };
    let mut pulled: Vec<&Conversation> = Vec::new();
    for agent in after.agents() {
        let got: Vec<&Conversation> = after
            .held_by(agent.agent)
            .filter(|new| before.conversation(new.id).and_then(|old| old.owner) != Some(agent.agent))
            .filter(|new| by_hand != Some((new.id, agent.agent)))
            .filter(|new| !crate::contact::gives(command, new, agent.agent))
            .collect();
        if !got.is_empty() {
            assert!(agent.is_online() && agent.auto, "{agent:?} got {got:?}");
            assert!(
                after.load(agent.agent) <= agent.limit,
                "{agent:?} is above the limit"
            );
        }
        pulled.extend(got);
    }
    let last_pulled = pulled.iter().map(|conversation| conversation.ticket).max();
    let first_waiting = after.waiting().next().map(|conversation| conversation.ticket);
    if let (Some(pulled), Some(waiting)) = (last_pulled, first_waiting) {
        assert!(pulled < waiting, "{pulled} was taken before {waiting}");
    }
    // They were handed over in the order of their tickets.
    let mut handed: Vec<(u64, Option<AgentId>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for event in events {
        if let Happening::Conversation { conversation, .. } = &event.what
            && pulled.iter().any(|pulled| pulled.id == conversation.id)
            && conversation.state == ConversationState::Active
            && before.conversation(conversation.id).and_then(|old| old.owner) != conversation.owner
            && seen.insert(conversation.id)
        {
            handed.push((conversation.ticket, conversation.owner));
        }
    }
    assert!(handed.is_sorted_by_key(|(ticket, _)| *ticket), "{handed:?}");
}
