//! Search over all messages of a shop: the index, kept up with what is stored, and its answers.
//!
//! The trees are the truth. The index lies in a folder of its own, follows what the engine has committed, and
//! knows at each of its own commits how far it has followed ([`mark`]): a start reads what is missing. One that is
//! missing, damaged, of another version or of another store is made anew while the server works; answers say so.
//!
//! Everything found is read from the trees again before it is told: whether it is still there, says what was
//! asked for, and may be read by who asks. What changes for many messages at once - the blacklist, who has served
//! whom - is not written to the index at all but kept beside it ([`known`]).
mod answer;
mod following;
mod known;
mod mark;
mod set;
mod snippet;
mod texts;
mod worker;

pub use answer::{Answer, Asked, Hit, Reader, Spot};
pub use snippet::{Part, snippet};

use crate::engine::Engine;
use crate::error::Refusal;
use crate::trees::Trees;
use known::Known;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use weikefu_search::Finder;

/// How far the index is when it is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Conversations read.
    pub done: u64,
    /// Conversations to read.
    pub total: u64,
}

/// How the index is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What is still missing; `None` when nothing is.
    pub building: Option<Progress>,
    /// Messages in it.
    pub messages: u64,
    /// Bytes on the disk.
    pub bytes: u64,
}

/// What a worker is told.
enum Order {
    Rebuild(oneshot::Sender<()>),
    /// Answered once it is known what is missing.
    Look(oneshot::Sender<()>),
    /// Answering failed: the files cannot be trusted.
    Distrust,
    Stop,
}

/// The search index of an installation.
pub struct MessageIndex {
    shared: Arc<Shared>,
    /// It is not to be kept this time.
    resting: AtomicBool,
    worker: Mutex<Option<Worker>>,
}

struct Worker {
    orders: mpsc::UnboundedSender<Order>,
    thread: JoinHandle<()>,
}

/// What worker and answers share.
struct Shared {
    trees: Trees,
    folder: PathBuf,
    state: RwLock<State>,
    known: RwLock<Known>,
}

struct State {
    finder: Option<Finder>,
    building: Option<Progress>,
    bytes: u64,
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MessageIndex {
    /// The index of a store in a folder of its own. Nothing is opened yet.
    #[must_use]
    pub fn new(trees: Trees, folder: PathBuf) -> Self {
        let state = State {
            finder: None,
            building: Some(Progress { done: 0, total: 0 }),
            bytes: 0,
        };
        let shared = Shared {
            trees,
            folder,
            state: RwLock::new(state),
            known: RwLock::default(),
        };
        MessageIndex {
            shared: Arc::new(shared),
            resting: AtomicBool::new(false),
            worker: Mutex::default(),
        }
    }

    /// From now on a start does nothing: what is stored meanwhile is read when a later process starts it.
    pub fn rest(&self) {
        self.resting.store(true, Ordering::Relaxed);
    }

    /// Begins to follow the engine, on a thread of its own. A second call does nothing.
    pub async fn start(&self, engine: &Engine) -> Result<(), Refusal> {
        if self.worker().is_some() || self.resting.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (observer, changes) = mpsc::unbounded_channel();
        engine.observe(observer).await?;
        let mut worker = self.worker();
        if worker.is_some() {
            return Ok(());
        }
        let (orders, told) = mpsc::unbounded_channel();
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name("search".into())
            .spawn(move || worker::run(&shared, changes, told));
        match thread {
            Ok(thread) => *worker = Some(Worker { orders, thread }),
            // Messages are received and sent without it.
            Err(error) => tracing::error!(%error, "the search index has no thread"),
        }
        Ok(())
    }

    /// Throws the index away and makes it anew, in the background. Returns when that has begun.
    pub async fn rebuild(&self) -> Result<(), Refusal> {
        self.ask(Order::Rebuild).await
    }

    /// Waits until it has been opened, so that the status tells what is missing.
    pub async fn settled(&self) -> Result<(), Refusal> {
        self.ask(Order::Look).await
    }

    async fn ask(&self, order: fn(oneshot::Sender<()>) -> Order) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        if !self.tell(order(answer)) {
            return Err(Refusal::Unavailable);
        }
        answered.await.map_err(|_| Refusal::Unavailable)
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.shared.state();
        Status {
            building: state.building,
            messages: state.finder.as_ref().map_or(0, Finder::entries),
            bytes: state.bytes,
        }
    }

    /// Writes what has been followed and ends the worker; waits for it.
    pub fn stop(&self) {
        let worker = self.worker().take();
        if let Some(Worker { orders, thread }) = worker {
            let _ = orders.send(Order::Stop);
            // It catches what the engine of the index does; there is nothing to hear.
            let _ = thread.join();
        }
    }

    fn tell(&self, order: Order) -> bool {
        let worker = self.worker();
        worker
            .as_ref()
            .is_some_and(|worker| worker.orders.send(order).is_ok())
    }

    fn worker(&self) -> std::sync::MutexGuard<'_, Option<Worker>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
