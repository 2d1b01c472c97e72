//! The steps of a broadcast's list and of each recipient. Every one is stored, with the ledger of the customer's
//! address, before anything leaves; what may have left is never taken up again.
use super::command::{CastOutcome, Hold, Pick, Row};
use super::{BroadcastState, Progress, end, found, tell};
use crate::broadcast::{Standing, Terms, judge};
use crate::desk::change::Change;
use crate::desk::command::{DeliveryResult, Reply};
use crate::desk::delivery::{self, PROOF};
use crate::desk::facts::Facts;
use crate::desk::work::Work;
use crate::error::Refusal;
use crate::ids::BroadcastId;
use crate::records::{Broadcast, Reason, Recipient, RecipientState, Skip, Waiting};
use weikefu_channel::{Cause, Words};

/// Rows of one slice of the list.
pub(crate) const ROWS: usize = 1000;
/// Recipients looked at together.
pub(crate) const PICKS: usize = 256;

pub(super) fn freeze<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    rows: Vec<Row>,
    complete: bool,
) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    if broadcast.state != BroadcastState::Preparing || progress.complete {
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    for Row {
        customer,
        channel,
        peer,
        skip,
    } in rows
    {
        // Ascending: nobody is on the list twice, whoever asks again.
        if progress.last.is_some_and(|last| customer <= last) {
            continue;
        }
        let recipient = Recipient {
            customer,
            channel,
            peer,
            state: match skip {
                Some(_) => RecipientState::Skipped,
                None => RecipientState::Pending,
            },
            skip,
            sent: 0,
            tries: 0,
            day: None,
            at: work.now,
            proof: None,
            reason: None,
        };
        let n = progress.total;
        progress.total += 1;
        progress.last = Some(customer);
        if let Some(why) = skip {
            progress.skip(why, 1);
        }
        put(work, id, n, RecipientState::Pending, recipient);
    }
    if complete {
        progress.complete = true;
        broadcast.state = BroadcastState::Running;
        end(work, &mut broadcast, &mut progress);
        work.put(Change::Broadcast(Box::new(broadcast.clone())));
    }
    work.put(Change::Progress(id, progress.clone()));
    if complete {
        tell(work, broadcast.clone(), progress.clone());
    }
    Ok(Reply::Broadcast(broadcast, progress))
}

/// Returns the recipients whose next message is to be handed over now, with the number of that message.
pub(super) fn take<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    picks: &[Pick],
    day: u32,
) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    if broadcast.state != BroadcastState::Running {
        return Ok(Reply::Taken(Vec::new()));
    }
    // Read everything first: nothing may be refused once something has been put.
    let mut looked = Vec::with_capacity(picks.len());
    for pick in picks {
        let Some(recipient) = work.facts.recipient(id, pick.n)? else {
            continue;
        };
        let customer = work.customer(recipient.customer)?;
        let today = work
            .facts
            .broadcasts_on(work.desk.shop, day, recipient.customer)?;
        let reach = work.reach(recipient.channel, &recipient.peer)?;
        looked.push((pick, recipient, customer.blocked.is_some(), today, reach));
    }
    let reserve = work.desk.settings.reserve;
    let mut taken = Vec::new();
    for (pick, mut recipient, blocked, today, reach) in looked {
        progress.next = progress.next.max(pick.n + 1);
        let before = recipient.state;
        if !matches!(before, RecipientState::Pending | RecipientState::Again) {
            continue;
        }
        // Its own mark of today is no other broadcast.
        let mine = u32::from(recipient.day == Some(day));
        let standing = Standing {
            blocked,
            open: work.desk.open_of(recipient.customer).next().is_some(),
            today: today - mine.min(today),
            reach: &reach,
            hold: match pick.hold {
                Hold::Skip(why) => Some(why),
                Hold::Free | Hold::Later => None,
            },
        };
        let terms = Terms::of(&broadcast.draft, recipient.sent, reserve);
        let verdict = judge(&standing, &terms, work.now);
        recipient.at = work.now;
        match verdict {
            Err(why) => {
                recipient.state = RecipientState::Skipped;
                recipient.skip = Some(why);
                progress.skip(why, 1);
                progress.partial += u32::from(recipient.sent > 0);
            }
            Ok(()) if pick.hold == Hold::Later => recipient.state = RecipientState::Again,
            Ok(()) => {
                recipient.state = RecipientState::Sending;
                progress.sending += 1;
                if mine == 0 {
                    if let Some(old) = recipient.day.replace(day) {
                        // It began yesterday and counts once.
                        unmark(work, &recipient, old)?;
                    }
                    work.put(Change::BroadcastDay(day, recipient.customer, today + 1));
                }
                let (channel, peer) = (recipient.channel, recipient.peer.clone());
                delivery::account(work, channel, &peer, |reach, _| {
                    (0..terms.messages).for_each(|_| reach.reserve());
                })?;
                taken.push((pick.n, recipient.sent));
            }
        }
        put(work, id, pick.n, before, recipient);
    }
    let ended = end(work, &mut broadcast, &mut progress);
    if ended {
        work.put(Change::Broadcast(Box::new(broadcast.clone())));
    }
    work.put(Change::Progress(id, progress.clone()));
    if ended {
        tell(work, broadcast, progress);
    }
    Ok(Reply::Taken(taken))
}

/// Books what became of the message a recipient is at. Returns the next one of theirs, if it is to go at once.
pub(super) fn settle<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    n: u32,
    outcome: CastOutcome,
) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    let recipient = work.facts.recipient(id, n)?;
    let Some(mut recipient) = recipient.filter(|it| it.state == RecipientState::Sending) else {
        return Err(Refusal::NothingToRetry);
    };
    let parts = broadcast.draft.parts.len() as u32;
    // Messages that were reserved when this recipient was taken and have not left.
    let reserved = parts.saturating_sub(recipient.sent);
    let running = broadcast.state == BroadcastState::Running;
    let since = recipient.at;
    let mut next = None;
    let end_state = match &outcome {
        CastOutcome::Delivered(DeliveryResult::Accepted { upstream, proof }) => {
            recipient.sent += 1;
            progress.messages += 1;
            let proof = proof.clone().or_else(|| upstream.clone());
            recipient.proof = Some(delivery::cut(proof.unwrap_or_else(|| "accepted".into()), PROOF));
            if recipient.sent >= parts {
                Some(RecipientState::Accepted)
            } else if running {
                next = Some(recipient.sent);
                Some(RecipientState::Sending)
            } else {
                None
            }
        }
        CastOutcome::Delivered(DeliveryResult::Failed { .. }) => Some(RecipientState::Failed),
        CastOutcome::Delivered(DeliveryResult::Unknown { .. }) => Some(RecipientState::Unknown),
        CastOutcome::Delivered(DeliveryResult::Queued) => {
            recipient.tries += 1;
            None
        }
        CastOutcome::Back => None,
    };
    // It waits for its turn again, unless there will be none.
    let stopped = broadcast.state == BroadcastState::Stopped;
    let state = end_state.unwrap_or(if stopped {
        RecipientState::Skipped
    } else {
        RecipientState::Again
    });
    book(work, &recipient, &outcome, state, reserved, since)?;
    if let CastOutcome::Delivered(
        DeliveryResult::Failed { reason, .. } | DeliveryResult::Unknown { reason },
    ) = outcome
    {
        recipient.reason = Some(stored(reason));
    }
    let nothing_left = recipient.sent == 0
        && matches!(
            state,
            RecipientState::Failed | RecipientState::Again | RecipientState::Skipped
        );
    if let (true, Some(day)) = (nothing_left, recipient.day.take()) {
        unmark(work, &recipient, day)?;
    }
    recipient.state = state;
    recipient.at = work.now;
    if state != RecipientState::Sending {
        progress.sending = progress.sending.saturating_sub(1);
        count(&mut progress, &mut recipient);
    }
    put(work, id, n, RecipientState::Sending, recipient);
    finish(work, &mut broadcast, progress);
    Ok(Reply::Next(next))
}

/// The ledger of the address, after a message's fate is known.
fn book<F: Facts>(
    work: &mut Work<'_, F>,
    recipient: &Recipient,
    outcome: &CastOutcome,
    state: RecipientState,
    reserved: u32,
    since: crate::ids::Millis,
) -> Result<(), Refusal> {
    let goes_on = state == RecipientState::Sending;
    delivery::account(work, recipient.channel, &recipient.peer, |reach, now| {
        let mut back = reserved;
        if let CastOutcome::Delivered(result) = outcome {
            match result {
                DeliveryResult::Accepted { .. } | DeliveryResult::Unknown { .. } => {
                    reach.left(now);
                    back = back.saturating_sub(1);
                }
                DeliveryResult::Failed {
                    cause: Cause::WindowClosed,
                    ..
                } => reach.closed(since),
                DeliveryResult::Failed {
                    cause: Cause::QuotaSpent,
                    ..
                } => reach.spent(since),
                DeliveryResult::Failed { .. } | DeliveryResult::Queued => {}
            }
        }
        if !goes_on {
            (0..back).for_each(|_| reach.returned());
        }
    })
}

/// Counts a recipient who is not being sent to any more.
fn count(progress: &mut Progress, recipient: &mut Recipient) {
    match recipient.state {
        RecipientState::Accepted => progress.accepted += 1,
        RecipientState::Failed => progress.failed += 1,
        RecipientState::Unknown => progress.unknown += 1,
        RecipientState::Skipped => {
            recipient.skip = Some(Skip::Stopped);
            progress.skip(Skip::Stopped, 1);
        }
        RecipientState::Pending | RecipientState::Again | RecipientState::Sending => return,
    }
    let some = recipient.sent > 0 && recipient.state != RecipientState::Accepted;
    progress.partial += u32::from(some);
}

fn finish<F: Facts>(work: &mut Work<'_, F>, broadcast: &mut Broadcast, mut progress: Progress) {
    let ended = end(work, broadcast, &mut progress);
    let last_of_stopped = broadcast.state == BroadcastState::Stopped && progress.sending == 0;
    if ended {
        work.put(Change::Broadcast(Box::new(broadcast.clone())));
    }
    work.put(Change::Progress(broadcast.id, progress.clone()));
    if ended || last_of_stopped {
        tell(work, broadcast.clone(), progress);
    }
}

pub(super) fn wait<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    waiting: Option<Waiting>,
) -> Result<Reply, Refusal> {
    let (broadcast, mut progress) = found(work, id)?;
    if broadcast.state == BroadcastState::Running && progress.waiting != waiting {
        progress.waiting = waiting;
        work.put(Change::Progress(id, progress.clone()));
        tell(work, broadcast, progress);
    }
    Ok(Reply::Done)
}

fn put<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    n: u32,
    before: RecipientState,
    recipient: Recipient,
) {
    work.put(Change::Recipient(id, n, before, Box::new(recipient)));
}

/// A customer's broadcast of a day that came to nothing does not count as one.
fn unmark<F: Facts>(work: &mut Work<'_, F>, recipient: &Recipient, day: u32) -> Result<(), Refusal> {
    let marked = work
        .facts
        .broadcasts_on(work.desk.shop, day, recipient.customer)?;
    let left = marked.saturating_sub(1);
    work.put(Change::BroadcastDay(day, recipient.customer, left));
    Ok(())
}

fn stored(words: Words) -> Reason {
    let Words { zh, en } = delivery::cut_words(words);
    Reason { zh, en }
}
