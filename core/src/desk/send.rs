//! What agents write.
use super::accept::append;
use super::change::{Change, DedupeKey};
use super::command::Reply;
use super::facts::Facts;
use super::presence;
use super::reach::Standing;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId, Millis};
use crate::records::{Author, Conversation, Delivery, DeliveryState, OutboxEntry, Reach, Seen, Way};
use weikefu_channel::Content;

/// Stores an agent's message and queues it. The same `client_id` again gives the same message.
pub(super) fn send<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    client_id: String,
    content: Content,
    force: bool,
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
    presence::check_online(work, agent)?;
    let mut reach = work.reach(conversation.channel, &conversation.peer)?;
    let way = way(&reach, force, work.now)?;
    if reach.limited {
        reach.reserve();
        work.put_reach(conversation.channel, &conversation.peer, reach);
    }
    // Who answers has read.
    conversation.unread = 0;
    let delivery = Delivery {
        way,
        ..Delivery::new(DeliveryState::Queued, work.now)
    };
    let (seq, message) = append(
        work,
        conversation,
        Author::Agent(agent),
        content.into(),
        Some(client_id),
        delivery,
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

/// How an agent's message may leave, if it may.
fn way(reach: &Reach, force: bool, now: Millis) -> Result<Way, Refusal> {
    match reach.allowance(now).map(|allowance| allowance.standing()) {
        None | Some(Standing::Open | Standing::Last) => Ok(Way::Counted),
        Some(_) if force => Ok(Way::Forced),
        Some(Standing::Spent) => Err(Refusal::ReachSpent),
        Some(Standing::Closed) => Err(Refusal::ReachClosed),
    }
}

/// Queues a failed or unknown message again. One that is on its way already, because somebody was faster, is
/// left to it.
pub(super) fn retry<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    seq: u32,
    force: bool,
) -> Result<Reply, Refusal> {
    let conversation = owned(work, agent, id)?;
    presence::check_online(work, agent)?;
    let message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
    match message.delivery.as_ref().map(|delivery| delivery.state) {
        Some(DeliveryState::Failed | DeliveryState::Unknown) => {}
        Some(DeliveryState::Queued | DeliveryState::Sending) => return Ok(Reply::Message(id, seq, message)),
        _ => return Err(Refusal::NothingToRetry),
    }
    let mut reach = work.reach(conversation.channel, &conversation.peer)?;
    let delivery = Delivery {
        way: way(&reach, force, work.now)?,
        ..Delivery::new(DeliveryState::Queued, work.now)
    };
    let before = reach.allowance(work.now);
    if reach.limited {
        reach.reserve();
        let after = reach.allowance(work.now);
        work.put_reach(conversation.channel, &conversation.peer, reach);
        if after != before {
            work.tell_conversation(id)?;
        }
    }
    let message = super::delivery::proceed(work, &conversation, seq, message, delivery);
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
