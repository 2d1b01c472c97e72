//! The agent's screen: one socket, read by a thread of its own, which counts messages and notes when each came.

use super::Socket;
use crate::problem::{Outcome, Problem, wrong};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Messages carry their number here, in every system under test.
const NUMBER: &str = "\"text\":\"#";
/// The other event of a message; its preview carries the number too.
const PREVIEW: &str = "\"what\":\"conversation\"";

/// What has come so far.
#[derive(Default)]
struct Seen {
    messages: AtomicU64,
    /// The server gave up telling each event: the reader was too slow.
    resets: AtomicU64,
    ended: AtomicBool,
    /// When each number came first; empty when nobody asks.
    at: Mutex<Vec<Option<Instant>>>,
}

/// An agent who looks.
pub(crate) struct Console {
    seen: Arc<Seen>,
    _stop: oneshot::Sender<()>,
}

impl Console {
    pub(crate) async fn open(address: &str, path: &str, headers: Vec<(String, String)>) -> Outcome<Self> {
        let (address, path) = (address.to_owned(), path.to_owned());
        let seen = Arc::new(Seen::default());
        let (stop, stopped) = oneshot::channel();
        let (ready, opened) = oneshot::channel();
        let reader = Arc::clone(&seen);
        std::thread::Builder::new()
            .name("console".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let Ok(runtime) = runtime else { return };
                runtime.block_on(async {
                    match Socket::open(&address, &path, &headers).await {
                        Err(problem) => drop(ready.send(Err(problem))),
                        Ok(socket) => {
                            let _ = ready.send(Ok(()));
                            tokio::select! {
                                () = read(socket, &reader) => reader.ended.store(true, Ordering::Release),
                                _ = stopped => {}
                            }
                        }
                    }
                });
            })?;
        opened
            .await
            .unwrap_or_else(|_| Err(Problem::from("no thread for the agent's socket")))?;
        Ok(Self { seen, _stop: stop })
    }

    /// Messages so far.
    pub(crate) fn messages(&self) -> u64 {
        self.seen.messages.load(Ordering::Acquire)
    }

    /// How often the server told to reload instead of telling each event.
    pub(crate) fn resets(&self) -> u64 {
        self.seen.resets.load(Ordering::Acquire)
    }

    /// From now on notes when the numbers below `count` come.
    pub(crate) fn watch(&self, count: usize) {
        *self.at() = vec![None; count];
    }

    /// When each number came; the watching ends.
    pub(crate) fn arrivals(&self) -> Vec<Option<Instant>> {
        std::mem::take(&mut *self.at())
    }

    /// Whether every number that is watched has come.
    pub(crate) fn seen_all(&self) -> bool {
        self.at().iter().all(Option::is_some)
    }

    fn at(&self) -> std::sync::MutexGuard<'_, Vec<Option<Instant>>> {
        self.seen.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `count` messages have come, or until a reset says that they will not.
    pub(crate) async fn until(&self, count: u64, patience: Duration) -> Outcome {
        let started = Instant::now();
        while self.messages() < count && self.resets() == 0 {
            if self.seen.ended.load(Ordering::Acquire) {
                return wrong("the agent's socket ended during a run");
            }
            if started.elapsed() > patience {
                return wrong(format!(
                    "{} of {count} messages came to the agent's socket",
                    self.messages()
                ));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

async fn read(mut socket: Socket, seen: &Seen) {
    while let Ok(frame) = socket.next().await {
        let now = Instant::now();
        if frame.starts_with("{\"type\":\"reset\"") {
            seen.resets.fetch_add(1, Ordering::AcqRel);
        }
        if !frame.contains(NUMBER) || frame.contains(PREVIEW) {
            continue;
        }
        let number = number(&frame);
        let mut at = seen.at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = number.and_then(|number| at.get_mut(number)) {
            slot.get_or_insert(now);
        }
        drop(at);
        seen.messages.fetch_add(1, Ordering::AcqRel);
    }
}

/// The number of the message a frame shows.
pub(super) fn number(frame: &str) -> Option<usize> {
    let digits = &frame[frame.find(NUMBER)? + NUMBER.len()..];
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
