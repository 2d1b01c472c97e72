//! Automatic texts (A5.1-A5.4): what the desk says by itself. This is the one way by which it says anything.
//!
//! It owns which text is said to whom and how often: a greeting and a closing text once a conversation, the
//! others once a conversation and half an hour. Whether one leaves is decided in `automatic`.
use super::automatic::speak;
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{AgentId, Millis};
use crate::records::{Author, Auto, Conversation};

/// The least time between two texts of a kind that may be repeated, milliseconds.
const AGAIN: Millis = 30 * 60_000;

/// Stores a conversation and says an automatic text in it, if there is one to say and it is time for it.
/// `owner` is the agent in whose name it is said. The conversation is stored in any case, with its changes.
pub(super) fn say<F: Facts>(
    work: &mut Work<'_, F>,
    mut conversation: Conversation,
    auto: Auto,
    owner: Option<AgentId>,
) -> Result<(), Refusal> {
    let text = text(work, auto, owner);
    let (Some((author, text)), true) = (text, due(&conversation, auto, work.now)) else {
        return work.put_conversation(conversation);
    };
    conversation.note_said(auto, work.now);
    speak(work, conversation, author, text).map(drop)
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
