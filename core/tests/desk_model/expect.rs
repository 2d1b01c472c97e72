//! What each command has to answer and to leave behind, said independently of how the desk does it.
use crate::handing::online;
use crate::script::{Epoch, Place, Which, Who};
use crate::timed;
use crate::world::{Answer, World, address, arrival, done, rules, sent_at, written};
use weikefu_channel::{Action, Content, Inbound, Profile, Refused, Stored};
use weikefu_core::desk::{AgentSettings, Command, DeliveryResult, Reply, Standing};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId};
use weikefu_core::records::{
    Author, Auto, ConversationState, DeliveryState, ShopSettings, StoredContent, Way,
};

pub(crate) fn refused(answer: &Answer) -> &'static str {
    match answer {
        Ok(_) => "fine",
        Err(refusal) => refusal.code().0,
    }
}

/// Nothing of a customer on the blacklist is stored.
fn turned_away(world: &World, channel: ChannelId, peer: &str, stored: &Stored, kept: usize) -> bool {
    let customer = world.memory.customer_at(channel, peer);
    let blocked = customer.is_some_and(|known| known.blocked.is_some());
    // A repetition of what came before is answered as it was then.
    assert_eq!(
        stored.refused,
        (blocked && !stored.duplicate).then_some(Refused::Blocked)
    );
    if stored.refused.is_some() {
        assert_eq!(stored.cursor, None);
        assert_eq!(world.memory.messages.len() + world.memory.behaviours.len(), kept);
    }
    stored.refused.is_some()
}

fn receive(world: &mut World, channel: ChannelId, inbound: Inbound) -> Stored {
    let key = (channel, inbound.peer.clone(), inbound.dedupe.clone());
    let events = world.desk.last_event();
    let slot = inbound.passive;
    let command = Command::Receive {
        channel,
        inbound,
        rules: rules(channel),
    };
    let Ok(Reply::Stored(stored)) = world.run(command) else {
        panic!("an arrival within its bounds is never refused");
    };
    if let Some(&(cursor, at)) = world.arrived.get(&key) {
        assert_eq!((stored.duplicate, stored.cursor, stored.at), (true, cursor, at));
        assert_eq!(stored.passive, None, "a repetition is answered without a text");
        assert_eq!(world.desk.last_event(), events, "a repetition is no news");
    } else {
        assert!(!stored.duplicate);
        assert_eq!(stored.at, world.now);
        if stored.refused.is_some() {
            return stored;
        }
        if let Some(passive) = &stored.passive {
            let place = (ConversationId(passive.cursor.conversation), passive.cursor.seq);
            let message = &world.memory.messages[&place];
            let delivery = message.delivery.as_ref().unwrap();
            assert!(slot.is_some() && !matches!(message.author, Author::Customer | Author::Agent(_)));
            assert_eq!(
                (delivery.state, delivery.way),
                (DeliveryState::Sending, Way::Passive)
            );
            assert_eq!(message.content, StoredContent::Text(passive.text.clone()));
        }
        world.arrived.insert(key, (stored.cursor, stored.at));
    }
    stored
}

pub(crate) fn message(world: &mut World, from: u32, id: u32, content: Content, profile: Profile) {
    let (channel, inbound) = arrival(from, id, profile, written(content.clone()));
    let (peer, dedupe) = (inbound.peer.clone(), inbound.dedupe.clone());
    let kept = world.memory.messages.len() + world.memory.behaviours.len();
    let stored = receive(world, channel, inbound);
    if turned_away(world, channel, &peer, &stored, kept) || stored.duplicate {
        return;
    }
    let cursor = stored.cursor.expect("a message has a place");
    let id = ConversationId(cursor.conversation);
    let message = &world.memory.messages[&(id, cursor.seq)];
    assert_eq!(message.author, Author::Customer);
    assert_eq!(message.client_id, Some(dedupe));
    assert_eq!(message.content, StoredContent::from(content));
    let conversation = world.desk.conversation(id).unwrap();
    assert_eq!((conversation.channel, &conversation.peer), (channel, &peer));
    assert!(conversation.unread > 0);
    timed::told_why(world, id);
}

pub(crate) fn behaviour(world: &mut World, from: u32, id: u32, profile: Profile, action: Action) {
    let (channel, inbound) = arrival(from, id, profile, done(action));
    let before = world.memory.behaviours.len();
    let peer = inbound.peer.clone();
    let kept = world.memory.messages.len() + before;
    let stored = receive(world, channel, inbound);
    if turned_away(world, channel, &peer, &stored, kept) {
        return;
    }
    assert!(stored.duplicate || stored.cursor.is_none());
    assert_eq!(
        world.memory.behaviours.len(),
        before + usize::from(!stored.duplicate)
    );
}

pub(crate) fn amend(world: &mut World, from: u32, id: u32, content: Content) {
    let (channel, peer) = address(from);
    let dedupe = format!("id{id}");
    let place = world
        .arrived
        .get(&(channel, peer.clone(), dedupe.clone()))
        .copied();
    let answer = world.run(Command::Amend {
        channel,
        peer,
        dedupe,
        sent_at: sent_at(id),
        content: content.clone(),
    });
    match place.and_then(|(cursor, _)| cursor) {
        Some(cursor) => {
            let message = &world.memory.messages[&(ConversationId(cursor.conversation), cursor.seq)];
            assert_eq!(message.content, StoredContent::from(content));
        }
        None => assert_eq!(refused(&answer), "not_found"),
    }
}

pub(crate) fn join(world: &mut World, agent: AgentId) {
    let known = world.memory.agents.get(&agent).cloned();
    let Ok(Reply::Agent(record)) = world.run(Command::Join { agent }) else {
        panic!("joining is never refused");
    };
    assert_eq!(
        record,
        known.unwrap_or_else(|| world.memory.agents[&agent].clone())
    );
}

pub(crate) fn leave(world: &mut World, agent: AgentId) {
    let known = world.memory.agents.contains_key(&agent);
    let answer = world.run(Command::Leave { agent });
    assert_eq!(refused(&answer), if known { "fine" } else { "not_at_desk" });
    assert!(!world.memory.agents.contains_key(&agent));
    assert_eq!(world.desk.load(agent), 0);
}

pub(crate) fn suspend(world: &mut World, agent: AgentId) {
    let before = world.memory.agents.get(&agent).cloned();
    let answer = world.run(Command::Suspend { agent });
    assert_eq!(world.desk.load(agent), 0);
    let Some(before) = before else {
        return assert_eq!(refused(&answer), "not_at_desk");
    };
    assert_eq!(refused(&answer), "fine");
    let after = &world.memory.agents[&agent];
    assert!(!after.is_online());
    assert_eq!(
        (after.auto, after.limit, &after.greeting),
        (before.auto, before.limit, &before.greeting)
    );
}

pub(crate) fn set_online(world: &mut World, agent: AgentId, online: bool) {
    let held: Vec<ConversationId> = world.desk.held_by(agent).map(|c| c.id).collect();
    let answer = world.run(Command::SetOnline { agent, online });
    let Some(record) = world.memory.agents.get(&agent) else {
        return assert_eq!(refused(&answer), "not_at_desk");
    };
    assert_eq!(record.is_online(), online);
    assert_eq!(answer.unwrap(), Reply::Agent(record.clone()));
    keeps(world, agent, &held);
}

pub(crate) fn configure(world: &mut World, agent: AgentId, settings: &AgentSettings) {
    let held: Vec<ConversationId> = world.desk.held_by(agent).map(|c| c.id).collect();
    let answer = world.run(Command::Configure {
        agent,
        settings: settings.clone(),
    });
    let Some(record) = world.memory.agents.get(&agent) else {
        return assert_eq!(refused(&answer), "not_at_desk");
    };
    assert_eq!(AgentSettings::of(record), *settings);
    keeps(world, agent, &held);
}

/// Neither going offline nor a lower limit takes a customer away.
fn keeps(world: &World, agent: AgentId, held: &[ConversationId]) {
    for &id in held {
        assert_eq!(world.desk.conversation(id).unwrap().owner, Some(agent));
    }
}

pub(crate) fn accept(world: &mut World, who: Who, which: Which, epoch: Epoch) {
    let conversation = world.pick(which);
    let agent = world.who(who, conversation);
    let epoch = world.epoch(conversation, epoch);
    press(world, agent, conversation, epoch);
}

/// Presses 接入 and checks the answer against the rules. Returns whether the agent holds the customer then.
fn press(world: &mut World, agent: AgentId, conversation: ConversationId, epoch: u32) -> bool {
    let at_desk = world.memory.agents.contains_key(&agent);
    let before = world.memory.conversations.get(&conversation).cloned();
    let answer = world.run(Command::Accept {
        agent,
        conversation,
        epoch,
    });
    let expected = match &before {
        _ if !at_desk => "not_at_desk",
        None => "not_found",
        Some(before) if before.owner == Some(agent) => "fine",
        Some(before) if before.state == ConversationState::Closed => "conversation_taken",
        Some(_) if !online(world, agent) => "agent_offline",
        Some(before) if before.state == ConversationState::Waiting && before.epoch == epoch => "fine",
        Some(_) => "conversation_taken",
    };
    assert_eq!(refused(&answer), expected, "{before:?}");
    let Ok(Reply::Conversation(now)) = answer else {
        return false;
    };
    assert_eq!(Some(&now), world.desk.conversation(conversation));
    assert_eq!(now.owner, Some(agent));
    if before.as_ref().is_some_and(|before| before.owner == Some(agent)) {
        return true;
    }
    let greeting = world.memory.agents[&agent].greeting.clone();
    if !greeting.is_empty() && before.is_none_or(|before| before.said(Auto::Greeting).is_none()) {
        let greeted = &world.memory.messages[&(conversation, now.last_seq)];
        assert_eq!(greeted.author, Author::Greeting(agent));
        assert_eq!(greeted.content, StoredContent::Text(greeting));
    }
    true
}

/// Of two agents who saw the same, exactly one wins and the other is told; the winner may press again.
pub(crate) fn race(world: &mut World, first: AgentId, second: AgentId, which: Which) {
    let conversation = world.pick(which);
    let epoch = world.epoch(conversation, Epoch::Current);
    let waits = world
        .desk
        .conversation(conversation)
        .is_some_and(|c| c.state == ConversationState::Waiting);
    let first_wins = press(world, first, conversation, epoch);
    let second_wins = press(world, second, conversation, epoch);
    if waits && first != second {
        assert!(!(first_wins && second_wins), "two winners");
        let able = |agent| online(world, agent);
        assert_eq!(
            first_wins || second_wins,
            able(first) || able(second),
            "nobody won"
        );
    }
    if first_wins {
        let stored = world.memory.messages.len();
        assert!(press(world, first, conversation, epoch));
        assert_eq!(
            world.memory.messages.len(),
            stored,
            "pressing again greets nobody twice"
        );
    }
}

pub(crate) fn close(world: &mut World, who: Who, senior: bool, which: Which, epoch: Epoch) {
    let conversation = world.pick(which);
    let agent = world.who(who, conversation);
    let epoch = world.epoch(conversation, epoch);
    let before = world.memory.conversations.get(&conversation).cloned();
    let answer = world.run(Command::Close {
        agent,
        senior,
        conversation,
        epoch,
    });
    let expected = match &before {
        None => "not_found",
        Some(before) if before.state == ConversationState::Closed => "fine",
        Some(before) if before.owner != Some(agent) && !senior => "not_owner",
        Some(before) if before.epoch != epoch => "conversation_taken",
        Some(_) => "fine",
    };
    assert_eq!(refused(&answer), expected, "{before:?}");
    if expected == "fine" {
        let stored = &world.memory.conversations[&conversation];
        assert_eq!((stored.state, stored.unread), (ConversationState::Closed, 0));
        assert_eq!(answer.unwrap(), Reply::Conversation(stored.clone()));
    }
}

/// The refusal of what only the owner of an open conversation may do.
fn owner_only(world: &World, agent: AgentId, conversation: ConversationId) -> &'static str {
    match world.memory.conversations.get(&conversation) {
        None => "not_found",
        Some(known) if known.state == ConversationState::Closed => "conversation_closed",
        Some(known) if known.owner != Some(agent) => "not_owner",
        Some(_) => "fine",
    }
}

/// The refusal of what only an owner who is online may do.
fn writer_only(world: &World, agent: AgentId, conversation: ConversationId) -> &'static str {
    match owner_only(world, agent, conversation) {
        "fine" if !online(world, agent) => "agent_offline",
        other => other,
    }
}

pub(crate) fn read(world: &mut World, who: Who, which: Which, all: bool) {
    let conversation = world.pick(which);
    let agent = world.who(who, conversation);
    let last = world
        .memory
        .conversations
        .get(&conversation)
        .map_or(0, |c| c.last_seq);
    let unread = world.desk.conversation(conversation).map_or(0, |c| c.unread);
    let expected = owner_only(world, agent, conversation);
    let seq = if all { last } else { last.saturating_sub(1) };
    let answer = world.run(Command::Read {
        agent,
        conversation,
        seq,
    });
    assert_eq!(refused(&answer), expected);
    if expected == "fine" {
        let now = world.desk.conversation(conversation).unwrap().unread;
        assert_eq!(now, if all { 0 } else { unread });
    }
}

/// The refusal of what the platform would not take.
fn reachable(world: &World, conversation: ConversationId, force: bool) -> &'static str {
    let conversation = &world.memory.conversations[&conversation];
    let address = (conversation.channel, conversation.peer.clone());
    let reach = world.memory.reaches.get(&address);
    // The time is that of the command to come.
    match reach.and_then(|reach| reach.allowance(world.now + 1000)) {
        Some(allowance) if !force => match allowance.standing() {
            Standing::Spent => "reach_spent",
            Standing::Closed => "reach_closed",
            _ => "fine",
        },
        _ => "fine",
    }
}

pub(crate) fn send(world: &mut World, who: Who, which: Which, client_id: u32, content: Content, force: bool) {
    let conversation = world.pick(which);
    let agent = world.who(who, conversation);
    let client_id = format!("c{client_id}");
    let key = (conversation, agent, client_id.clone());
    let expected = match world.sent.get(&key) {
        Some(_) => "fine",
        None => match writer_only(world, agent, conversation) {
            "fine" => reachable(world, conversation, force),
            other => other,
        },
    };
    let answer = world.run(Command::Send {
        agent,
        conversation,
        client_id,
        content: content.clone(),
        force,
    });
    assert_eq!(refused(&answer), expected);
    let Ok(Reply::Message(id, seq, message)) = answer else {
        return;
    };
    assert_eq!(
        (id, &message),
        (conversation, &world.memory.messages[&(conversation, seq)])
    );
    if let Some(&first) = world.sent.get(&key) {
        return assert_eq!(seq, first, "the same id is the same message");
    }
    assert_eq!(message.content, StoredContent::from(content));
    assert_eq!(message.delivery.unwrap().state, DeliveryState::Queued);
    assert_eq!(
        world.desk.conversation(conversation).unwrap().unread,
        0,
        "who answers has read"
    );
    world.sent.insert(key, seq);
}

fn state(world: &World, place: (ConversationId, u32)) -> Option<DeliveryState> {
    let message = world.memory.messages.get(&place)?;
    message.delivery.as_ref().map(|delivery| delivery.state)
}

pub(crate) fn retry(world: &mut World, who: Who, place: Place, force: bool) {
    let (conversation, seq) = world.place(place);
    let agent = world.who(who, conversation);
    let before = state(world, (conversation, seq));
    let expected = match writer_only(world, agent, conversation) {
        "fine" => match before {
            Some(DeliveryState::Failed | DeliveryState::Unknown) => reachable(world, conversation, force),
            // Somebody was faster.
            Some(DeliveryState::Queued | DeliveryState::Sending) => "fine",
            _ => "nothing_to_retry",
        },
        other => other,
    };
    let answer = world.run(Command::Retry {
        agent,
        conversation,
        seq,
        force,
    });
    assert_eq!(refused(&answer), expected);
    let now = match before {
        Some(DeliveryState::Failed | DeliveryState::Unknown) if expected == "fine" => {
            Some(DeliveryState::Queued)
        }
        _ => before,
    };
    assert_eq!(state(world, (conversation, seq)), now);
}

/// The refusal of what is only possible while a message is on its way.
fn under_way(world: &World, place: (ConversationId, u32)) -> &'static str {
    if !world.memory.messages.contains_key(&place) {
        return "not_found";
    }
    match state(world, place) {
        Some(DeliveryState::Queued | DeliveryState::Sending) => "fine",
        _ => "nothing_to_retry",
    }
}

pub(crate) fn delivering(world: &mut World, place: Place) {
    let (conversation, seq) = world.place(place);
    let expected = under_way(world, (conversation, seq));
    let answer = world.run(Command::Delivering { conversation, seq });
    assert_eq!(refused(&answer), expected);
    if expected == "fine" {
        let message = &world.memory.messages[&(conversation, seq)];
        let (state, way) = message.delivery.as_ref().map(|it| (it.state, it.way)).unwrap();
        match state {
            DeliveryState::Sending => {}
            // It waited for too long; only where somebody counts.
            DeliveryState::Failed => assert!(matches!(message.author, Author::Agent(_))),
            DeliveryState::Suppressed => assert!(!matches!(message.author, Author::Agent(_))),
            other => panic!("{other:?}"),
        }
        let counted = world.memory.conversations[&conversation].channel == ChannelId(2);
        assert!(state == DeliveryState::Sending || (way == Way::Counted && counted));
    }
}

pub(crate) fn delivered(world: &mut World, place: Place, result: DeliveryResult) {
    let (conversation, seq) = world.place(place);
    let expected = under_way(world, (conversation, seq));
    let answer = world.run(Command::Delivered {
        conversation,
        seq,
        result: result.clone(),
    });
    assert_eq!(refused(&answer), expected);
    if expected == "fine" {
        let now = match result {
            DeliveryResult::Accepted { .. } => DeliveryState::Accepted,
            DeliveryResult::Failed { .. } => DeliveryState::Failed,
            DeliveryResult::Unknown { .. } => DeliveryState::Unknown,
            DeliveryResult::Queued => DeliveryState::Queued,
        };
        assert_eq!(state(world, (conversation, seq)), Some(now));
    }
}

/// Whatever is larger than a record can hold is refused before it is decided.
pub(crate) fn oversized(world: &mut World, kind: u32) {
    let long = "长".repeat(30_000);
    let (channel, mut inbound) = arrival(0, 0, Profile::default(), written(Content::text(long.clone())));
    let command = match kind {
        0 => Command::Receive {
            channel,
            inbound,
            rules: rules(channel),
        },
        1 => {
            inbound.what = done(Action::PageView);
            inbound.peer = long;
            Command::Receive {
                channel,
                inbound,
                rules: rules(channel),
            }
        }
        2 => Command::Configure {
            agent: AgentId(1),
            settings: AgentSettings::accepting(true, u32::MAX, ""),
        },
        3 => Command::Send {
            agent: AgentId(1),
            conversation: world.pick(Which::Missing),
            client_id: "c".into(),
            content: Content::text(long),
            force: true,
        },
        4 => Command::Configure {
            agent: AgentId(1),
            settings: AgentSettings::accepting(true, 3, &long),
        },
        5 => Command::ConfigureShop {
            settings: ShopSettings {
                busy_text: long,
                ..ShopSettings::default()
            },
        },
        _ => Command::Offer {
            agent: AgentId(1),
            senior: true,
            conversation: world.pick(Which::Missing),
            epoch: 1,
            to: AgentId(2),
            note: long,
        },
    };
    let answer = world.run(command);
    assert!(
        matches!(answer, Err(Refusal::TooLarge { .. } | Refusal::Invalid { .. })),
        "{answer:?}"
    );
}
