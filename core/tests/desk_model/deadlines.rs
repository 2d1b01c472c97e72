//! Offers, deadlines and automatic texts: what holds of them at any time, derived from what is stored.
use crate::memory::Memory;
use weikefu_core::desk::{Command, Desk};
use weikefu_core::records::{Author, Auto, Conversation, ConversationState, Message};

/// The state alone.
pub(crate) fn hold(desk: &Desk, memory: &Memory) {
    for conversation in memory.open() {
        offer(desk, conversation);
        asked(conversation, memory);
    }
    for conversation in memory.conversations.values() {
        texts(conversation, memory);
    }
    due(desk, memory);
}

fn offer(desk: &Desk, conversation: &Conversation) {
    let Some(offer) = &conversation.transfer else {
        return;
    };
    assert_eq!(conversation.state, ConversationState::Active);
    let receiver = desk.agent(offer.to).expect("the receiver is at the desk");
    assert!(receiver.is_online(), "{offer:?} to {receiver:?}");
    assert_ne!(conversation.owner, Some(offer.to));
    assert!(offer.until > offer.at);
    let shown = desk.offered_to(offer.to).any(|open| open.id == conversation.id);
    assert!(shown, "the receiver sees what he is offered");
    let all = desk
        .agents()
        .map(|agent| desk.offered_to(agent.agent).count())
        .sum::<usize>();
    assert_eq!(all, desk.open().filter(|open| open.transfer.is_some()).count());
}

/// Who waits for an answer follows from who wrote.
fn asked(conversation: &Conversation, memory: &Memory) {
    let mut asked = None;
    let mut wrote = conversation.opened_at;
    for (_, message) in memory.messages_of(conversation.id) {
        match message.author {
            Author::Customer => asked = asked.or(Some(message.at)),
            Author::Agent(_) => asked = None,
            _ => continue,
        }
        wrote = message.at;
    }
    assert_eq!(conversation.asked_at, asked, "{conversation:?}");
    assert!(conversation.stirred_at >= wrote, "{conversation:?}");
}

/// Greeting and closing once a conversation, the others once a conversation and half an hour.
fn texts(conversation: &Conversation, memory: &Memory) {
    for auto in [
        Auto::Greeting,
        Auto::Closing,
        Auto::Offline,
        Auto::Nobody,
        Auto::Busy,
    ] {
        let said: Vec<&Message> = memory
            .messages_of(conversation.id)
            .filter(|(_, message)| message.author.auto() == Some(auto))
            .map(|(_, message)| message)
            .collect();
        let once = matches!(auto, Auto::Greeting | Auto::Closing);
        assert!(!once || said.len() <= 1, "{auto:?} twice: {said:?}");
        let apart = said.windows(2).all(|pair| pair[1].at - pair[0].at >= 30 * 60_000);
        assert!(apart, "{auto:?} too often: {said:?}");
        assert_eq!(conversation.said(auto), said.last().map(|last| last.at));
    }
}

/// When the next thing happens by itself, by what is stored.
fn due(desk: &Desk, memory: &Memory) {
    let mut times = Vec::new();
    for open in memory.open() {
        times.extend(open.transfer.as_ref().map(|offer| offer.until));
        let close = open.owner.map(|owner| &memory.agents[&owner].close);
        let idle = close
            .filter(|close| close.on && open.asked_at.is_none() && open.transfer.is_none())
            .map(|close| open.stirred_at + i64::from(close.idle_minutes) * 60_000);
        assert_eq!(desk.closes_at(open), idle);
        times.extend(idle);
    }
    let patience = i64::from(desk.settings().away_seconds) * 1000;
    let online = memory.agents.values().filter(|agent| agent.is_online());
    times.extend(online.filter_map(|agent| Some(agent.gone_at? + patience)));
    assert_eq!(desk.next_due(), times.into_iter().min());
}

/// From one state to the next: what time alone may do.
pub(crate) fn follow(before: &Desk, after: &Desk, command: &Command, now: i64) {
    if *command != Command::Tick {
        return;
    }
    for old in before.open() {
        let Some(new) = after.conversation(old.id) else {
            assert_eq!(old.asked_at, None, "closed away unanswered: {old:?}");
            let at = old.owner.map(|owner| {
                let close = &before.agent(owner).unwrap().close;
                assert!(close.on);
                i64::from(close.idle_minutes) * 60_000 + old.stirred_at
            });
            // One whose offer went back in the same moment had been idle for that long as well.
            assert!(at.is_some_and(|at| at <= now), "closed too early: {old:?}");
            continue;
        };
        // Time gives waiting customers to nobody who is not there, and takes customers from nobody.
        assert!(old.owner.is_none() || old.owner == new.owner);
    }
    for agent in after.agents() {
        let old = before.agent(agent.agent).unwrap();
        if old.is_online() && !agent.is_online() {
            let patience = i64::from(before.settings().away_seconds) * 1000;
            assert!(old.gone_at.is_some_and(|gone| gone + patience <= now), "{old:?}");
        }
    }
}
