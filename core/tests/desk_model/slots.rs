//! Slots that come free by themselves or by a change of hands are filled in the same decision. Random scripts seldom
//! have somebody wait at that very moment.
use crate::expect;
use crate::world::World;
use weikefu_channel::{Content, Profile};
use weikefu_core::desk::{AgentSettings, Command};
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::records::ConversationState;

const LI: AgentId = AgentId(1);
const WANG: AgentId = AgentId(2);

/// Li takes one customer at a time and closes the idle after a minute; Wang takes by hand. The first customer is
/// Li's, the second waits.
fn full() -> (World, ConversationId, ConversationId) {
    let mut world = World::new();
    let mut taking = AgentSettings::accepting(true, 1, "");
    taking.close.on = true;
    taking.close.idle_minutes = 1;
    taking.close.text = "再见".into();
    for (agent, settings) in [(LI, taking), (WANG, AgentSettings::accepting(false, 0, ""))] {
        expect::join(&mut world, agent);
        expect::configure(&mut world, agent, &settings);
        crate::timed::set_page(&mut world, agent, true);
        expect::set_online(&mut world, agent, true);
    }
    for who in [0, 2] {
        let text = Content::Text {
            text: "在吗".into()
        };
        expect::message(&mut world, who, who, text, Profile::default());
    }
    let mine: Vec<ConversationId> = world.desk.held_by(LI).map(|open| open.id).collect();
    let waiting: Vec<ConversationId> = world.desk.waiting().map(|open| open.id).collect();
    assert_eq!((mine.len(), waiting.len()), (1, 1));
    (world, mine[0], waiting[0])
}

fn owner(world: &World, id: ConversationId) -> Option<AgentId> {
    world.desk.conversation(id).unwrap().owner
}

#[test]
fn a_slot_freed_by_a_transfer_is_filled() {
    let (mut world, first, second) = full();
    let epoch = world.desk.conversation(first).unwrap().epoch;
    world
        .run(Command::Offer {
            agent: LI,
            senior: false,
            conversation: first,
            epoch,
            to: WANG,
            note: "请接手".into(),
        })
        .unwrap();
    assert_eq!(owner(&world, second), None, "an offer frees nothing");
    world
        .run(Command::Take {
            agent: WANG,
            conversation: first,
            epoch,
        })
        .unwrap();
    assert_eq!(owner(&world, first), Some(WANG));
    assert_eq!(owner(&world, second), Some(LI));
}

#[test]
fn a_slot_freed_by_a_timer_is_filled() {
    let (mut world, first, second) = full();
    let content = Content::Text {
        text: "在的".into()
    };
    world
        .run(Command::Send {
            agent: LI,
            conversation: first,
            client_id: "a".into(),
            content,
            force: false,
        })
        .unwrap();
    world.sent.insert((first, LI, "a".into()), 2);
    crate::timed::tick(&mut world, 50);
    assert_eq!(owner(&world, second), None, "not yet");
    crate::timed::tick(&mut world, 10);
    let closed = &world.memory.conversations[&first];
    assert_eq!(closed.state, ConversationState::Closed);
    assert_eq!(closed.last.as_ref().unwrap().text, "再见");
    assert_eq!(owner(&world, second), Some(LI));
}
