//! The way of an outgoing message: queued, sending, then accepted, failed or unknown.
use super::change::Change;
use super::command::{DeliveryResult, Reply};
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::ConversationId;
use crate::records::{Conversation, Delivery, DeliveryState, Message, Reason};
use weikefu_channel::Words;

/// Characters kept of what a channel says.
const WORDS: usize = 500;

/// The message is about to be handed over. Stored first: after a crash it is known that it may have left.
pub(super) fn delivering<F: Facts>(
    work: &mut Work<'_, F>,
    id: ConversationId,
    seq: u32,
) -> Result<Reply, Refusal> {
    let (conversation, mut message) = outgoing(work, id, seq)?;
    message.delivery = Some(Delivery::new(DeliveryState::Sending, work.now));
    work.put_message(&conversation, seq, message.clone());
    Ok(Reply::Message(id, seq, message))
}

/// The channel has answered, or it is known that it never will.
pub(super) fn delivered<F: Facts>(
    work: &mut Work<'_, F>,
    id: ConversationId,
    seq: u32,
    result: DeliveryResult,
) -> Result<Reply, Refusal> {
    let (conversation, mut message) = outgoing(work, id, seq)?;
    let mut delivery = Delivery::new(DeliveryState::Accepted, work.now);
    let done = result != DeliveryResult::Queued;
    match result {
        DeliveryResult::Accepted { upstream } => delivery.upstream = upstream.map(cut),
        DeliveryResult::Failed { cause, reason } => {
            delivery.state = DeliveryState::Failed;
            delivery.cause = Some(cause);
            delivery.reason = Some(stored(reason));
        }
        DeliveryResult::Unknown { reason } => {
            delivery.state = DeliveryState::Unknown;
            delivery.reason = Some(stored(reason));
        }
        DeliveryResult::Queued => delivery.state = DeliveryState::Queued,
    }
    message.delivery = Some(delivery);
    work.put_message(&conversation, seq, message.clone());
    if done {
        work.put(Change::OutboxDone(id, seq));
    }
    Ok(Reply::Message(id, seq, message))
}

fn stored(words: Words) -> Reason {
    let Words { zh, en } = cut_words(words);
    Reason { zh, en }
}

/// What a channel says, cut to what a person reads.
pub(super) fn cut_words(words: Words) -> Words {
    Words {
        zh: cut(words.zh),
        en: cut(words.en),
    }
}

fn cut(mut words: String) -> String {
    if let Some((end, _)) = words.char_indices().nth(WORDS) {
        words.truncate(end);
    }
    words
}

fn outgoing<F: Facts>(
    work: &Work<'_, F>,
    id: ConversationId,
    seq: u32,
) -> Result<(Conversation, Message), Refusal> {
    let message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
    let under_way = message
        .delivery
        .as_ref()
        .is_some_and(|delivery| matches!(delivery.state, DeliveryState::Queued | DeliveryState::Sending));
    if !under_way {
        return Err(Refusal::NothingToRetry);
    }
    let conversation = match work.desk.open.get(&id) {
        Some(open) => open.clone(),
        None => work
            .facts
            .conversation(id)?
            .ok_or(Refusal::NotFound("conversation"))?,
    };
    Ok((conversation, message))
}
