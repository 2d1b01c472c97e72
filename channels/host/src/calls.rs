//! The host's calls of one instance that are not answered yet.
use crate::served::Payload;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use weikefu_channel::{Cause, Error};

/// Calls under way in one instance, long polls among them.
const MOST: usize = 65_536;

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Payload, Error>;

#[derive(Default)]
pub(crate) struct Calls(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    waiting: HashMap<u64, Waiting>,
    last: u64,
    ended: bool,
}

struct Waiting {
    answer: oneshot::Sender<Outcome>,
    op: &'static str,
    /// The plugin has seen it.
    started: bool,
}

/// Why a call is not taken.
pub(crate) enum Declined {
    /// The instance is gone.
    Ended,
    /// Too many are under way.
    Full,
}

impl Waiting {
    /// What it means that no answer came: what a customer may already have received is never sent again by
    /// itself.
    fn unanswered(&self) -> Cause {
        if self.started && self.op == "channel.send" {
            Cause::Unknown
        } else {
            Cause::Retryable
        }
    }
}

impl Calls {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a call down.
    pub(crate) fn add(&self, op: &'static str) -> Result<(u64, oneshot::Receiver<Outcome>), Declined> {
        let mut ledger = self.ledger();
        if ledger.ended {
            return Err(Declined::Ended);
        }
        if ledger.waiting.len() >= MOST {
            return Err(Declined::Full);
        }
        ledger.last += 1;
        let (id, (answer, receiver)) = (ledger.last, oneshot::channel());
        ledger.waiting.insert(
            id,
            Waiting {
                answer,
                op,
                started: false,
            },
        );
        Ok((id, receiver))
    }

    /// The plugin is about to see a call. False when nobody waits for it any more.
    pub(crate) fn start(&self, id: u64) -> bool {
        self.ledger()
            .waiting
            .get_mut(&id)
            .map(|call| call.started = true)
            .is_some()
    }

    /// Hands an answer to its caller. Late ones and second ones are dropped.
    pub(crate) fn answered(&self, id: u64, outcome: Outcome) {
        let call = self.ledger().waiting.remove(&id);
        if let Some(call) = call {
            // Its caller may have left.
            let _ = call.answer.send(outcome);
        }
    }

    /// Forgets a call. True when the plugin has to be told.
    pub(crate) fn forget(&self, id: u64) -> bool {
        self.ledger().waiting.remove(&id).is_some_and(|call| call.started)
    }

    /// What it means that this call has not been answered by now.
    pub(crate) fn unanswered(&self, id: u64) -> Cause {
        self.ledger()
            .waiting
            .get(&id)
            .map_or(Cause::Retryable, Waiting::unanswered)
    }

    /// The instance is gone: everybody is told, and nothing is taken any more.
    pub(crate) fn end(&self, reason: &Error) {
        let calls = {
            let mut ledger = self.ledger();
            ledger.ended = true;
            std::mem::take(&mut ledger.waiting)
        };
        for call in calls.into_values() {
            let error = Error {
                kind: call.unanswered(),
                ..reason.clone()
            };
            // Its caller may have left.
            let _ = call.answer.send(Err(error));
        }
    }
}
