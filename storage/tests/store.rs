//! The store as its users see it: reading, writing, groups, refusals.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use weikefu_storage::{Db, Error, MAX_TXN_BYTES, OpenError, Options, Tree, record};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note {
    text: String,
}
record!(Note, b"note1");

fn note(text: impl Into<String>) -> Note {
    Note { text: text.into() }
}

type Notes = Tree<(u64, u64), Note>;

fn open() -> (TempDir, Db, Notes) {
    let folder = tempfile::tempdir().unwrap();
    let (db, report) = Db::open(folder.path(), Options::default()).unwrap();
    assert!(
        report.fresh && report.repairs.is_empty() && report.opened_before == 0,
        "{report:?}"
    );
    let notes = db.tree("notes").unwrap();
    (folder, db, notes)
}

#[test]
fn what_is_committed_is_there_after_opening_again() {
    let (folder, db, notes) = open();
    let mut txn = db.begin();
    assert!(txn.is_empty());
    txn.put(&notes, &(1, 2), &note("two")).unwrap();
    txn.put(&notes, &(1, 1), &note("one")).unwrap();
    txn.put(&notes, &(2, 1), &note("other")).unwrap();
    txn.put(&notes, &(2, 1), &note("another")).unwrap();
    assert_eq!(txn.len(), 3);
    db.commit(txn).unwrap();
    let mut txn = db.begin();
    txn.delete(&notes, &(1, 2));
    txn.delete(&notes, &(9, 9));
    db.commit(txn).unwrap();
    drop(notes);
    db.close().unwrap();

    let (db, report) = Db::open(folder.path(), Options::default()).unwrap();
    assert!(!report.fresh && report.opened_before == 1);
    let notes: Notes = db.tree("notes").unwrap();
    assert_eq!(notes.get(&(1, 1)).unwrap(), Some(note("one")));
    assert!(!notes.contains(&(1, 2)).unwrap());
    let all: Vec<_> = notes.scan(&()).map(Result::unwrap).collect();
    assert_eq!(all, [((1, 1), note("one")), ((2, 1), note("another"))]);
    assert_eq!(notes.last(&()).unwrap().unwrap().0, (2, 1));
    assert_eq!(notes.first(&2_u64).unwrap().unwrap().0, (2, 1));
    assert_eq!(notes.first(&3_u64).unwrap(), None);
}

#[test]
fn a_transaction_reads_its_own_changes_then_what_was_submitted_then_the_tree() {
    let (_folder, db, notes) = open();
    let mut first = db.begin();
    first.put(&notes, &(1, 1), &note("a")).unwrap();
    assert_eq!(first.get(&notes, &(1, 1)).unwrap(), Some(note("a")));
    assert_eq!(
        notes.get(&(1, 1)).unwrap(),
        None,
        "a change is seen by others only after it is submitted"
    );

    // The writer is held inside a callback, so that what follows stays in the queue.
    let (entered, wait_entered) = mpsc::channel();
    let (release, wait_release) = mpsc::channel::<()>();
    db.submit(db.begin(), move |result| {
        result.unwrap();
        entered.send(()).unwrap();
        wait_release.recv().unwrap();
    });
    wait_entered.recv().unwrap();
    let (tell, told) = mpsc::channel();
    db.submit(first, move |result| tell.send(result).unwrap());
    let mut second = db.begin();
    assert_eq!(
        second.get(&notes, &(1, 1)).unwrap(),
        Some(note("a")),
        "submitted, not yet applied"
    );
    assert_eq!(notes.get(&(1, 1)).unwrap(), None);
    assert_eq!(db.stats().queued, 1);
    second.delete(&notes, &(1, 1));
    assert_eq!(second.get(&notes, &(1, 1)).unwrap(), None);
    assert!(
        told.try_recv().is_err(),
        "nobody is told before the group is durable"
    );
    release.send(()).unwrap();
    told.recv().unwrap().unwrap();
    assert_eq!(db.begin().get(&notes, &(1, 1)).unwrap(), Some(note("a")));
    db.commit(second).unwrap();
    assert_eq!(notes.get(&(1, 1)).unwrap(), None);
}

#[test]
fn a_group_writes_each_key_once_and_hears_in_order() {
    let (_folder, db, notes) = open();
    let (release, wait_release) = mpsc::channel::<()>();
    db.submit(db.begin(), move |_| wait_release.recv().unwrap());
    let before = loop {
        let stats = db.stats();
        if stats.groups == 1 && stats.queued == 0 {
            break stats;
        }
        std::thread::yield_now();
    };
    let (tell, told) = mpsc::channel();
    for number in 0..100_u64 {
        let mut txn = db.begin();
        txn.put(&notes, &(0, 0), &note(format!("counter {number}")))
            .unwrap();
        txn.put(&notes, &(1, number), &note("message")).unwrap();
        let tell = tell.clone();
        db.submit(txn, move |result| tell.send(result.map(|()| number)).unwrap());
    }
    release.send(()).unwrap();
    drop(tell);
    let heard: Vec<u64> = told.iter().map(Result::unwrap).collect();
    assert_eq!(heard, (0..100).collect::<Vec<_>>());
    let stats = db.stats();
    assert_eq!(stats.groups - before.groups, 1);
    assert_eq!(stats.transactions - before.transactions, 100);
    assert_eq!(stats.keys - before.keys, 101, "the counter is written once");
    assert_eq!(stats.last_group, 100);
    assert_eq!(notes.get(&(0, 0)).unwrap(), Some(note("counter 99")));
}

#[test]
fn a_full_queue_makes_the_caller_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.queue_transactions = 2;
    options.group_transactions = 1;
    let (db, _) = Db::open(folder.path(), options).unwrap();
    let notes: Notes = db.tree("notes").unwrap();
    let (entered, wait_entered) = mpsc::channel();
    let (release, wait_release) = mpsc::channel::<()>();
    db.submit(db.begin(), move |_| {
        entered.send(()).unwrap();
        wait_release.recv().unwrap();
    });
    wait_entered.recv().unwrap();
    db.submit(db.begin(), |result| result.unwrap());
    db.submit(db.begin(), |result| result.unwrap());
    let (submitted, wait_submitted) = mpsc::channel();
    let waiting = std::thread::spawn({
        let (db, notes) = (db.clone(), notes.clone());
        move || {
            let mut txn = db.begin();
            txn.put(&notes, &(1, 1), &note("late")).unwrap();
            db.submit(txn, |result| result.unwrap());
            submitted.send(()).unwrap();
        }
    });
    let soon = std::time::Duration::from_millis(50);
    assert!(wait_submitted.recv_timeout(soon).is_err(), "the queue is full");
    release.send(()).unwrap();
    waiting.join().unwrap();
    db.commit(db.begin()).unwrap();
    assert_eq!(notes.get(&(1, 1)).unwrap(), Some(note("late")));
    assert_eq!(db.stats().last_group, 1);
}

#[test]
fn a_callback_may_submit_but_not_wait() {
    let (_folder, db, notes) = open();
    let (tell, told) = mpsc::channel();
    let mut next = db.begin();
    next.put(&notes, &(1, 1), &note("from a callback")).unwrap();
    db.submit(db.begin(), {
        let db = db.clone();
        move |_| {
            assert!(matches!(db.commit(db.begin()), Err(Error::Engine(_))));
            db.submit(next, move |result| tell.send(result).unwrap());
        }
    });
    told.recv().unwrap().unwrap();
    assert!(notes.contains(&(1, 1)).unwrap());
}

#[test]
fn a_panic_in_a_callback_stops_nothing() {
    let (_folder, db, notes) = open();
    db.submit(db.begin(), |_| panic!("expected by the test"));
    let mut txn = db.begin();
    txn.put(&notes, &(1, 1), &note("after")).unwrap();
    db.commit(txn).unwrap();
}

#[test]
fn many_threads_share_groups_and_each_finds_its_own() {
    let (_folder, db, notes) = open();
    std::thread::scope(|scope| {
        for writer in 0..8_u64 {
            let (db, notes) = (&db, &notes);
            scope.spawn(move || {
                for number in 0..50 {
                    let mut txn = db.begin();
                    txn.put(notes, &(writer, number), &note("x")).unwrap();
                    db.commit(txn).unwrap();
                    assert!(notes.contains(&(writer, number)).unwrap());
                }
            });
        }
    });
    assert_eq!(notes.scan(&()).count(), 400);
    let stats = db.stats();
    assert_eq!((stats.transactions, stats.keys), (400, 400));
    assert!(stats.groups < 400, "some shared a group: {stats:?}");
}

#[test]
fn the_last_handle_may_be_dropped_in_a_callback() {
    let (_folder, db, notes) = open();
    let (tell, told) = mpsc::channel();
    let mut txn = db.begin();
    txn.put(&notes, &(1, 1), &note("x")).unwrap();
    let last = db.clone();
    db.submit(txn, move |result| {
        // Whichever of the two handles goes last, nobody waits for himself.
        drop(last);
        tell.send(result).unwrap();
    });
    drop(db);
    told.recv().unwrap().unwrap();
}

#[test]
fn what_is_too_large_is_refused_and_changes_nothing() {
    let (_folder, db, notes) = open();
    let mut txn = db.begin();
    let error = txn.put(&notes, &(1, 1), &note("x".repeat(70_000))).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLarge {
                what: "a record",
                limit: 65_536,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("split it"), "{error}");
    assert!(txn.is_empty());

    let names: Tree<String, Note> = db.tree("names").unwrap();
    let error = txn.put(&names, &"n".repeat(2_000), &note("x")).unwrap_err();
    assert!(matches!(error, Error::TooLarge { what: "a key", .. }));
    txn.delete(&names, &"n".repeat(2_000));
    assert!(
        matches!(db.commit(txn), Err(Error::TooLarge { what: "a key", .. })),
        "told at commit"
    );

    let mut txn = db.begin();
    let full = (0..).map_while(|number| {
        txn.put(&notes, &(1, number), &note("x".repeat(60_000)))
            .err()
            .map_or(Some(()), |error| {
                assert!(matches!(
                    error,
                    Error::TooLarge {
                        what: "a transaction",
                        limit: MAX_TXN_BYTES,
                        ..
                    }
                ));
                None
            })
    });
    assert_eq!(full.count(), MAX_TXN_BYTES / 60_100);
    db.commit(txn).unwrap();
    assert_eq!(db.stats().blob_files, 0, "the largest records stay in the log");
}

#[test]
fn a_second_store_on_the_folder_is_told_who_has_it() {
    let (folder, db, notes) = open();
    let error = Db::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { pid: Some(pid), .. } if *pid == std::process::id()));
    assert!(error.to_string().contains("--data"), "{error}");
    drop(notes);
    db.close().unwrap();
    Db::open(folder.path(), Options::default()).unwrap();
}

#[test]
fn a_closed_store_refuses_and_still_reads() {
    let (_folder, db, notes) = open();
    let other = db.clone();
    let mut txn = db.begin();
    txn.put(&notes, &(1, 1), &note("last")).unwrap();
    let (tell, told) = mpsc::channel();
    db.submit(txn, move |result| tell.send(result).unwrap());
    db.close().unwrap();
    told.try_recv().unwrap().unwrap();
    assert_eq!(other.commit(other.begin()), Err(Error::Closed));
    assert!(notes.contains(&(1, 1)).unwrap());
}

#[test]
fn stores_do_not_mix() {
    let (_one, one, notes_of_one) = open();
    let (_two, two, notes_of_two) = open();
    let mut txn = one.begin();
    assert!(matches!(
        txn.put(&notes_of_two, &(1, 1), &note("x")),
        Err(Error::ForeignTree { .. })
    ));
    txn.put(&notes_of_one, &(1, 1), &note("x")).unwrap();
    assert!(matches!(two.commit(txn), Err(Error::ForeignTree { .. })));
    assert!(one.tree::<u64, Note>("").is_err() && one.tree::<u64, Note>("weikefu.store").is_err());
}

#[test]
fn another_type_under_the_same_name_is_an_error_that_names_the_record() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Other(u8);
    record!(Other, b"other1");
    let (_folder, db, notes) = open();
    let mut txn = db.begin();
    txn.put(&notes, &(1, 0xff), &note("secret")).unwrap();
    db.commit(txn).unwrap();
    let others: Tree<(u64, u64), Other> = db.tree("notes").unwrap();
    let error = others.get(&(1, 0xff)).unwrap_err();
    assert_eq!(
        error,
        Error::Corrupt {
            tree: "notes",
            key: "000000000000000100000000000000ff".to_owned()
        }
    );
    assert!(!error.to_string().contains("secret"));
    let narrow: Tree<u8, Note> = db.tree("notes").unwrap();
    assert!(matches!(
        narrow.scan(&()).next(),
        Some(Err(Error::Corrupt { .. }))
    ));
}
