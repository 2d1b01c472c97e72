//! Offering a customer to another agent (A2.10). The owner stays who he is until the other takes.
//!
//! It owns the offer and all its ends. When one ends by itself is told by the timers.
use super::command::Reply;
use super::dispatch;
use super::facts::Facts;
use super::presence;
use super::work::{Happening, ReturnReason, Work};
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId, Millis};
use crate::records::{Author, Conversation, ConversationState, Message, StoredContent, Transfer};

/// Who offers what to whom.
pub(super) struct Offer {
    pub(super) agent: AgentId,
    /// May also offer what another agent holds.
    pub(super) senior: bool,
    pub(super) conversation: ConversationId,
    pub(super) epoch: u32,
    pub(super) to: AgentId,
    pub(super) note: String,
}

/// Offers a conversation. An offer to somebody else is withdrawn by it.
pub(super) fn offer<F: Facts>(work: &mut Work<'_, F>, offer: Offer) -> Result<Reply, Refusal> {
    let conversation = open(work, offer.conversation)?;
    if conversation.state != ConversationState::Active
        || (conversation.owner != Some(offer.agent) && !offer.senior)
    {
        return Err(Refusal::NotOwner);
    }
    if conversation.epoch != offer.epoch {
        return Err(Refusal::ConversationTaken);
    }
    if conversation.owner == Some(offer.to) {
        return Err(Refusal::invalid(
            "to",
            "该客户已由这位客服接待，请选择其他客服。",
            "This agent already holds the customer. Choose another.",
        ));
    }
    if !work
        .desk
        .agent(offer.to)
        .is_some_and(crate::records::DeskAgent::is_online)
    {
        return Err(Refusal::ReceiverOffline);
    }
    let open_offer = conversation.transfer.as_ref();
    if open_offer.is_some_and(|known| (known.to, &known.note) == (offer.to, &offer.note)) {
        // The answer to the first press was lost and the agent pressed again.
        return Ok(Reply::Conversation(conversation));
    }
    if open_offer.is_some() {
        give_back(work, offer.conversation, ReturnReason::Cancelled)?;
    }
    let patience = Millis::from(work.desk.settings.transfer_seconds) * 1_000;
    let offered = Conversation {
        transfer: Some(Transfer {
            from: offer.agent,
            to: offer.to,
            note: offer.note,
            at: work.now,
            until: work.now.saturating_add(patience),
        }),
        ..conversation
    };
    work.put_conversation(offered.clone())?;
    Ok(Reply::Conversation(offered))
}

/// Takes over what was offered. May go above the automatic limit. The note becomes part of the records.
pub(super) fn take<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    let mut conversation = open(work, id)?;
    if conversation.owner == Some(agent) {
        // The answer to the first press was lost and the agent pressed again.
        return Ok(Reply::Conversation(conversation));
    }
    let offer = offered(&mut conversation, epoch, |offer| offer.to == agent)?;
    presence::check_online(work, agent)?;
    conversation.owner = Some(agent);
    conversation.epoch += 1;
    conversation.stirred_at = work.now;
    let seq = conversation.last_seq + 1;
    let noted = !offer.note.is_empty();
    if noted {
        conversation.last_seq = seq;
    }
    work.put_conversation(conversation.clone())?;
    if noted {
        let note = Message {
            at: work.now,
            sent_at: None,
            author: Author::Note(offer.from),
            content: StoredContent::Text(offer.note),
            client_id: None,
            delivery: None,
        };
        work.put_message(&conversation, seq, note);
    }
    dispatch::pull(work)?;
    Ok(Reply::Conversation(conversation))
}

/// The receiver does not want it.
pub(super) fn decline<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    let mut conversation = open(work, id)?;
    offered(&mut conversation, epoch, |offer| offer.to == agent)?;
    give_back(work, id, ReturnReason::Declined)?;
    Ok(Reply::Conversation(conversation))
}

/// Whoever offered it, holds it or supervises takes the offer back.
pub(super) fn cancel<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    senior: bool,
    id: ConversationId,
    epoch: u32,
) -> Result<Reply, Refusal> {
    let mut conversation = open(work, id)?;
    let mine = senior || conversation.owner == Some(agent);
    if !mine
        && conversation
            .transfer
            .as_ref()
            .is_none_or(|offer| offer.from != agent)
    {
        return Err(Refusal::NotOwner);
    }
    offered(&mut conversation, epoch, |_| true)?;
    give_back(work, id, ReturnReason::Cancelled)?;
    Ok(Reply::Conversation(conversation))
}

/// Ends an offer; the conversation stays with its owner.
pub(super) fn give_back<F: Facts>(
    work: &mut Work<'_, F>,
    id: ConversationId,
    reason: ReturnReason,
) -> Result<(), Refusal> {
    let Some(mut conversation) = work.desk.open.get(&id).cloned() else {
        return Ok(());
    };
    let Some(offer) = conversation.transfer.take() else {
        return Ok(());
    };
    let owner = conversation.owner;
    work.put_conversation(conversation)?;
    work.tell(Happening::Returned {
        conversation: id,
        offer,
        owner,
        reason,
    });
    Ok(())
}

/// An agent cannot take any more: what he was offered goes back.
pub(super) fn give_all_back<F: Facts>(work: &mut Work<'_, F>, to: AgentId) -> Result<(), Refusal> {
    let ids: Vec<ConversationId> = work.desk.offered_to(to).map(|open| open.id).collect();
    for id in ids {
        give_back(work, id, ReturnReason::Offline)?;
    }
    Ok(())
}

/// Takes the offer out of a conversation, if there is one that `mine` accepts and nothing changed hands.
fn offered(
    conversation: &mut Conversation,
    epoch: u32,
    mine: impl FnOnce(&Transfer) -> bool,
) -> Result<Transfer, Refusal> {
    if !conversation.transfer.as_ref().is_some_and(mine) {
        return Err(Refusal::TransferOver);
    }
    if conversation.epoch != epoch {
        return Err(Refusal::ConversationTaken);
    }
    conversation.transfer.take().ok_or(Refusal::TransferOver)
}

fn open<F: Facts>(work: &Work<'_, F>, id: ConversationId) -> Result<Conversation, Refusal> {
    match work.desk.open.get(&id) {
        Some(open) => Ok(open.clone()),
        None if work.facts.conversation(id)?.is_some() => Err(Refusal::ConversationClosed),
        None => Err(Refusal::NotFound("conversation")),
    }
}
