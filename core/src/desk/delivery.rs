//! The way of an outgoing message: queued, sending, then accepted, failed or unknown.
use super::change::{Change, Stuck};
use super::command::{DeliveryResult, Reply};
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{ChannelId, ConversationId, Millis};
use crate::records::{
    Author, Conversation, Delivery, DeliveryState, Message, Reach, Reason, Suppression, Way,
};
use weikefu_channel::{Cause, Words};

/// Characters kept of what a channel says.
const WORDS: usize = 500;
/// Characters kept of what shows that a message was taken.
pub(super) const PROOF: usize = 200;

/// The message is about to be handed over. Stored first: after a crash it is known that it may have left. Where
/// the time it was queued for has run out meanwhile, it stays here: the answer says so by its state.
pub(super) fn delivering<F: Facts>(
    work: &mut Work<'_, F>,
    id: ConversationId,
    seq: u32,
) -> Result<Reply, Refusal> {
    let (conversation, message, old) = outgoing(work, id, seq)?;
    let reach = work.reach(conversation.channel, &conversation.peer)?;
    if old.way == Way::Counted && !reach.fits(work.now) {
        let late = if matches!(message.author, Author::Agent(_)) {
            let reason = stored(Words::new(
                "等待发送期间平台的回复时间或条数已用完，消息没有发出；客户再次来信后可以重发。",
                "While this waited to be sent, what the platform allows ran out. It was not sent; send it again once the customer has written.",
            ));
            Delivery {
                cause: Some(Cause::WindowClosed),
                reason: Some(reason),
                ..old.on(DeliveryState::Failed, work.now)
            }
        } else {
            Delivery {
                way: old.way,
                ..Delivery::suppressed(Suppression::WindowClosed, work.now)
            }
        };
        account(work, conversation.channel, &conversation.peer, |reach, _| {
            reach.returned();
        })?;
        work.put(Change::OutboxDone(id, seq));
        let message = proceed(work, &conversation, seq, message, late);
        return Ok(Reply::Message(id, seq, message));
    }
    let sending = old.on(DeliveryState::Sending, work.now);
    let message = proceed(work, &conversation, seq, message, sending);
    Ok(Reply::Message(id, seq, message))
}

/// The channel has answered, or it is known that it never will.
pub(super) fn delivered<F: Facts>(
    work: &mut Work<'_, F>,
    id: ConversationId,
    seq: u32,
    result: DeliveryResult,
) -> Result<Reply, Refusal> {
    let (conversation, message, old) = outgoing(work, id, seq)?;
    let done = result != DeliveryResult::Queued;
    if old.way != Way::Passive {
        account(
            work,
            conversation.channel,
            &conversation.peer,
            |reach, now| match &result {
                DeliveryResult::Accepted { .. } | DeliveryResult::Unknown { .. } => reach.left(now),
                DeliveryResult::Failed { cause, .. } => {
                    reach.returned();
                    match cause {
                        Cause::WindowClosed => reach.closed(old.at),
                        Cause::QuotaSpent => reach.spent(old.at),
                        _ => {}
                    }
                }
                DeliveryResult::Queued => {}
            },
        )?;
    }
    let mut delivery = old.on(DeliveryState::Accepted, work.now);
    match result {
        DeliveryResult::Accepted { upstream, proof } => {
            let proof = proof.or_else(|| upstream.clone());
            delivery.proof = Some(cut(proof.unwrap_or_else(|| "accepted".into()), PROOF));
            delivery.upstream = upstream.map(|words| cut(words, WORDS));
        }
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
    let message = proceed(work, &conversation, seq, message, delivery);
    if done {
        work.put(Change::OutboxDone(id, seq));
    }
    Ok(Reply::Message(id, seq, message))
}

/// Brings a message to another state of its way, and the list of those that did not get out with it.
pub(super) fn proceed<F: Facts>(
    work: &mut Work<'_, F>,
    conversation: &Conversation,
    seq: u32,
    mut message: Message,
    delivery: Delivery,
) -> Message {
    let old = message.delivery.replace(delivery);
    work.put_message(conversation, seq, message.clone());
    file(
        work,
        conversation.id,
        seq,
        old.as_ref(),
        message.delivery.as_ref(),
    );
    message
}

/// Keeps the list of messages that did not get out.
pub(super) fn file<F: Facts>(
    work: &mut Work<'_, F>,
    conversation: ConversationId,
    seq: u32,
    old: Option<&Delivery>,
    new: Option<&Delivery>,
) {
    let stuck = |delivery: Option<&Delivery>| {
        let Delivery { state, at, .. } = *delivery?;
        matches!(
            state,
            DeliveryState::Failed | DeliveryState::Unknown | DeliveryState::Suppressed
        )
        .then_some(Stuck {
            state,
            at,
            conversation,
            seq,
        })
    };
    if let Some(old) = stuck(old) {
        work.put(Change::Unstuck(old));
    }
    if let Some(new) = stuck(new) {
        work.put(Change::Stuck(new));
    }
}

/// Books something on the ledger of an address, where there is one, and tells who looks at it.
pub(super) fn account<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    peer: &str,
    book: impl FnOnce(&mut Reach, Millis),
) -> Result<(), Refusal> {
    let before = work.reach(channel, peer)?;
    if !before.limited {
        return Ok(());
    }
    let mut after = before.clone();
    book(&mut after, work.now);
    if after == before {
        return Ok(());
    }
    let told = after.allowance(work.now) != before.allowance(work.now);
    work.put_reach(channel, peer, after);
    if told && let Some(open) = work.desk.conversation_with(channel, peer) {
        let open = open.id;
        work.tell_conversation(open)?;
    }
    Ok(())
}

fn stored(words: Words) -> Reason {
    let Words { zh, en } = cut_words(words);
    Reason { zh, en }
}

/// What a channel says, cut to what a person reads.
pub(super) fn cut_words(words: Words) -> Words {
    Words {
        zh: cut(words.zh, WORDS),
        en: cut(words.en, WORDS),
    }
}

pub(super) fn cut(mut words: String, most: usize) -> String {
    if let Some((end, _)) = words.char_indices().nth(most) {
        words.truncate(end);
    }
    words
}

fn outgoing<F: Facts>(
    work: &Work<'_, F>,
    id: ConversationId,
    seq: u32,
) -> Result<(Conversation, Message, Delivery), Refusal> {
    let message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
    let Some(delivery) = message.delivery.clone().filter(Delivery::is_under_way) else {
        return Err(Refusal::NothingToRetry);
    };
    let conversation = match work.desk.open.get(&id) {
        Some(open) => open.clone(),
        None => work
            .facts
            .conversation(id)?
            .ok_or(Refusal::NotFound("conversation"))?,
    };
    Ok((conversation, message, delivery))
}
