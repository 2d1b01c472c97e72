//! Taking a conversation and ending it.
use super::change::Change;
use super::command::Reply;
use super::dispatch;
use super::facts::Facts;
use super::presence;
use super::texts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId, Millis};
use crate::records::{
    Author, Auto, Conversation, ConversationState, Delivery, DeliveryState, Message, OutboxEntry,
    StoredContent,
};

/// 接入 by hand. May go above the automatic limit (A2.3). Exactly one of several agents wins: the epoch
/// of the winner's change makes the others' stale.
pub(super) fn accept<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    let conversation = match work.desk.open.get(&id) {
        Some(open) => open.clone(),
        None if work.facts.conversation(id)?.is_some() => return Err(Refusal::ConversationTaken),
        None => return Err(Refusal::NotFound("conversation")),
    };
    if conversation.owner == Some(agent) {
        // The answer to the first press was lost and the agent pressed again.
        return Ok(Reply::Conversation(conversation));
    }
    presence::check_online(work, agent)?;
    if conversation.state != ConversationState::Waiting || conversation.epoch != epoch {
        return Err(Refusal::ConversationTaken);
    }
    hand_over(work, conversation, agent)?;
    Ok(current(work, id))
}

/// Makes `agent` the owner and sends his greeting.
pub(super) fn hand_over<F: Facts>(
    work: &mut Work<'_, F>,
    mut conversation: Conversation,
    agent: AgentId,
) -> Result<(), Refusal> {
    conversation.state = ConversationState::Active;
    conversation.owner = Some(agent);
    conversation.epoch += 1;
    conversation.accepted_at.get_or_insert(work.now);
    conversation.stirred_at = work.now;
    texts::say(work, conversation, Auto::Greeting, Some(agent))
}

/// Ends a conversation. The slot it frees is filled at once.
pub(super) fn close<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    senior: bool,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    let Some(conversation) = work.desk.open.get(&id).cloned() else {
        // Closing twice is not an error: the goal is reached.
        let closed = work
            .facts
            .conversation(id)?
            .ok_or(Refusal::NotFound("conversation"))?;
        return Ok(Reply::Conversation(closed));
    };
    if conversation.owner != Some(agent) && !senior {
        return Err(Refusal::NotOwner);
    }
    if conversation.epoch != epoch {
        return Err(Refusal::ConversationTaken);
    }
    let closed = ended(conversation, work.now);
    work.put_conversation(closed.clone())?;
    dispatch::pull(work)?;
    Ok(Reply::Conversation(closed))
}

/// Deletes a waiting conversation without a word (A2.4). What was written stays in the customer's records.
pub(super) fn dismiss<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    let Some(conversation) = work.desk.open.get(&id).cloned() else {
        let known = work.facts.conversation(id)?;
        let closed = known.ok_or(Refusal::NotFound("conversation"))?;
        // Deleting twice is not an error; what was answered and closed is not deleted.
        return if closed.dismissed {
            Ok(Reply::Conversation(closed))
        } else {
            Err(Refusal::ConversationTaken)
        };
    };
    if conversation.state != ConversationState::Waiting || conversation.epoch != epoch {
        return Err(Refusal::ConversationTaken);
    }
    let mut dismissed = ended(conversation, work.now);
    dismissed.dismissed = true;
    work.put_conversation(dismissed.clone())?;
    Ok(Reply::Conversation(dismissed))
}

/// A conversation as it is closed; not yet put.
pub(super) fn ended(conversation: Conversation, now: Millis) -> Conversation {
    Conversation {
        state: ConversationState::Closed,
        owner: None,
        epoch: conversation.epoch + 1,
        closed_at: Some(now),
        unread: 0,
        asked_at: None,
        transfer: None,
        ..conversation
    }
}

/// Adds an outgoing message to a conversation and sets it on its way. Returns its sequence number and the message.
pub(super) fn append<F: Facts>(
    work: &mut Work<'_, F>,
    mut conversation: Conversation,
    author: Author,
    content: StoredContent,
    client_id: Option<String>,
    delivery: Delivery,
) -> Result<(u32, Message), Refusal> {
    let state = delivery.state;
    let message = Message {
        at: work.now,
        sent_at: None,
        author,
        content,
        client_id,
        delivery: Some(delivery),
    };
    let seq = conversation.last_seq + 1;
    conversation.last_seq = seq;
    conversation.last = Some(super::receive::preview(&message));
    if matches!(author, Author::Agent(_)) {
        conversation.asked_at = None;
        conversation.stirred_at = work.now;
    }
    let queued = OutboxEntry { queued: work.now };
    work.put_conversation(conversation.clone())?;
    work.put_message(&conversation, seq, message.clone());
    match state {
        DeliveryState::Queued => {
            work.put(Change::Outbox(conversation.id, seq, queued));
            work.carry(&conversation, seq);
        }
        DeliveryState::Sending => {
            work.put(Change::Outbox(conversation.id, seq, queued));
            work.await_outcome(conversation.id, seq);
        }
        _ => super::delivery::file(work, conversation.id, seq, None, message.delivery.as_ref()),
    }
    Ok((seq, message))
}

fn current<F: Facts>(work: &Work<'_, F>, id: ConversationId) -> Reply {
    work.desk
        .open
        .get(&id)
        .cloned()
        .map_or(Reply::Done, Reply::Conversation)
}
