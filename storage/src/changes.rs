//! A set of changes to several trees in which every key occurs once, the last change winning.
//!
//! Transactions and groups are both made of it. Knows how to apply itself as one transaction of the
//! engine; knows nothing of types, threads or durability.

use std::collections::BTreeMap;

use sled::{IVec, Transactional as _};

use crate::Error;
use crate::error::of_engine;

/// What becomes of a key.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Put(IVec),
    Delete,
}

impl Change {
    /// The value the key has then.
    pub(crate) fn into_value(self) -> Option<IVec> {
        match self {
            Self::Put(value) => Some(value),
            Self::Delete => None,
        }
    }

    /// What the change of a key takes in memory, about: small keys are bounded too.
    pub(crate) fn cost(&self, key: &[u8]) -> usize {
        KEY_OVERHEAD
            + key.len()
            + match self {
                Self::Put(value) => value.len(),
                Self::Delete => 0,
            }
    }
}

const KEY_OVERHEAD: usize = 64;

/// The changes to one tree.
#[derive(Debug)]
struct TreeChanges {
    tree: sled::Tree,
    number: usize,
    keys: BTreeMap<IVec, Change>,
}

/// Changes to any number of trees.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    // A transaction touches a handful of trees: looking along a list beats hashing.
    trees: Vec<TreeChanges>,
    keys: usize,
    bytes: usize,
}

impl Changes {
    /// Number of different keys.
    pub(crate) fn keys(&self) -> usize {
        self.keys
    }

    /// Bytes of keys and values, with an allowance for each key.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The change of a key, if it has one.
    pub(crate) fn get(&self, number: usize, key: &[u8]) -> Option<&Change> {
        self.trees
            .iter()
            .find(|changes| changes.number == number)?
            .keys
            .get(key)
    }

    /// Records a change, in place of an earlier one of the same key.
    pub(crate) fn set(&mut self, tree: &sled::Tree, number: usize, key: IVec, change: Change) {
        let position = self.trees.iter().position(|changes| changes.number == number);
        let changes = match position {
            Some(position) => &mut self.trees[position],
            None => self.trees.push_mut(TreeChanges {
                tree: tree.clone(),
                number,
                keys: BTreeMap::new(),
            }),
        };
        self.bytes += change.cost(&key);
        if let Some(earlier) = changes.keys.get_mut(&key) {
            self.bytes -= earlier.cost(&key);
            *earlier = change;
        } else {
            changes.keys.insert(key, change);
            self.keys += 1;
        }
    }

    /// Lays later changes over these.
    pub(crate) fn overlay(&mut self, later: Self) {
        if self.trees.is_empty() {
            *self = later;
            return;
        }
        for changes in later.trees {
            for (key, change) in changes.keys {
                self.set(&changes.tree, changes.number, key, change);
            }
        }
    }

    /// Applies everything as one transaction: all of it or, after a crash, nothing of it.
    pub(crate) fn apply(&self) -> Result<(), Error> {
        if self.trees.is_empty() {
            return Ok(());
        }
        let trees: Vec<&sled::Tree> = self.trees.iter().map(|changes| &changes.tree).collect();
        let done: sled::transaction::TransactionResult<(), ()> = trees.as_slice().transaction(|views| {
            for (view, changes) in views.iter().zip(&self.trees) {
                for (key, change) in &changes.keys {
                    match change {
                        Change::Put(value) => view.insert(key, value.clone())?,
                        Change::Delete => view.remove(key)?,
                    };
                }
            }
            Ok(())
        });
        done.map_err(|error| match error {
            sled::transaction::TransactionError::Storage(error) => of_engine(error),
            sled::transaction::TransactionError::Abort(()) => Error::Engine("a group was aborted".into()),
        })
    }
}
