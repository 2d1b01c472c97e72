//! The WebSockets of one account, by number.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Messages that may wait for a slow socket.
const WAITING: usize = 256;

/// What goes to a socket.
pub(crate) enum ToSocket {
    Text(String),
    Close { code: u16, reason: String },
}

/// A table of sockets.
#[derive(Default)]
pub(crate) struct Sockets {
    next: AtomicU64,
    open: Mutex<HashMap<u64, mpsc::Sender<ToSocket>>>,
}

impl Sockets {
    /// Gives a new socket its number and the end its messages come out of.
    pub(crate) fn add(&self) -> (u64, mpsc::Receiver<ToSocket>) {
        let connection = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = mpsc::channel(WAITING);
        self.lock().insert(connection, sender);
        (connection, receiver)
    }

    pub(crate) fn remove(&self, connection: u64) {
        self.lock().remove(&connection);
    }

    /// Queues a message. A socket that is gone or too slow is removed, which closes it; false is answered.
    pub(crate) fn send(&self, connection: u64, message: ToSocket) -> bool {
        let mut open = self.lock();
        let sent = open
            .get(&connection)
            .is_some_and(|socket| socket.try_send(message).is_ok());
        if !sent {
            open.remove(&connection);
        }
        sent
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, mpsc::Sender<ToSocket>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
