//! Many agents' screens: their sockets are read by one thread, which notes when each number came to each.

use super::Socket;
use super::console::number;
use crate::problem::{Outcome, Problem, wrong};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// A socket's path and headers.
pub(crate) type Place = (String, Vec<(String, String)>);

/// When something came to each screen, as far as it has.
#[derive(Clone, Default)]
pub(crate) struct Arrivals(Vec<Option<Instant>>);

impl Arrivals {
    fn note(&mut self, screen: usize, now: Instant) {
        if self.0.len() <= screen {
            self.0.resize(screen + 1, None);
        }
        if let Some(slot) = self.0.get_mut(screen) {
            slot.get_or_insert(now);
        }
    }

    /// When the first screen from `first` on had it.
    pub(crate) fn first_from(&self, first: usize) -> Option<Instant> {
        self.0.iter().skip(first).copied().flatten().min()
    }

    /// When the last of the first `count` screens had it; `None` when one still has not.
    pub(crate) fn all_of(&self, count: usize) -> Option<Instant> {
        let all: Option<Vec<_>> = (0..count)
            .map(|screen| self.0.get(screen).copied().flatten())
            .collect();
        all?.into_iter().max()
    }
}

/// What has come since the watching began.
#[derive(Default)]
pub(crate) struct Seen {
    /// Messages by their number, in any event.
    pub(crate) shown: HashMap<usize, Arrivals>,
    /// Messages by their number, in the list of an agent who holds the conversation.
    pub(crate) held: HashMap<usize, Arrivals>,
    /// Conversations that somebody holds.
    pub(crate) taken: HashMap<u64, Arrivals>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) resets: u64,
    ended: bool,
}

/// Agents who look.
pub(crate) struct Screens {
    seen: Arc<Mutex<Seen>>,
    pub(crate) count: usize,
    _stop: oneshot::Sender<()>,
}

impl Screens {
    pub(crate) async fn open(address: &str, places: Vec<Place>) -> Outcome<Self> {
        let (address, count) = (address.to_owned(), places.len());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (stop, stopped) = oneshot::channel();
        let (ready, opened) = oneshot::channel();
        let told = Arc::clone(&seen);
        std::thread::Builder::new()
            .name("screens".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let Ok(runtime) = runtime else { return };
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async {
                    let mut sockets = Vec::new();
                    for (path, headers) in places {
                        match Socket::open(&address, &path, &headers).await {
                            Ok(socket) => sockets.push(socket),
                            Err(problem) => return drop(ready.send(Err(problem))),
                        }
                    }
                    for (screen, socket) in sockets.into_iter().enumerate() {
                        tokio::task::spawn_local(read(socket, screen, Arc::clone(&told)));
                    }
                    let _ = ready.send(Ok(()));
                    let _ = stopped.await;
                });
            })?;
        opened
            .await
            .unwrap_or_else(|_| Err(Problem::from("no thread for the agents' sockets")))?;
        Ok(Self {
            seen,
            count,
            _stop: stop,
        })
    }

    /// Forgets what has come so far.
    pub(crate) fn watch(&self) {
        let mut seen = self.seen();
        *seen = Seen {
            ended: seen.ended,
            ..Seen::default()
        };
    }

    /// What has come so far; an error when a socket has ended.
    pub(crate) fn look(&self) -> Outcome<MutexGuard<'_, Seen>> {
        let seen = self.seen();
        if seen.ended {
            return wrong("an agent's socket ended during a run");
        }
        Ok(seen)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(mut socket: Socket, screen: usize, seen: Arc<Mutex<Seen>>) {
    let seen = || seen.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(frame) = socket.next().await {
        let now = Instant::now();
        let mut seen = seen();
        seen.frames += 1;
        seen.bytes += frame.len() as u64;
        if frame.starts_with("{\"type\":\"reset\"") {
            seen.resets += 1;
        }
        let number = number(&frame);
        if let Some(number) = number {
            seen.shown.entry(number).or_default().note(screen, now);
        }
        // What the floor tells is neither; it shows a message only to those who hold the conversation.
        if frame.contains("\"what\":\"message\"") || frame.contains("\"state\":\"waiting\"") {
            continue;
        }
        if let Some(number) = number {
            seen.held.entry(number).or_default().note(screen, now);
        }
        if let Some(conversation) = conversation(&frame) {
            seen.taken.entry(conversation).or_default().note(screen, now);
        }
    }
    seen().ended = true;
}

/// The number of an event's conversation.
fn conversation(frame: &str) -> Option<u64> {
    const PLACE: &str = "\"conversation\":{\"id\":";
    let digits = &frame[frame.find(PLACE)? + PLACE.len()..];
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_know_the_first_and_the_last() {
        let (early, late) = (Instant::now(), Instant::now() + std::time::Duration::from_secs(1));
        let mut arrivals = Arrivals::default();
        arrivals.note(0, late);
        arrivals.note(2, early);
        assert_eq!(arrivals.first_from(1), Some(early));
        assert_eq!((arrivals.all_of(1), arrivals.all_of(3)), (Some(late), None));
        arrivals.note(1, early);
        arrivals.note(0, early);
        assert_eq!(arrivals.all_of(3), Some(late), "the first time counts");
    }

    #[test]
    fn an_event_names_its_conversation() {
        let frame = "{\"type\":\"event\",\"what\":\"conversation\",\"conversation\":{\"id\":4097,\"x\":1}}";
        assert_eq!(conversation(frame), Some(4097));
        assert_eq!(conversation("{\"conversation\":4097}"), None);
    }
}
