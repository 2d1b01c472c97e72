//! What agents do about customers: details, tags, blacklist, annotations. Steps, what they must answer, and what
//! holds afterwards.
use crate::memory::{Memory, SHOP};
use crate::world::World;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use weikefu_core::desk::{Command, CustomerCommand, Desk, Edit, Reply};
use weikefu_core::ids::{AgentId, CustomerId};
use weikefu_core::records::{
    AnnotationId, Blocked, Card, Conversation, ConversationState, Customer, Gender, TagId,
};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Edit(Index, Option<String>, Option<String>, Option<bool>),
    Learn(Index, String),
    /// Some of the tags there are, and perhaps one that is not.
    Tags(Index, Vec<Index>, bool),
    Block {
        agent: u32,
        senior: bool,
        which: Index,
        blocked: bool,
    },
    Annotate(u32, Index, String),
    Solve(u32, Index, bool),
    AddTag(String),
    RenameTag(Index, String),
    RemoveTag(Index),
}

pub(crate) fn step(agents: u32) -> impl Strategy<Value = Step> {
    let which = any::<Index>;
    prop_oneof![
        2 => (which(), prop::option::of("[a-c]"), prop::option::of("[x-z]"), prop::option::of(any::<bool>()))
            .prop_map(|(which, name, text, male)| Step::Edit(which, name, text, male)),
        1 => (which(), "[p-r]{0,2}").prop_map(|(which, tags)| Step::Learn(which, tags)),
        4 => (which(), prop::collection::vec(which(), 0..4), prop::bool::weighted(0.1))
            .prop_map(|(which, tags, missing)| Step::Tags(which, tags, missing)),
        3 => (0..agents, any::<bool>(), which(), any::<bool>())
            .prop_map(|(agent, senior, which, blocked)| Step::Block { agent, senior, which, blocked }),
        1 => (0..agents, which(), "[a-z]{1,3}").prop_map(|(agent, which, text)| Step::Annotate(agent, which, text)),
        1 => (0..agents, which(), any::<bool>()).prop_map(|(agent, which, on)| Step::Solve(agent, which, on)),
        3 => "[a-dA-D]".prop_map(Step::AddTag),
        1 => (which(), "[a-dA-D]").prop_map(|(which, name)| Step::RenameTag(which, name)),
        1 => which().prop_map(Step::RemoveTag),
    ]
}

pub(crate) fn step_of(world: &mut World, step: Step) {
    match step {
        Step::Edit(which, name, text, male) => edit(world, which, name, text, male),
        Step::Learn(which, tags) => learn(world, which, &tags),
        Step::Tags(which, tags, missing) => set_tags(world, which, &tags, missing),
        Step::Block {
            agent,
            senior,
            which,
            blocked,
        } => block(world, AgentId(agent), senior, which, blocked),
        Step::Annotate(agent, which, text) => annotate(world, AgentId(agent), which, text),
        Step::Solve(agent, which, solved) => solve(world, AgentId(agent), which, solved),
        Step::AddTag(name) => add_tag(world, name),
        Step::RenameTag(which, name) => rename_tag(world, which, name),
        Step::RemoveTag(which) => remove_tag(world, which),
    }
}

fn run(world: &mut World, command: CustomerCommand) -> Result<Reply, &'static str> {
    world
        .run(Command::Customer(command))
        .map_err(|refusal| refusal.code().0)
}

/// Some customer as they are, and what is refused about one who is not there.
fn some(world: &World, which: Index) -> (CustomerId, Result<Customer, &'static str>) {
    let id = world.customer(which);
    let known = world.memory.customers.get(&id).cloned();
    (id, known.ok_or("not_found"))
}

fn tag(world: &World, which: Index) -> TagId {
    let tags: Vec<TagId> = world.memory.tags.keys().copied().collect();
    if tags.is_empty() {
        TagId(0)
    } else {
        *which.get(&tags)
    }
}

/// What the answer and the store have to say: the same.
fn stored(world: &World, answer: Reply) -> Customer {
    let Reply::Customer(customer) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(world.memory.customers[&customer.id], customer);
    customer
}

fn edit(world: &mut World, which: Index, name: Option<String>, text: Option<String>, male: Option<bool>) {
    let (customer, before) = some(world, which);
    let gender = male.map(|male| if male { Gender::Male } else { Gender::Female });
    let edit = Edit {
        name: name.clone(),
        remark: text.clone(),
        gender,
        phone: text.clone(),
        address: name.clone(),
    };
    let answer = run(world, CustomerCommand::Edit { customer, edit });
    let Ok(mut wanted) = before.clone() else {
        return assert_eq!(answer, Err("not_found"));
    };
    for (field, new) in [
        (&mut wanted.name, &name),
        (&mut wanted.remark, &text),
        (&mut wanted.details.phone, &text),
        (&mut wanted.details.address, &name),
    ] {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    wanted.details.gender = gender.unwrap_or(wanted.details.gender);
    wanted.revision += u32::from(before != Ok(wanted.clone()));
    assert_eq!(stored(world, answer.unwrap()), wanted);
}

fn learn(world: &mut World, which: Index, tags: &str) {
    let (customer, before) = some(world, which);
    let card = Card {
        tags: tags.chars().map(String::from).collect(),
        remark: tags.to_owned(),
        at: world.now,
    };
    let command = CustomerCommand::Learn {
        customer,
        language: None,
        card: card.clone(),
    };
    let answer = run(world, command);
    match before {
        Ok(before) => {
            let after = stored(world, answer.unwrap());
            assert_eq!((after.card, after.language), (Some(card), before.language));
        }
        Err(code) => assert_eq!(answer, Err(code)),
    }
}

fn set_tags(world: &mut World, which: Index, some_of: &[Index], missing: bool) {
    let (customer, before) = some(world, which);
    let mut tags: Vec<TagId> = some_of.iter().map(|which| tag(world, *which)).collect();
    if missing {
        tags.push(TagId(u64::MAX));
    }
    let known = tags.iter().all(|tag| world.memory.tags.contains_key(tag));
    let command = CustomerCommand::SetTags {
        customer,
        tags: tags.clone(),
    };
    let answer = run(world, command);
    if !known || before.is_err() {
        return assert_eq!(answer, Err("not_found"));
    }
    let wanted: BTreeSet<TagId> = tags.into_iter().collect();
    assert!(stored(world, answer.unwrap()).tags.into_iter().eq(wanted));
}

fn block(world: &mut World, agent: AgentId, senior: bool, which: Index, blocked: bool) {
    let (customer, before) = some(world, which);
    let theirs: Vec<Conversation> = world
        .memory
        .open()
        .filter(|open| open.customer == customer)
        .cloned()
        .collect();
    let messages = world.memory.messages.len();
    let command = CustomerCommand::Block {
        agent,
        senior,
        customer,
        blocked,
    };
    let answer = run(world, command);
    let Ok(before) = before else {
        return assert_eq!(answer, Err("not_found"));
    };
    let anothers = theirs
        .iter()
        .any(|open| open.owner.is_some_and(|owner| owner != agent));
    if blocked && before.blocked.is_none() && anothers && !senior {
        return assert_eq!(answer, Err("not_owner"));
    }
    let after = stored(world, answer.unwrap());
    let wanted = match (blocked, before.blocked) {
        (false, _) => None,
        (true, Some(known)) => Some(known),
        (true, None) => Some(Blocked {
            at: world.now,
            by: agent,
        }),
    };
    assert_eq!(after.blocked, wanted);
    if blocked {
        for open in theirs {
            assert_eq!(
                world.memory.conversations[&open.id].state,
                ConversationState::Closed
            );
            let last = world.memory.conversations[&open.id].last_seq;
            assert_eq!(last, open.last_seq, "it ends without a word");
        }
    } else {
        assert_eq!(world.memory.messages.len(), messages);
    }
}

fn annotate(world: &mut World, agent: AgentId, which: Index, text: String) {
    let (customer, before) = some(world, which);
    let last = world.memory.annotations.keys().next_back().copied();
    let command = CustomerCommand::Annotate {
        agent,
        customer,
        text: text.clone(),
    };
    let answer = run(world, command);
    let Ok(before) = before else {
        return assert_eq!(answer, Err("not_found"));
    };
    let Ok(Reply::Annotation(made)) = answer else {
        panic!("{answer:?}");
    };
    assert!(Some(made.id) > last, "numbers grow with time");
    assert_eq!((made.by, &made.text, made.solved), (agent, &text, None));
    assert_eq!(world.memory.annotations[&made.id], made);
    let after = &world.memory.customers[&customer];
    assert_eq!(after.revision, before.revision + 1, "an open panel is old");
}

fn solve(world: &mut World, agent: AgentId, which: Index, solved: bool) {
    let all: Vec<AnnotationId> = world.memory.annotations.keys().copied().collect();
    let annotation = if all.is_empty() {
        AnnotationId(0)
    } else {
        *which.get(&all)
    };
    let before = world.memory.annotations.get(&annotation).cloned();
    let command = CustomerCommand::Solve {
        agent,
        annotation,
        solved,
    };
    let answer = run(world, command);
    let Some(before) = before else {
        return assert_eq!(answer, Err("not_found"));
    };
    let after = world.memory.annotations[&annotation].clone();
    assert_eq!(answer, Ok(Reply::Annotation(after.clone())));
    assert_eq!(after.solved.is_some(), solved);
    if before.solved.is_some() == solved {
        assert_eq!(before, after, "the first who solves it stays");
    }
}

fn taken(world: &World, name: &str, except: Option<TagId>) -> bool {
    let name = name.to_lowercase();
    let mut tags = world.memory.tags.values();
    tags.any(|tag| Some(tag.id) != except && tag.name.to_lowercase() == name)
}

fn add_tag(world: &mut World, name: String) {
    let exists = taken(world, &name, None);
    let gone = world.memory.tags_gone.clone();
    let answer = run(world, CustomerCommand::AddTag { name: name.clone() });
    if exists {
        return assert_eq!(answer, Err("exists"));
    }
    let Ok(Reply::Tag(tag)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((tag.name.as_str(), tag.customers), (name.as_str(), 0));
    assert!(!gone.contains(&tag.id), "a removed tag does not come back");
}

fn rename_tag(world: &mut World, which: Index, name: String) {
    let tag = tag(world, which);
    let before = world.memory.tags.get(&tag).cloned();
    let exists = taken(world, &name, Some(tag));
    let command = CustomerCommand::RenameTag {
        tag,
        name: name.clone(),
    };
    let answer = run(world, command);
    let Some(mut wanted) = before else {
        return assert_eq!(answer, Err("not_found"));
    };
    if exists {
        return assert_eq!(answer, Err("exists"));
    }
    wanted.name = name;
    assert_eq!(answer, Ok(Reply::Tag(wanted.clone())));
    assert_eq!(world.memory.tags[&tag], wanted);
}

fn remove_tag(world: &mut World, which: Index) {
    let tag = tag(world, which);
    let known = world.memory.tags.get(&tag).cloned();
    let answer = run(world, CustomerCommand::RemoveTag { tag });
    assert_eq!(answer, known.map(Reply::Tag).ok_or("not_found"));
    assert!(!world.memory.tags.contains_key(&tag));
}

/// What holds after every command.
pub(crate) fn hold(desk: &Desk, memory: &Memory) {
    assert!(desk.tags().eq(memory.tags.values()));
    let mut counted: BTreeMap<TagId, BTreeSet<CustomerId>> = BTreeMap::new();
    for customer in memory.customers.values() {
        assert!(
            customer.tags.is_sorted_by(|a, b| a < b),
            "each tag once: {customer:?}"
        );
        assert!(customer.tags.len() <= 20);
        for tag in &customer.tags {
            assert!(memory.tags.contains_key(tag) || memory.tags_gone.contains(tag));
            counted.entry(*tag).or_default().insert(customer.id);
        }
        let listed = memory
            .blacklist
            .iter()
            .find(|(_, id)| *id == customer.id)
            .map(|(at, _)| *at);
        assert_eq!(
            listed,
            customer.blocked.map(|blocked| blocked.at),
            "the list names who is blocked"
        );
        if customer.blocked.is_some() {
            assert_eq!(
                desk.open_of(customer.id).count(),
                0,
                "nobody talks to {customer:?}"
            );
        }
    }
    for tag in memory.tags.values() {
        let with: BTreeSet<CustomerId> = memory
            .tagged
            .range((tag.id, CustomerId(0))..)
            .map_while(|(at, customer)| (*at == tag.id).then_some(*customer))
            .collect();
        assert_eq!(tag.customers as usize, with.len(), "{tag:?}");
        assert_eq!(
            with,
            counted.remove(&tag.id).unwrap_or_default(),
            "the index of {tag:?}"
        );
    }
    for conversation in desk.open() {
        if let Some(owner) = conversation.owner {
            let served = (conversation.customer, owner, conversation.id);
            assert!(memory.served.contains(&served), "who serves is noted");
        }
    }
    assert_eq!(SHOP, desk.shop());
}
