//! The store as its users see it: open, trees, transactions, close.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use crate::error::of_engine;
use crate::writer::Shared;
use crate::{Error, Key, OpenError, Record, Report, Result, Stats, Tree, Txn, files, format, open};

/// How a store is opened. The defaults suit one shop and a hundred.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for nodes of trees, in bytes.
    pub cache_bytes: u64,
    /// A group takes no more transactions than this.
    pub group_transactions: usize,
    /// A group takes no more bytes than this, unless one transaction alone does.
    pub group_bytes: usize,
    /// With more transactions waiting, [`Db::submit`] and [`Db::commit`] wait too.
    pub queue_transactions: usize,
    /// With more bytes waiting, they wait too.
    pub queue_bytes: usize,
    /// Where backups are kept, so that a store that is beyond repair can name the newest.
    pub backups: Option<PathBuf>,
    /// Size of the pieces of the engine's log, fixed when a store is created. Only tests change it,
    /// to see many pieces with little data: smaller pieces allow smaller records only.
    #[doc(hidden)]
    pub segment_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 32 * 1024 * 1024,
            group_transactions: 512,
            group_bytes: 4 * 1024 * 1024,
            queue_transactions: 8192,
            queue_bytes: 32 * 1024 * 1024,
            backups: None,
            segment_bytes: open::SEGMENT_BYTES,
        }
    }
}

/// An open store. Clones are cheap and share it; it closes with the last of them or by
/// [`close`](Self::close). The folder is free for another process when all trees, scans and
/// transactions of it are gone too.
#[derive(Debug, Clone)]
pub struct Db {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    /// Number of each tree, by name.
    trees: Mutex<HashMap<&'static str, usize>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Db {
    /// Opens the store in a folder of its own, which is created when missing. Repairs what a crash
    /// left behind, and says so in the report.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Report), OpenError> {
        let opened = open::open(dir, &options)?;
        let shared = Arc::new(Shared::new(opened.engine, opened.lock, dir.to_owned(), options));
        let writer = thread::Builder::new()
            .name("storage-writer".into())
            .spawn({
                let shared = shared.clone();
                move || shared.write()
            })
            .map_err(files::at(dir))?;
        let handle = Handle {
            shared,
            trees: Mutex::default(),
            writer: Mutex::new(Some(writer)),
        };
        let db = Self {
            handle: Arc::new(handle),
        };
        warn_of_blobs(opened.report.blob_files);
        Ok((db, opened.report))
    }

    /// The tree of a name, created when missing. The same name must always be used with the same
    /// types. Not for a request path: open trees once, keep and clone them.
    pub fn tree<K: Key, V: Record>(&self, name: &'static str) -> Result<Tree<K, V>> {
        if name.is_empty() || name == format::META || name.starts_with("__sled") {
            return Err(Error::Engine(format!(
                "the name of the tree {name:?} is reserved"
            )));
        }
        let shared = &self.handle.shared;
        let engine = shared.engine()?.open_tree(name).map_err(of_engine)?;
        let mut trees = self.handle.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let next = trees.len();
        let number = *trees.entry(name).or_insert(next);
        Ok(Tree::new(engine, number, name, shared.clone()))
    }

    /// An empty transaction.
    #[must_use]
    pub fn begin(&self) -> Txn {
        Txn::new(self.handle.shared.clone())
    }

    /// Stores a transaction and waits until a power cut would not lose it. Blocks the thread; refused
    /// with [`Error::Closed`] inside a callback of [`submit`](Self::submit), where it would wait for
    /// itself.
    pub fn commit(&self, txn: Txn) -> Result<()> {
        if self.handle.shared.is_writer() {
            return Err(Error::Engine(
                "a callback of the store waits for the store".into(),
            ));
        }
        let (tell, told) = mpsc::sync_channel(1);
        self.submit(txn, move |result| {
            let _ = tell.send(result);
        });
        told.recv().unwrap_or(Err(Error::Closed))
    }

    /// Queues a transaction and returns; `done` hears once that it would survive a power cut, or that
    /// it was not stored. Transactions take effect in the order of these calls, and hear in that order.
    ///
    /// Waits while the queue is full ([`Options::queue_transactions`], [`Options::queue_bytes`]): that
    /// is the back-pressure. `done` runs on the writer's thread, where every other transaction waits
    /// for it: it should pass the news on and return. When the store is closed or has failed, `done`
    /// runs at once on the caller's thread. An empty transaction hears when those before it are durable.
    pub fn submit(&self, txn: Txn, done: impl FnOnce(Result<()>) + Send + 'static) {
        if Arc::ptr_eq(&txn.shared, &self.handle.shared) {
            self.handle.shared.submit(txn, Box::new(done));
        } else {
            done(Err(Error::ForeignTree {
                tree: "a transaction",
            }));
        }
    }

    /// What the writer did so far, and what the store takes. Looks at the files: for a status page,
    /// not for every request.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (blob_files, bytes_on_disk) = files::usage(&self.handle.shared.folder);
        warn_of_blobs(blob_files);
        Stats {
            bytes_on_disk,
            blob_files,
            ..self.handle.shared.stats()
        }
    }

    /// Stores what is queued, then ends the writer. Later transactions, through any clone, are
    /// refused with [`Error::Closed`]. Says so when an earlier group had failed.
    pub fn close(self) -> Result<()> {
        self.handle.stop();
        self.handle.shared.failure().map_or(Ok(()), Err)
    }
}

impl Handle {
    fn stop(&self) {
        self.shared.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && !self.shared.is_writer()
        {
            // It catches panics of the engine and of callbacks: there is nothing to hear.
            let _ = writer.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn warn_of_blobs(files: u64) {
    if files > 0 {
        tracing::warn!(
            files,
            "records grew so large that the engine keeps them in blobs/, where a power cut can lose them; \
             please report this as a bug"
        );
    }
}
