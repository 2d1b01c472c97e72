//! Typed views of the engine's trees: reading. Writing goes through a [`Txn`](crate::Txn).

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use crate::error::of_engine;
use crate::key::{bytes_of, hex};
use crate::writer::Shared;
use crate::{Error, Key, Record, Result};

/// An ordered map from keys to records. Cheap to clone, to send and to share.
///
/// Reads see every group that was applied, which is a moment before it is durable: what is shown to
/// somebody as stored must come from a finished commit, not from here. A scan sees each key as it is
/// when the scan reaches it; it is no snapshot. There is no way to count a tree, as that would read
/// all of it: keep a counter.
pub struct Tree<K, V> {
    // Before `shared`, so that the engine is gone when the lock is let go.
    pub(crate) engine: sled::Tree,
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) shared: Arc<Shared>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Tree<K, V> {
    fn clone(&self) -> Self {
        Self::new(self.engine.clone(), self.number, self.name, self.shared.clone())
    }
}

impl<K, V> std::fmt::Debug for Tree<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({})", self.name)
    }
}

impl<K, V> Tree<K, V> {
    pub(crate) fn new(engine: sled::Tree, number: usize, name: &'static str, shared: Arc<Shared>) -> Self {
        Self {
            engine,
            number,
            name,
            shared,
            types: PhantomData,
        }
    }

    /// The name the tree was opened with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl<K: Key, V: Record> Tree<K, V> {
    /// The record of a key.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        let key = bytes_of(key);
        self.engine
            .get(&key)
            .map_err(of_engine)?
            .map(|value| record(self.name, &key, &value))
            .transpose()
    }

    /// Whether a key has a record, which is not decoded.
    pub fn contains(&self, key: &K) -> Result<bool> {
        self.engine.contains_key(bytes_of(key)).map_err(of_engine)
    }

    /// The entries whose key begins with `prefix`, in order of their keys; `.rev()` turns it round.
    /// `&()` is the whole tree: never on a request path.
    pub fn scan<P: Key>(&self, prefix: &P) -> Scan<K, V> {
        let low = bytes_of(prefix);
        let high = after_prefix(&low).map_or(Bound::Unbounded, Bound::Excluded);
        self.between(Bound::Included(low), high)
    }

    /// The entries within a range of keys, in order. A range that is empty or turned round has none.
    pub fn range(&self, range: impl RangeBounds<K>) -> Scan<K, V> {
        self.between(range.start_bound().map(bytes_of), range.end_bound().map(bytes_of))
    }

    /// The entry with the lowest key that begins with `prefix`.
    pub fn first<P: Key>(&self, prefix: &P) -> Result<Option<(K, V)>> {
        self.scan(prefix).next().transpose()
    }

    /// The entry with the highest key that begins with `prefix`.
    pub fn last<P: Key>(&self, prefix: &P) -> Result<Option<(K, V)>> {
        self.scan(prefix).next_back().transpose()
    }

    fn between(&self, low: Bound<Vec<u8>>, high: Bound<Vec<u8>>) -> Scan<K, V> {
        let entries = (!empty(&low, &high)).then(|| self.engine.range::<Vec<u8>, _>((low, high)));
        Scan {
            entries,
            name: self.name,
            _shared: self.shared.clone(),
            types: PhantomData,
        }
    }
}

/// The entries of a scan. An error ends nothing: the next entry may be read.
pub struct Scan<K, V> {
    entries: Option<sled::Iter>,
    name: &'static str,
    _shared: Arc<Shared>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> std::fmt::Debug for Scan<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scan({})", self.name)
    }
}

impl<K: Key, V: Record> Scan<K, V> {
    fn entry(&self, entry: Option<sled::Result<(sled::IVec, sled::IVec)>>) -> Option<Result<(K, V)>> {
        let (key, value) = match entry? {
            Ok(entry) => entry,
            Err(error) => return Some(Err(of_engine(error))),
        };
        let Some(typed) = K::decode(&key) else {
            return Some(Err(corrupt(self.name, &key)));
        };
        Some(record(self.name, &key, &value).map(|value| (typed, value)))
    }
}

impl<K: Key, V: Record> Iterator for Scan<K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.as_mut()?.next();
        self.entry(entry)
    }
}

impl<K: Key, V: Record> DoubleEndedIterator for Scan<K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = self.entries.as_mut()?.next_back();
        self.entry(entry)
    }
}

/// Decodes a record, or says which one it is.
pub(crate) fn record<V: Record>(tree: &'static str, key: &[u8], value: &[u8]) -> Result<V> {
    V::decode(value).ok_or_else(|| corrupt(tree, key))
}

fn corrupt(tree: &'static str, key: &[u8]) -> Error {
    Error::Corrupt { tree, key: hex(key) }
}

/// The lowest bytes above everything that begins with `prefix`; `None` when nothing is.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

fn empty(low: &Bound<Vec<u8>>, high: &Bound<Vec<u8>>) -> bool {
    match (low, high) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => {
            low >= high
        }
    }
}
