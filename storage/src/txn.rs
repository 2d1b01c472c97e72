//! A transaction: changes that are stored together or not at all.

use std::sync::Arc;

use crate::changes::{Change, Changes};
use crate::error::of_engine;
use crate::key::{bytes_of, hex};
use crate::record::Refused;
use crate::tree::{Tree, record};
use crate::writer::Shared;
use crate::{Error, Key, MAX_RECORD_BYTES, Record, Result};

/// The most a key may take.
pub const MAX_KEY_BYTES: usize = 1024;

/// The most a transaction may take, with 64 bytes allowed for each key. Imports commit in parts.
pub const MAX_TXN_BYTES: usize = 8 * 1024 * 1024;

/// Changes to any number of trees, kept in memory until [`Db::commit`](crate::Db::commit) or
/// [`Db::submit`](crate::Db::submit) stores all of them at once. Dropped, it changes nothing.
///
/// **One writer per key space.** Transactions are not isolated from one another and never conflict:
/// they take effect in the order in which they are submitted, and the last change of a key wins. So
/// the keys that a transaction reads in order to decide must be written by the same thread (or
/// whoever else orders the transactions) only. That writer may go on before its last transaction is
/// durable: [`get`](Self::get) sees what was submitted before.
#[derive(Debug)]
pub struct Txn {
    pub(crate) changes: Changes,
    pub(crate) shared: Arc<Shared>,
    /// A mistake of the program in a call that returns nothing; told at commit.
    pub(crate) fault: Option<Error>,
}

impl Txn {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            changes: Changes::default(),
            shared,
            fault: None,
        }
    }

    /// The record of a key as this transaction leaves it: its own change, else the latest that was
    /// submitted, else what is stored.
    pub fn get<K: Key, V: Record>(&self, tree: &Tree<K, V>, key: &K) -> Result<Option<V>> {
        self.check(tree)?;
        let key = bytes_of(key);
        let change = match self.changes.get(tree.number, &key) {
            Some(change) => Some(change.clone()),
            None => self.shared.pending(tree.number, &key),
        };
        let value = match change {
            Some(change) => change.into_value(),
            None => tree.engine.get(&key).map_err(of_engine)?,
        };
        value.map(|value| record(tree.name, &key, &value)).transpose()
    }

    /// Stores a record under a key. Refused, it changes nothing.
    pub fn put<K: Key, V: Record>(&mut self, tree: &Tree<K, V>, key: &K, value: &V) -> Result<()> {
        self.check(tree)?;
        let value = value.encode().map_err(|refused| match refused {
            Refused::TooLarge(bytes) => too_large("a record", tree.name, bytes, MAX_RECORD_BYTES),
            Refused::Unencodable(detail) => Error::Encode {
                tree: tree.name,
                detail,
            },
        })?;
        self.set(tree, bytes_of(key), Change::Put(value.into()))
    }

    /// Deletes a key; one that is not there is fine.
    pub fn delete<K: Key, V: Record>(&mut self, tree: &Tree<K, V>, key: &K) {
        let done = self
            .check(tree)
            .and_then(|()| self.set(tree, bytes_of(key), Change::Delete));
        if let Err(error) = done {
            self.fault.get_or_insert(error);
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.keys() == 0
    }

    /// Number of keys it changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.keys()
    }

    fn check<K, V>(&self, tree: &Tree<K, V>) -> Result<()> {
        if Arc::ptr_eq(&self.shared, &tree.shared) {
            Ok(())
        } else {
            Err(Error::ForeignTree { tree: tree.name })
        }
    }

    fn set<K, V>(&mut self, tree: &Tree<K, V>, key: Vec<u8>, change: Change) -> Result<()> {
        if key.len() > MAX_KEY_BYTES {
            tracing::warn!(
                tree = tree.name,
                key = hex(&key),
                "a key above the limit was refused"
            );
            return Err(too_large("a key", tree.name, key.len(), MAX_KEY_BYTES));
        }
        let bytes = self.changes.bytes() + change.cost(&key);
        if bytes > MAX_TXN_BYTES {
            return Err(too_large("a transaction", tree.name, bytes, MAX_TXN_BYTES));
        }
        self.changes.set(&tree.engine, tree.number, key.into(), change);
        Ok(())
    }
}

fn too_large(what: &'static str, tree: &'static str, bytes: usize, limit: usize) -> Error {
    Error::TooLarge {
        what,
        tree,
        bytes,
        limit,
    }
}
