//! Runs the futures of one instance on its one thread. Futures need not be `Send`; their wakers may fire on
//! any thread, which asks the host for a WAKE. Knows nothing of frames but that one.
use crate::abi::{Frame, FrameKind, Line};
use crate::panic::{Panic, contain};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Polls of one run; a future that always wakes itself must not keep the mailbox waiting.
const POLLS_PER_RUN: usize = 256;

/// A boxed future of this thread.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Names a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// Answers the host's call of this id.
    Call(u64),
    /// Spawned by the plugin itself.
    Own(u64),
}

pub(crate) struct Executor {
    tasks: RefCell<HashMap<Key, Task>>,
    /// Tasks that must run one after the other, by connection; the first of each is under way.
    lanes: RefCell<HashMap<u64, VecDeque<Key>>>,
    next: Cell<u64>,
    shared: Arc<Shared>,
}

struct Task {
    /// Taken out while it is polled.
    work: Option<Work>,
    waker: Waker,
    bell: Arc<Bell>,
    lane: Option<u64>,
}

struct Shared {
    ready: Mutex<Ready>,
    line: Arc<dyn Line>,
}

#[derive(Default)]
struct Ready {
    queue: VecDeque<Key>,
    /// The instance's thread is at work and will look at the queue before it goes.
    attended: bool,
}

struct Bell {
    key: Key,
    rung: AtomicBool,
    shared: Arc<Shared>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.shared.push(self.key);
        }
    }
}

impl Shared {
    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, key: Key) {
        let mut ready = self.ready();
        ready.queue.push_back(key);
        let first = !ready.attended && ready.queue.len() == 1;
        drop(ready);
        if first {
            self.line.post(&Frame {
                kind: FrameKind::Wake,
                id: 0,
                op: "",
                head: b"",
                body: b"",
            });
        }
    }
}

impl Executor {
    pub(crate) fn new(line: Arc<dyn Line>) -> Self {
        Executor {
            tasks: RefCell::default(),
            lanes: RefCell::default(),
            next: Cell::new(0),
            shared: Arc::new(Shared {
                ready: Mutex::default(),
                line,
            }),
        }
    }

    /// Starts a task of the plugin's own.
    pub(crate) fn spawn(&self, work: Work) {
        self.next.set(self.next.get() + 1);
        self.insert(Key::Own(self.next.get()), None, work);
    }

    /// Starts the answer to a call. Tasks of one lane run one after the other, in the order they came.
    /// False when a call of this id is already being answered.
    pub(crate) fn answer(&self, id: u64, lane: Option<u64>, work: Work) -> bool {
        let fresh = !self.tasks.borrow().contains_key(&Key::Call(id));
        if fresh {
            self.insert(Key::Call(id), lane, work);
        }
        fresh
    }

    fn insert(&self, key: Key, lane: Option<u64>, work: Work) {
        let bell = Arc::new(Bell {
            key,
            rung: AtomicBool::new(true),
            shared: self.shared.clone(),
        });
        let task = Task {
            work: Some(work),
            waker: bell.clone().into(),
            bell,
            lane,
        };
        self.tasks.borrow_mut().insert(key, task);
        let first = lane.is_none_or(|lane| {
            let mut lanes = self.lanes.borrow_mut();
            let queue = lanes.entry(lane).or_default();
            queue.push_back(key);
            queue.len() == 1
        });
        if first {
            self.shared.push(key);
        }
    }

    /// The instance's thread has arrived: until [`Executor::run`] ends, wakers need not ask for it.
    pub(crate) fn attend(&self) {
        self.shared.ready().attended = true;
    }

    /// Polls what is ready. Each panic ends its task and is handed to `panicked`.
    pub(crate) fn run(&self, mut panicked: impl FnMut(Key, Panic)) {
        for _ in 0..POLLS_PER_RUN {
            let key = {
                let mut ready = self.shared.ready();
                let Some(key) = ready.queue.pop_front() else {
                    ready.attended = false;
                    return;
                };
                key
            };
            if let Err(panic) = self.poll(key) {
                panicked(key, panic);
            }
        }
        let mut ready = self.shared.ready();
        ready.attended = false;
        let more = !ready.queue.is_empty();
        drop(ready);
        if more {
            self.shared.line.post(&Frame {
                kind: FrameKind::Wake,
                id: 0,
                op: "",
                head: b"",
                body: b"",
            });
        }
    }

    fn poll(&self, key: Key) -> Result<(), Panic> {
        let (mut work, waker) = {
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(&key) else {
                return Ok(());
            };
            let Some(work) = task.work.take() else {
                return Ok(());
            };
            task.bell.rung.store(false, Ordering::Release);
            (work, task.waker.clone())
        };
        let polled = contain(|| work.as_mut().poll(&mut Context::from_waker(&waker)));
        if let Ok(Poll::Pending) = polled {
            if let Some(task) = self.tasks.borrow_mut().get_mut(&key) {
                task.work = Some(work);
            }
            return Ok(());
        }
        self.leave(key);
        let dropped = contain(move || drop(work));
        polled.map(drop).and(dropped)
    }

    /// Drops the answer to a call that nobody waits for any more.
    pub(crate) fn cancel(&self, id: u64) -> Result<(), Panic> {
        let work = self.leave(Key::Call(id));
        contain(move || drop(work))
    }

    /// Forgets a task and lets the next one of its lane go.
    fn leave(&self, key: Key) -> Option<Work> {
        let task = self.tasks.borrow_mut().remove(&key)?;
        if let Some(lane) = task.lane {
            let mut lanes = self.lanes.borrow_mut();
            if let Some(queue) = lanes.get_mut(&lane) {
                let was_first = queue.front() == Some(&key);
                queue.retain(|waiting| *waiting != key);
                match queue.front() {
                    None => drop(lanes.remove(&lane)),
                    Some(next) if was_first => self.shared.push(*next),
                    Some(_) => {}
                }
            }
        }
        task.work
    }

    /// Drops all tasks, also those that are spawned by what is being dropped.
    pub(crate) fn clear(&self, mut panicked: impl FnMut(Panic)) {
        self.attend();
        loop {
            let keys: Vec<Key> = self.tasks.borrow().keys().copied().collect();
            if keys.is_empty() {
                return;
            }
            for key in keys {
                let work = self.leave(key);
                if let Err(panic) = contain(move || drop(work)) {
                    panicked(panic);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
