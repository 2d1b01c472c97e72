//! The one writer: gathers transactions into groups, makes each group durable, then tells.
//!
//! A group grows while the one before it waits for the disk, so the busier the store, the larger
//! the groups. Transactions are laid over one another as they arrive: a key that a whole group
//! changed again and again is written once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use crate::changes::{Change, Changes};
use crate::error::of_engine;
use crate::lock::Lock;
use crate::{Error, Options, Result, Stats, Txn};

/// Told once, from the writer's thread.
pub(crate) type Done = Box<dyn FnOnce(Result<()>) + Send>;

/// Transactions that become durable together.
#[derive(Default)]
struct Group {
    changes: Arc<Changes>,
    done: Vec<Done>,
    transactions: usize,
    /// The writer has it: nothing may be added.
    sealed: bool,
}

#[derive(Default)]
struct Queue {
    /// Oldest first. A group stays here until it is applied, for [`Shared::pending`].
    groups: VecDeque<Group>,
    transactions: usize,
    bytes: usize,
    closing: bool,
    /// The sentence of the first failure.
    failure: Option<String>,
    stats: Stats,
}

/// What the writer, the handles and the trees share.
pub(crate) struct Shared {
    /// Emptied only when the store is given up after a failure.
    engine: Option<sled::Db>,
    pub(crate) folder: PathBuf,
    options: Options,
    queue: Mutex<Queue>,
    /// Something to do for the writer.
    work: Condvar,
    /// Room in the queue.
    room: Condvar,
    writer: OnceLock<ThreadId>,
    // Last: the folder is free only when the engine has let go of it.
    lock: Option<Lock>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({})", self.folder.display())
    }
}

impl Shared {
    pub(crate) fn new(engine: sled::Db, lock: Lock, folder: PathBuf, options: Options) -> Self {
        Self {
            engine: Some(engine),
            folder,
            options,
            queue: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            writer: OnceLock::new(),
            lock: Some(lock),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing under this lock panics half way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn engine(&self) -> Result<&sled::Db> {
        self.engine.as_ref().ok_or(Error::Closed)
    }

    /// The latest change of a key that was submitted and may not be applied yet.
    pub(crate) fn pending(&self, tree: usize, key: &[u8]) -> Option<Change> {
        self.queue()
            .groups
            .iter()
            .rev()
            .find_map(|group| group.changes.get(tree, key).cloned())
    }

    /// Queues a transaction; waits while the queue is full.
    pub(crate) fn submit(&self, txn: Txn, done: Done) {
        if let Err(error) = self.enqueue(txn, done) {
            let (error, done) = *error;
            done(Err(error));
        }
    }

    fn enqueue(&self, txn: Txn, done: Done) -> Result<(), Box<(Error, Done)>> {
        if let Some(fault) = txn.fault {
            return Err(Box::new((fault, done)));
        }
        let mut queue = self.queue();
        // The writer itself must not wait for itself to make room.
        while !self.is_writer() && queue.refusal().is_none() && queue.is_full(&self.options) {
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(error) = queue.refusal() {
            return Err(Box::new((error, done)));
        }
        queue.transactions += 1;
        queue.bytes += txn.changes.bytes();
        queue.add(txn.changes, done, &self.options);
        drop(queue);
        self.work.notify_one();
        Ok(())
    }

    pub(crate) fn is_writer(&self) -> bool {
        self.writer.get() == Some(&thread::current().id())
    }

    /// Lets the writer finish what is queued and end.
    pub(crate) fn close(&self) {
        self.queue().closing = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// The first failure, if there was one.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.queue()
            .failure
            .clone()
            .map(|cause| Error::Poisoned { cause })
    }

    pub(crate) fn stats(&self) -> Stats {
        let queue = self.queue();
        Stats {
            queued: queue.transactions as u64,
            ..queue.stats
        }
    }

    /// The writer's thread: one round per group, until the store is closed and the queue is empty.
    pub(crate) fn write(&self) {
        let _ = self.writer.set(thread::current().id());
        while let Some(changes) = self.next_group() {
            let result = catch_unwind(AssertUnwindSafe(|| self.store(&changes)))
                .unwrap_or_else(|_| Err(Error::Engine("it panicked; the log says where".into())));
            self.finish(&changes, result);
        }
    }

    /// Waits for a group and seals it.
    fn next_group(&self) -> Option<Arc<Changes>> {
        let mut queue = self.queue();
        loop {
            if let Some(group) = queue.groups.front_mut() {
                group.sealed = true;
                return Some(group.changes.clone());
            }
            if queue.closing {
                return None;
            }
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Applies a group and waits until a power cut would not lose it.
    fn store(&self, changes: &Changes) -> Result<()> {
        if changes.keys() > 0 {
            changes.apply()?;
            // Every write of the log, this one too, ends in a real barrier: see `barrier`.
            self.engine()?.flush().map_err(of_engine)?;
        }
        Ok(())
    }

    /// Takes the group off the queue and tells everybody in it; after a failure, everybody.
    fn finish(&self, changes: &Changes, result: Result<()>) {
        let mut queue = self.queue();
        let Some(group) = queue.groups.pop_front() else {
            return;
        };
        queue.transactions -= group.transactions;
        queue.bytes -= changes.bytes();
        let mut told = vec![(group.done, result.clone())];
        match result {
            Ok(()) => queue.count(group.transactions, changes.keys()),
            Err(error) => {
                tracing::error!(%error, "a group could not be stored: nothing more is accepted");
                let cause = error.to_string();
                queue.failure = Some(cause.clone());
                queue.transactions = 0;
                queue.bytes = 0;
                let poisoned = Error::Poisoned { cause };
                told.extend(
                    queue
                        .groups
                        .drain(..)
                        .map(|group| (group.done, Err(poisoned.clone()))),
                );
            }
        }
        drop(queue);
        self.room.notify_all();
        for (done, result) in told {
            for done in done {
                if catch_unwind(AssertUnwindSafe(|| done(result.clone()))).is_err() {
                    tracing::error!("a callback of the store panicked");
                }
            }
        }
    }
}

impl Queue {
    fn refusal(&self) -> Option<Error> {
        match &self.failure {
            Some(cause) => Some(Error::Poisoned { cause: cause.clone() }),
            None => self.closing.then_some(Error::Closed),
        }
    }

    fn is_full(&self, options: &Options) -> bool {
        self.transactions >= options.queue_transactions || self.bytes >= options.queue_bytes
    }

    fn add(&mut self, changes: Changes, done: Done, options: &Options) {
        let open = self.groups.back_mut().filter(|group| {
            !group.sealed
                && group.transactions < options.group_transactions
                && group.changes.bytes() + changes.bytes() <= options.group_bytes
        });
        let group = match open {
            Some(group) => group,
            None => self.groups.push_back_mut(Group::default()),
        };
        group.transactions += 1;
        group.done.push(done);
        let before = group.changes.bytes();
        let added = changes.bytes();
        // Not sealed, so nobody else holds it.
        if let Some(together) = Arc::get_mut(&mut group.changes) {
            together.overlay(changes);
        }
        // Keys that were laid over others take no room of their own.
        self.bytes = self.bytes + group.changes.bytes() - before - added;
    }

    fn count(&mut self, transactions: usize, keys: usize) {
        let stats = &mut self.stats;
        stats.groups += 1;
        stats.transactions += transactions as u64;
        stats.keys += keys as u64;
        stats.last_group = transactions as u64;
        stats.mean_group = stats.transactions as f64 / stats.groups as f64;
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.failure().is_some() {
            // The engine would try to write on its way out, and panic when it cannot. What it holds
            // was never acknowledged, so it goes with the process; so does the lock.
            std::mem::forget((self.engine.take(), self.lock.take()));
        }
    }
}
