//! The live events of a shop: numbered, kept for a while, handed to whoever listens.
use crate::desk::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::broadcast;

/// Events a late listener can still get. An agent who was away longer reloads the desk instead.
const KEPT: usize = 4096;
/// Events a slow listener may be behind before it has to catch up from the kept ones.
const BEHIND: usize = 1024;

/// An event on its way, with room for its forms on the wire, each made once for all listeners.
#[derive(Debug)]
pub struct Published {
    /// The event.
    pub event: Event,
    /// Its form on the wire, made by the first who needs it.
    pub wire: OnceLock<String>,
    /// The form for those who may know of it and not read it.
    pub veiled: OnceLock<String>,
}

/// The feed of one shop.
#[derive(Debug)]
pub struct Feed {
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<Published>>,
}

#[derive(Debug)]
struct Kept {
    events: VecDeque<Arc<Published>>,
    last: u64,
}

/// What a listener gets when it comes.
pub struct Subscription {
    /// What it missed, oldest first; `None` when that reaches too far back.
    pub missed: Option<Vec<Arc<Published>>>,
    /// The number of the last event before the live ones.
    pub last: u64,
    /// What happens from now on.
    pub live: broadcast::Receiver<Arc<Published>>,
}

impl Feed {
    /// A feed whose next event has the number after `last`.
    #[must_use]
    pub fn new(last: u64) -> Self {
        Feed {
            kept: Mutex::new(Kept {
                events: VecDeque::new(),
                last,
            }),
            live: broadcast::channel(BEHIND).0,
        }
    }

    /// Publishes events in the order of their numbers.
    pub fn publish(&self, events: Vec<Event>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            kept.last = event.n;
            let published = Arc::new(Published {
                event,
                wire: OnceLock::new(),
                veiled: OnceLock::new(),
            });
            if kept.events.len() == KEPT {
                kept.events.pop_front();
            }
            kept.events.push_back(Arc::clone(&published));
            // Nobody listening is fine.
            let _ = self.live.send(published);
        }
    }

    /// Everything after `after`, then everything that follows, without a gap between the two.
    #[must_use]
    pub fn subscribe(&self, after: u64) -> Subscription {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.last - kept.events.len() as u64 + 1;
        let missed = (after <= kept.last && after + 1 >= first).then(|| {
            kept.events
                .iter()
                .filter(|kept| kept.event.n > after)
                .cloned()
                .collect()
        });
        Subscription {
            missed,
            last: kept.last,
            live: self.live.subscribe(),
        }
    }

    /// The number of the last event.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).last
    }
}
