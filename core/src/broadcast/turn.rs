//! One customer's turn: their messages are handed over one after the other, and each outcome is judged and booked.
use super::audience::Platforms;
use super::worker::Broadcasts;
use crate::desk::{BroadcastCommand, CastOutcome, DeliveryResult, Reply};
use crate::error::Refusal;
use crate::ids::{BroadcastId, ChannelId};
use crate::outbox::{Carrier, refused};
use crate::records::Recipient;
use std::sync::Arc;
use std::time::Duration;
use weikefu_channel::{Cause, Content, Error, Words};

/// Tries of a message whose failure may pass.
const TRIES: u32 = 4;

/// What became of a customer's turn.
pub(super) struct Turn {
    pub(super) n: u32,
    pub(super) channel: ChannelId,
    /// They come again after a while.
    pub(super) again: Option<Duration>,
    /// The channel rests that long.
    pub(super) rest: Option<Duration>,
    /// The account is at fault.
    pub(super) fatal: Option<Words>,
    /// The platform took something, or refused it.
    pub(super) taken: Option<Result<(), Words>>,
}

/// Hands a customer's messages over, one after the other, and books each.
pub(super) async fn carry<C: Carrier + Platforms>(
    all: Arc<Broadcasts<C>>,
    id: BroadcastId,
    n: u32,
    mut part: u32,
    recipient: Recipient,
    parts: Arc<[Content]>,
) -> Turn {
    let mut turn = Turn {
        n,
        channel: recipient.channel,
        again: None,
        rest: None,
        fatal: None,
        taken: None,
    };
    while let Some(content) = parts.get(part as usize) {
        let (channel, peer) = (recipient.channel, &recipient.peer);
        let outcome = match all.carrier.hand_over(channel, peer, n, content).await {
            Ok(receipt) => {
                turn.taken = Some(Ok(()));
                CastOutcome::Delivered(DeliveryResult::Accepted {
                    upstream: receipt.upstream,
                    proof: receipt.proof,
                })
            }
            Err(error) => judged(&mut turn, error, recipient.tries),
        };
        match settle(&all, id, n, outcome).await {
            Ok(Some(next)) => part = next,
            Ok(None) | Err(_) => break,
        }
    }
    turn
}

/// What a failure means for the customer, for the channel and for the whole broadcast.
fn judged(turn: &mut Turn, error: Error, tries: u32) -> CastOutcome {
    let told = error.retry_after_ms.map(Duration::from_millis);
    match error.kind {
        Cause::RateLimited => {
            // Everybody behind it would hear the same.
            let rest = told.unwrap_or(Duration::from_mins(1));
            turn.rest = Some(rest);
            turn.again = Some(rest);
            CastOutcome::Back
        }
        Cause::Auth | Cause::Config => {
            let DeliveryResult::Failed { reason, .. } = refused(error) else {
                return CastOutcome::Back;
            };
            turn.fatal = Some(reason);
            turn.again = Some(Duration::ZERO);
            CastOutcome::Back
        }
        Cause::Retryable if tries + 1 < TRIES => {
            turn.again = Some(told.unwrap_or(Duration::from_secs(1 << tries.min(6))));
            CastOutcome::Delivered(DeliveryResult::Queued)
        }
        kind => {
            let result = refused(error);
            // These say something about the customer, all others perhaps about the message.
            let about_customer = matches!(kind, Cause::WindowClosed | Cause::QuotaSpent | Cause::Unknown);
            if let (false, DeliveryResult::Failed { reason, .. }) = (about_customer, &result) {
                turn.taken = Some(Err(reason.clone()));
            }
            CastOutcome::Delivered(result)
        }
    }
}

/// Books an outcome; the next message of theirs, if it is to go at once.
pub(super) async fn settle<C: Carrier + Platforms>(
    all: &Broadcasts<C>,
    id: BroadcastId,
    n: u32,
    outcome: CastOutcome,
) -> Result<Option<u32>, Refusal> {
    let command = BroadcastCommand::Settle {
        broadcast: id,
        n,
        outcome,
    };
    match all.order(id, command).await {
        Ok(Reply::Next(next)) => Ok(next),
        Ok(_) | Err(Refusal::Unavailable) => Ok(None),
        Err(refusal) => {
            tracing::warn!(broadcast = %id, n, %refusal, "what became of a recipient could not be recorded");
            Err(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(error: Error, tries: u32) -> (CastOutcome, Turn) {
        let mut turn = Turn {
            n: 0,
            channel: ChannelId(1),
            again: None,
            rest: None,
            fatal: None,
            taken: None,
        };
        (judged(&mut turn, error, tries), turn)
    }

    #[test]
    fn a_rate_limit_rests_the_channel_and_costs_nobody_a_turn() {
        let hour = Duration::from_hours(1);
        let (outcome, turn) = judge(Error::new(Cause::RateLimited, "").retry_after(hour), 3);
        assert_eq!(
            (outcome, turn.rest, turn.again),
            (CastOutcome::Back, Some(hour), Some(hour))
        );
    }

    #[test]
    fn an_account_at_fault_pauses_and_costs_nobody_a_turn() {
        for kind in [Cause::Auth, Cause::Config] {
            let (outcome, turn) = judge(Error::told(kind, "坏", "bad"), 0);
            assert_eq!(
                (outcome, turn.fatal),
                (CastOutcome::Back, Some(Words::new("坏", "bad")))
            );
            assert!(turn.again.is_some(), "they come again when it goes on");
        }
    }

    #[test]
    fn what_may_pass_is_tried_a_few_times() {
        for tries in 0..TRIES {
            let (outcome, turn) = judge(Error::new(Cause::Retryable, ""), tries);
            let queued = outcome == CastOutcome::Delivered(DeliveryResult::Queued);
            assert_eq!(queued, tries + 1 < TRIES);
            assert_eq!(turn.again.is_some(), queued);
        }
    }

    #[test]
    fn unknown_stays_unknown() {
        let (outcome, turn) = judge(Error::new(Cause::Unknown, ""), 0);
        let CastOutcome::Delivered(result) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(matches!(result, DeliveryResult::Unknown { .. }) && turn.again.is_none());
    }
}
