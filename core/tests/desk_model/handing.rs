//! What deleting, offering, taking and giving back have to answer and to leave behind.
use crate::expect::refused;
use crate::script::{Epoch, Which, Who};
use crate::world::World;
use weikefu_core::desk::{Command, Reply};
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::records::{Author, Conversation, ConversationState, StoredContent};

pub(crate) fn online(world: &World, agent: AgentId) -> bool {
    world
        .memory
        .agents
        .get(&agent)
        .is_some_and(weikefu_core::records::DeskAgent::is_online)
}

struct Asked {
    conversation: ConversationId,
    agent: AgentId,
    epoch: u32,
    before: Option<Conversation>,
}

fn asked(world: &World, who: Who, which: Which, epoch: Epoch) -> Asked {
    let conversation = world.pick(which);
    Asked {
        conversation,
        agent: world.who(who, conversation),
        epoch: world.epoch(conversation, epoch),
        before: world.memory.conversations.get(&conversation).cloned(),
    }
}

pub(crate) fn dismiss(world: &mut World, who: Who, which: Which, epoch: Epoch) {
    let Asked {
        conversation,
        agent,
        epoch,
        before,
    } = asked(world, who, which, epoch);
    let messages = world.memory.messages.len();
    let answer = world.run(Command::Dismiss {
        agent,
        conversation,
        epoch,
    });
    let expected = match &before {
        _ if !world.memory.agents.contains_key(&agent) => "not_at_desk",
        None => "not_found",
        Some(before) if before.dismissed => "fine",
        Some(before) if before.state == ConversationState::Waiting && before.epoch == epoch => "fine",
        Some(_) => "conversation_taken",
    };
    assert_eq!(refused(&answer), expected, "{before:?}");
    if expected == "fine" {
        let stored = &world.memory.conversations[&conversation];
        assert!(stored.dismissed && stored.state == ConversationState::Closed);
        assert_eq!(world.memory.messages.len(), messages, "deleting says nothing");
    }
}

pub(crate) fn offer(
    world: &mut World,
    (who, senior): (Who, bool),
    which: Which,
    epoch: Epoch,
    to: AgentId,
    note: bool,
) {
    let Asked {
        conversation,
        agent,
        epoch,
        before,
    } = asked(world, who, which, epoch);
    let note = if note { "老客户" } else { "" };
    let answer = world.run(Command::Offer {
        agent,
        senior,
        conversation,
        epoch,
        to,
        note: note.into(),
    });
    let expected = match &before {
        None => "not_found",
        Some(before) if before.state == ConversationState::Closed => "conversation_closed",
        Some(before) if before.state == ConversationState::Waiting => "not_owner",
        Some(before) if before.owner != Some(agent) && !senior => "not_owner",
        Some(before) if before.epoch != epoch => "conversation_taken",
        Some(before) if before.owner == Some(to) => "invalid",
        Some(_) if !online(world, to) => "receiver_offline",
        Some(_) => "fine",
    };
    assert_eq!(refused(&answer), expected, "{before:?}");
    let Ok(Reply::Conversation(now)) = answer else {
        return;
    };
    let before = before.unwrap();
    let offer = now.transfer.as_ref().unwrap();
    assert_eq!((offer.to, offer.note.as_str()), (to, note));
    assert_eq!((now.owner, now.epoch), (before.owner, before.epoch));
    let again = before
        .transfer
        .as_ref()
        .is_some_and(|known| (known.to, &known.note) == (to, &offer.note));
    if again {
        assert_eq!(now, before, "the same offer again changes nothing");
    } else {
        let patience = world.desk.settings().transfer_seconds;
        assert_eq!(
            (offer.from, offer.at, offer.until),
            (agent, world.now, world.now + i64::from(patience) * 1000)
        );
    }
}

pub(crate) fn take(world: &mut World, who: Who, which: Which, epoch: Epoch) {
    let Asked {
        conversation,
        agent,
        epoch,
        before,
    } = asked(world, who, which, epoch);
    let answer = world.run(Command::Take {
        agent,
        conversation,
        epoch,
    });
    let expected = match &before {
        None => "not_found",
        Some(before) if before.state == ConversationState::Closed => "conversation_closed",
        Some(before) if before.owner == Some(agent) => "fine",
        Some(before) if before.offered_to() != Some(agent) => "transfer_over",
        Some(before) if before.epoch != epoch => "conversation_taken",
        Some(_) => "fine",
    };
    assert_eq!(refused(&answer), expected, "{before:?}");
    let Ok(Reply::Conversation(now)) = answer else {
        return;
    };
    let before = before.unwrap();
    assert_eq!(now.owner, Some(agent));
    if before.owner == Some(agent) {
        return assert_eq!(now, before);
    }
    assert_eq!((now.transfer.as_ref(), now.epoch), (None, before.epoch + 1));
    let offer = before.transfer.unwrap();
    if offer.note.is_empty() {
        assert_eq!(now.last_seq, before.last_seq);
    } else {
        let note = &world.memory.messages[&(conversation, before.last_seq + 1)];
        assert_eq!(note.author, Author::Note(offer.from));
        assert_eq!(note.content, StoredContent::Text(offer.note));
        assert!(note.delivery.is_none() && !note.is_for_customer());
        assert_eq!(now.last, before.last, "a note is no last word");
    }
}

pub(crate) fn decline(world: &mut World, who: Who, which: Which, epoch: Epoch) {
    let Asked {
        conversation,
        agent,
        epoch,
        before,
    } = asked(world, who, which, epoch);
    let answer = world.run(Command::Decline {
        agent,
        conversation,
        epoch,
    });
    let mine = before
        .as_ref()
        .is_some_and(|before| before.offered_to() == Some(agent));
    let expected = given_back(
        before.as_ref(),
        epoch,
        if mine { "fine" } else { "transfer_over" },
    );
    assert_eq!(refused(&answer), expected, "{before:?}");
    stays(world, conversation, before, expected);
}

pub(crate) fn withdraw(world: &mut World, (who, senior): (Who, bool), which: Which, epoch: Epoch) {
    let Asked {
        conversation,
        agent,
        epoch,
        before,
    } = asked(world, who, which, epoch);
    let answer = world.run(Command::Withdraw {
        agent,
        senior,
        conversation,
        epoch,
    });
    let offer = before.as_ref().and_then(|before| before.transfer.as_ref());
    let owner = before.as_ref().and_then(|before| before.owner);
    let may = senior || owner == Some(agent) || offer.is_some_and(|offer| offer.from == agent);
    let otherwise = match (may, offer) {
        (false, _) => "not_owner",
        (true, None) => "transfer_over",
        (true, Some(_)) => "fine",
    };
    let expected = given_back(before.as_ref(), epoch, otherwise);
    assert_eq!(refused(&answer), expected, "{before:?}");
    stays(world, conversation, before, expected);
}

fn given_back(before: Option<&Conversation>, epoch: u32, otherwise: &'static str) -> &'static str {
    match before {
        None => "not_found",
        Some(before) if before.state == ConversationState::Closed => "conversation_closed",
        Some(before) if otherwise == "fine" && before.epoch != epoch => "conversation_taken",
        Some(_) => otherwise,
    }
}

fn stays(world: &World, id: ConversationId, before: Option<Conversation>, expected: &str) {
    let (Some(before), "fine") = (before, expected) else {
        return;
    };
    let expected = Conversation {
        transfer: None,
        ..before
    };
    assert_eq!(
        world.desk.conversation(id),
        Some(&expected),
        "nothing but the offer has gone"
    );
}
