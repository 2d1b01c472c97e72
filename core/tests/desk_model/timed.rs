//! What pages, settings of the shop and the passing of time have to leave behind.
use crate::expect::refused;
use crate::world::World;
use weikefu_core::desk::Command;
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::records::{Auto, ConversationState, Presence, ShopSettings};

pub(crate) fn set_page(world: &mut World, agent: AgentId, open: bool) {
    let before = world.memory.agents.get(&agent).cloned();
    let answer = world.run(Command::SetPage { agent, open });
    let Some(before) = before else {
        return assert_eq!(refused(&answer), "not_at_desk");
    };
    let now = &world.memory.agents[&agent];
    assert_eq!(now.gone_at.is_none(), open);
    match before.presence {
        Presence::Lost { .. } if open => assert!(now.is_online(), "a page brings him back"),
        before => assert_eq!(now.presence, before),
    }
}

pub(crate) fn started(world: &mut World) {
    let before = world.memory.agents.clone();
    world.run(Command::Started).unwrap();
    for (id, now) in &world.memory.agents {
        assert_eq!(now.presence, before[id].presence, "a start sends nobody away");
        assert!(now.gone_at.is_some());
        assert!(!now.is_online() || now.gone_at == Some(world.now));
    }
}

pub(crate) fn tick(world: &mut World, seconds: u32) {
    world.now += i64::from(seconds) * 1000;
    world.run(Command::Tick).unwrap();
    let due = world.desk.next_due();
    assert!(
        due.is_none_or(|due| due > world.now),
        "what was due has been done"
    );
}

pub(crate) fn configure_shop(world: &mut World, settings: &ShopSettings) {
    let events = world.desk.last_event();
    let same = world.desk.settings() == settings;
    world
        .run(Command::ConfigureShop {
            settings: settings.clone(),
        })
        .unwrap();
    assert_eq!(world.desk.settings(), settings);
    assert_eq!(
        world.desk.last_event() == events,
        same,
        "everybody is told of a change"
    );
}

/// A customer has just written: if nobody can answer, and there is a word for that, it has been said within the
/// last half hour.
pub(crate) fn told_why(world: &World, id: ConversationId) {
    let Some(open) = world.desk.conversation(id) else {
        return;
    };
    let settings = world.desk.settings();
    let anybody = world
        .desk
        .agents()
        .any(weikefu_core::records::DeskAgent::is_online);
    let (auto, text) = match open.owner.map(|owner| &world.memory.agents[&owner]) {
        Some(owner) if owner.is_online() => return,
        Some(owner) if owner.offline.on => (Auto::Offline, owner.offline.text.as_str()),
        Some(_) => return,
        None if anybody => (Auto::Busy, settings.busy_text.as_str()),
        None => (Auto::Nobody, settings.nobody_text.as_str()),
    };
    assert_eq!(open.owner.is_none(), open.state == ConversationState::Waiting);
    let last = world
        .memory
        .messages_of(id)
        .filter(|(_, message)| message.author.auto() == Some(auto))
        .map(|(_, message)| message.at)
        .max();
    let recently = last.is_some_and(|last| last > world.now - 30 * 60_000);
    assert!(text.is_empty() || recently, "{auto:?} was not said: {open:?}");
}
