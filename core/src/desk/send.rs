//! What agents write.
use super::accept::append;
use super::change::{Change, DedupeKey};
use super::command::Reply;
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId};
use crate::records::{Author, Conversation, Delivery, DeliveryState, OutboxEntry, Seen};
use weikefu_channel::Content;

/// Stores an agent's message and queues it. The same `client_id` again gives the same message.
pub(super) fn send<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    client_id: String,
    content: Content,
) -> Result<Reply, Refusal> {
    let open = work.desk.open.get(&id).cloned();
    let known = match &open {
        Some(open) => open.clone(),
        None => work
            .facts
            .conversation(id)?
            .ok_or(Refusal::NotFound("conversation"))?,
    };
    let key = DedupeKey::outbound(id, known.opened_at, agent, &client_id);
    if let Some((_, seq)) = work.facts.seen(&key)?.and_then(|seen| seen.place) {
        let message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
        return Ok(Reply::Message(id, seq, message));
    }
    let mut conversation = open.ok_or(Refusal::ConversationClosed)?;
    if conversation.owner != Some(agent) {
        return Err(Refusal::NotOwner);
    }
    // Who answers has read.
    conversation.unread = 0;
    let (seq, message) = append(
        work,
        conversation,
        Author::Agent(agent),
        content.into(),
        Some(client_id),
    )?;
    work.put(Change::Seen(
        key,
        Seen {
            place: Some((id, seq)),
            at: work.now,
        },
    ));
    Ok(Reply::Message(id, seq, message))
}

/// Queues a failed or unknown message again.
pub(super) fn retry<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    seq: u32,
) -> Result<Reply, Refusal> {
    let conversation = owned(work, agent, id)?;
    let mut message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
    let state = message.delivery.as_ref().map(|delivery| delivery.state);
    if !matches!(state, Some(DeliveryState::Failed | DeliveryState::Unknown)) {
        return Err(Refusal::NothingToRetry);
    }
    message.delivery = Some(Delivery::new(DeliveryState::Queued, work.now));
    work.put_message(&conversation, seq, message.clone());
    work.put(Change::Outbox(id, seq, OutboxEntry { queued: work.now }));
    work.carry(&conversation, seq);
    Ok(Reply::Message(id, seq, message))
}

/// The owner has seen everything up to `seq`.
pub(super) fn read<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    seq: u32,
) -> Result<Reply, Refusal> {
    let mut conversation = owned(work, agent, id)?;
    if seq >= conversation.last_seq && conversation.unread > 0 {
        conversation.unread = 0;
        work.put_conversation(conversation)?;
    }
    Ok(Reply::Done)
}

fn owned<F: Facts>(work: &Work<'_, F>, agent: AgentId, id: ConversationId) -> Result<Conversation, Refusal> {
    match work.desk.open.get(&id) {
        Some(open) if open.owner == Some(agent) => Ok(open.clone()),
        Some(_) => Err(Refusal::NotOwner),
        None if work.facts.conversation(id)?.is_some() => Err(Refusal::ConversationClosed),
        None => Err(Refusal::NotFound("conversation")),
    }
}
