//! Automatic texts (A5.1-A5.4): what the desk says by itself. This is the one way by which it says anything.
//!
//! It owns which text is said to whom and how often: a greeting and a closing text once a conversation, the
//! others once a conversation and half an hour. Whether one leaves is decided in `automatic`.
use super::automatic::speak;
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId, Millis};
use crate::records::{Author, Auto, Conversation, DeskAgent};

/// The least time between two texts of a kind that may be repeated, milliseconds.
const AGAIN: Millis = 30 * 60_000;
/// Customers told at once that their agent has gone, so that it fits a transaction. Others hear when they write.
pub(super) const AT_ONCE: usize = 500;

/// Stores a conversation and says an automatic text in it, if there is one to say and it is time for it.
/// `owner` is the agent in whose name it is said. The conversation is stored in any case, with its changes.
pub(super) fn say<F: Facts>(
    work: &mut Work<'_, F>,
    mut conversation: Conversation,
    auto: Auto,
    owner: Option<AgentId>,
) -> Result<(), Refusal> {
    let Some((author, text)) = wanted(work, &conversation, auto, owner) else {
        return work.put_conversation(conversation);
    };
    conversation.note_said(auto, work.now);
    speak(work, conversation, author, text).map(drop)
}

/// Says it only when there is something to say; else nothing happens.
fn mention<F: Facts>(
    work: &mut Work<'_, F>,
    conversation: Conversation,
    auto: Auto,
    owner: Option<AgentId>,
) -> Result<(), Refusal> {
    if wanted(work, &conversation, auto, owner).is_none() {
        return Ok(());
    }
    say(work, conversation, auto, owner)
}

/// A customer wrote: while nobody can answer, the desk says why. Called after dispatch has done what it can.
pub(super) fn after_arrival<F: Facts>(work: &mut Work<'_, F>, id: ConversationId) -> Result<(), Refusal> {
    let Some(conversation) = work.desk.open.get(&id).cloned() else {
        return Ok(());
    };
    let auto = match conversation.owner {
        Some(owner) if work.desk.agent(owner).is_some_and(DeskAgent::is_online) => return Ok(()),
        Some(_) => Auto::Offline,
        None if work.desk.agents().any(DeskAgent::is_online) => Auto::Busy,
        None => Auto::Nobody,
    };
    let owner = conversation.owner;
    mention(work, conversation, auto, owner)
}

/// An agent is offline from now on: those of his customers who wait for an answer are told.
pub(super) fn after_going<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<(), Refusal> {
    let asked = |open: &&Conversation| open.asked_at.is_some();
    let ids: Vec<ConversationId> = work
        .desk
        .held_by(agent)
        .filter(asked)
        .take(AT_ONCE)
        .map(|open| open.id)
        .collect();
    for id in ids {
        after_arrival(work, id)?;
    }
    Ok(())
}

fn wanted<F: Facts>(
    work: &Work<'_, F>,
    conversation: &Conversation,
    auto: Auto,
    owner: Option<AgentId>,
) -> Option<(Author, String)> {
    due(conversation, auto, work.now)
        .then(|| text(work, auto, owner))
        .flatten()
}

/// Whether a text of this kind may be said now.
fn due(conversation: &Conversation, auto: Auto, now: Millis) -> bool {
    match (auto, conversation.said(auto)) {
        (_, None) => true,
        (Auto::Greeting | Auto::Closing, Some(_)) => false,
        (Auto::Offline | Auto::Nobody | Auto::Busy, Some(at)) => now >= at.saturating_add(AGAIN),
    }
}

/// Who says what; `None` when nothing is set.
fn text<F: Facts>(work: &Work<'_, F>, auto: Auto, owner: Option<AgentId>) -> Option<(Author, String)> {
    let agent = owner.and_then(|owner| work.desk.agents.get(&owner));
    let settings = &work.desk.settings;
    let (author, text) = match auto {
        Auto::Greeting => agent.map(|agent| (Author::Greeting(agent.agent), &agent.greeting)),
        Auto::Closing => agent.map(|agent| (Author::Closing(agent.agent), &agent.close.text)),
        Auto::Offline => agent
            .filter(|agent| agent.offline.on)
            .map(|agent| (Author::Offline(agent.agent), &agent.offline.text)),
        Auto::Nobody => Some((Author::Nobody, &settings.nobody_text)),
        Auto::Busy => Some((Author::Busy, &settings.busy_text)),
    }?;
    (!text.is_empty()).then(|| (author, text.clone()))
}
