//! Power cuts, simulated: whatever the disk does with writes that were not synced, the store opens
//! by itself, holds every acknowledged transaction and no part of another.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

mod disk;
mod hooks;
mod random;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use weikefu_storage::{Db, Options, Tree, Txn, record};

use crate::disk::Disk;
use crate::hooks::Op;
use crate::random::Random;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    by: u64,
    filler: Vec<u8>,
}
record!(Item, b"item1");

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mark(u64);
record!(Mark, b"mark1");

/// Slots are written over and deleted again and again, so that the engine reuses its log.
const SLOTS: u64 = 400;

/// What transaction `number` does: to each slot an item, or nothing in its place.
fn plan(number: u64) -> BTreeMap<u64, Option<Item>> {
    let mut random = Random::new(number);
    let changes = random.below(6) + 1;
    (0..changes)
        .map(|_| {
            let slot = random.below(SLOTS);
            let filler = vec![random.below(256) as u8; random.below(600) as usize];
            (slot, (random.below(5) > 0).then_some(Item { by: number, filler }))
        })
        .collect()
}

/// The items after a number of transactions.
fn after(number: u64) -> BTreeMap<u64, Item> {
    let mut items = BTreeMap::new();
    for (slot, item) in (1..=number).flat_map(plan) {
        match item {
            Some(item) => items.insert(slot, item),
            None => items.remove(&slot),
        };
    }
    items
}

struct Store {
    db: Db,
    items: Tree<u64, Item>,
    index: Tree<(u64, u64), Mark>,
    head: Tree<(), Mark>,
}

impl Store {
    fn open(folder: &Path, options: &Options) -> Self {
        let (db, _) = Db::open(folder, options.clone()).expect("it opens by itself");
        let (items, index, head) = (db.tree("items"), db.tree("index"), db.tree("head"));
        Self {
            db,
            items: items.unwrap(),
            index: index.unwrap(),
            head: head.unwrap(),
        }
    }

    /// The transaction of a number: items, an index of who wrote which, and the number itself.
    fn txn(&self, number: u64) -> Txn {
        let mut txn = self.db.begin();
        for (slot, item) in plan(number) {
            if let Some(old) = txn.get(&self.items, &slot).unwrap() {
                txn.delete(&self.index, &(old.by, slot));
            }
            match item {
                Some(item) => {
                    txn.put(&self.items, &slot, &item).unwrap();
                    txn.put(&self.index, &(number, slot), &Mark(number)).unwrap();
                }
                None => txn.delete(&self.items, &slot),
            }
        }
        txn.put(&self.head, &(), &Mark(number)).unwrap();
        txn
    }

    /// How many transactions the store holds; it holds exactly those.
    fn check(&self) -> u64 {
        let number = self.head.get(&()).unwrap().map_or(0, |Mark(number)| number);
        let expected = after(number);
        let items: BTreeMap<_, _> = self.items.scan(&()).map(Result::unwrap).collect();
        assert!(
            items == expected,
            "the items are not those after {number} transactions"
        );
        let index: Vec<_> = self.index.scan(&()).map(|entry| entry.unwrap().0).collect();
        let mut by: Vec<_> = expected.iter().map(|(slot, item)| (item.by, *slot)).collect();
        by.sort_unstable();
        assert_eq!(index, by, "the index agrees");
        number
    }
}

/// The hooks watch one folder at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Writes in several sessions under watch, then cuts the power at random moments of it.
fn simulate(options: &Options, sessions: u64, per_session: u64, cuts: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = Random::of_now();
    let folder = tempfile::tempdir().unwrap();
    let mut next = 1;
    hooks::start(folder.path());
    for _ in 0..sessions {
        let store = Store::open(folder.path(), options);
        for number in next..next + per_session {
            store.db.submit(store.txn(number), move |result| {
                result.unwrap();
                hooks::told(number);
            });
        }
        next += per_session;
        store.db.close().unwrap();
    }
    let ops = hooks::stop();
    let told: Vec<usize> = (0..ops.len())
        .filter(|number| matches!(ops[*number], Op::Told(_)))
        .collect();
    assert_eq!(
        told.len() as u64,
        sessions * per_session,
        "every transaction was acknowledged"
    );

    // Half of the cuts come right after somebody was told, which is when a lie would show.
    let mut moments: Vec<usize> = (0..cuts)
        .map(|cut| match cut % 2 {
            0 => random.below(ops.len() as u64) as usize,
            _ => told[random.below(told.len() as u64) as usize] + 1,
        })
        .collect();
    moments.sort_unstable();
    let (mut disk, mut done, mut promised) = (Disk::default(), 0, 0);
    for moment in moments {
        for op in &ops[done..moment] {
            disk.play(op);
            if let Op::Told(number) = op {
                promised = *number;
            }
        }
        done = moment;
        let mut files = disk.cut(&mut random);
        if random.below(4) == 0 {
            damage_short_cuts(&mut files);
        }
        let left = folder_of(&files);
        let stored = Store::open(left.path(), options).check();
        assert!(
            stored >= promised,
            "after op {moment} {promised} were promised, {stored} are stored"
        );
        if random.below(4) == 0 {
            // It must also be a store that can be used.
            let store = Store::open(left.path(), options);
            store.db.commit(store.txn(stored + 1)).unwrap();
            drop(store);
            assert_eq!(Store::open(left.path(), options).check(), stored + 1);
            cut_the_repair(&files, options, promised, &mut random);
        }
    }
    eprintln!("{} operations, {} files, {cuts} cuts", ops.len(), disk.files());
}

fn folder_of(files: &BTreeMap<String, Vec<u8>>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// A worse disk than any: the engine's short cuts were synced and are damaged all the same.
fn damage_short_cuts(files: &mut BTreeMap<String, Vec<u8>>) {
    for (name, content) in files {
        if name.starts_with("snap.")
            && let Some(byte) = content.first_mut()
        {
            *byte ^= 0xff;
        }
    }
}

/// The power fails again while the store recovers from the first time.
fn cut_the_repair(files: &BTreeMap<String, Vec<u8>>, options: &Options, promised: u64, random: &mut Random) {
    let folder = folder_of(files);
    hooks::start(folder.path());
    drop(Store::open(folder.path(), options));
    let ops = hooks::stop();
    for _ in 0..3 {
        let mut disk = Disk::holding(files);
        let moment = random.below(ops.len() as u64 + 1) as usize;
        ops[..moment].iter().for_each(|op| disk.play(op));
        let left = folder_of(&disk.cut(random));
        let stored = Store::open(left.path(), options).check();
        assert!(
            stored >= promised,
            "cut again after op {moment}: {promised} were promised, {stored} are stored"
        );
    }
}

#[test]
fn a_log_of_many_small_pieces_that_are_used_again() {
    let mut options = Options::default();
    options.segment_bytes = 64 * 1024;
    options.queue_transactions = 12;
    options.cache_bytes = 1 << 20;
    simulate(&options, 4, 1_000, 160);
}

#[test]
fn the_store_as_it_ships() {
    simulate(&Options::default(), 3, 300, 60);
}
