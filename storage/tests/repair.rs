//! What a crash leaves behind is put right at start, and what cannot be is explained.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use weikefu_storage::{Db, OpenError, Options, Repair, Report, Tree, record};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note(u64);
record!(Note, b"note1");

/// A store that was opened twice, so that it has a short cut, with 300 notes.
fn store() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in 0..2 {
        let (db, _) = Db::open(folder.path(), Options::default()).unwrap();
        let notes: Tree<u64, Note> = db.tree("notes").unwrap();
        let mut txn = db.begin();
        for number in part * 150..(part + 1) * 150 {
            txn.put(&notes, &number, &Note(number)).unwrap();
        }
        db.commit(txn).unwrap();
    }
    assert_eq!(snapshots(folder.path()).len(), 1);
    folder
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap."));
    found
}

/// Opens the store, which must hold everything.
fn opens_whole(folder: &Path) -> Report {
    let (db, report) = Db::open(folder, Options::default()).unwrap();
    let notes: Tree<u64, Note> = db.tree("notes").unwrap();
    let found: Vec<u64> = notes.scan(&()).map(|note| note.unwrap().0).collect();
    assert_eq!(found, (0..300).collect::<Vec<_>>());
    report
}

/// The engine alone. An engine that was closed lets go of its files a moment later.
fn engine(folder: &Path) -> sled::Result<sled::Db> {
    loop {
        match sled::Config::new().path(folder).segment_size(8 << 20).open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                std::thread::yield_now();
            }
            other => break other,
        }
    }
}

#[test]
fn a_half_written_snapshot_is_removed() {
    let folder = store();
    let file = "snap.00000000000FFFFF.generating";
    fs::write(folder.path().join(file), b"half").unwrap();
    let refused = engine(folder.path()).map(|_| ()).unwrap_err();
    assert!(
        matches!(refused, sled::Error::Corruption { .. }),
        "the engine alone does not open: {refused}"
    );
    let report = opens_whole(folder.path());
    assert_eq!(
        report.repairs,
        [Repair::HalfSnapshot {
            file: file.to_owned()
        }]
    );
    assert!(report.repairs[0].to_string().contains("no data was in it"));
    assert!(!folder.path().join(file).exists());
    assert_eq!(opens_whole(folder.path()).repairs, []);
}

#[test]
fn torn_settings_are_written_anew() {
    let folder = store();
    let settings = folder.path().join("conf");
    let whole = fs::read(&settings).unwrap();
    for torn in [&whole[..whole.len() / 2], b"", &[0; 64]] {
        fs::write(&settings, torn).unwrap();
        assert_eq!(opens_whole(folder.path()).repairs, [Repair::TornSettings]);
        assert_eq!(fs::read(&settings).unwrap(), whole);
    }
    fs::remove_file(&settings).unwrap();
    assert_eq!(opens_whole(folder.path()).repairs, []);
}

#[test]
fn a_damaged_snapshot_is_set_aside() {
    let folder = store();
    for round in 1..=2 {
        let snapshot = snapshots(folder.path()).pop().unwrap();
        let mut bytes = fs::read(&snapshot).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(&snapshot, &bytes).unwrap();
        let report = opens_whole(folder.path());
        let aside = folder.path().join(format!("set-aside-{round}"));
        assert_eq!(
            report.repairs,
            [Repair::SnapshotsSetAside {
                folder: aside.clone()
            }]
        );
        assert_eq!(
            fs::read(aside.join(snapshot.file_name().unwrap())).unwrap(),
            bytes,
            "kept, not deleted"
        );
        assert_eq!(opens_whole(folder.path()).repairs, []);
    }
}

#[test]
fn without_any_snapshot_it_is_rebuilt() {
    let folder = store();
    for snapshot in snapshots(folder.path()) {
        fs::remove_file(snapshot).unwrap();
    }
    assert_eq!(opens_whole(folder.path()).repairs, []);
}

/// The store after losing the end of its log: this part of what the short cut knows is left.
fn store_with_short_log(left: impl Fn(u64) -> u64) -> TempDir {
    let folder = store();
    // The log is in its first piece, where the position in a short cut's name is one in the file.
    let position = snapshots(folder.path())[0]
        .extension()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let position = u64::from_str_radix(&position, 16).unwrap();
    let log = fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("db"))
        .unwrap();
    log.set_len(left(position)).unwrap();
    folder
}

#[test]
fn what_is_beyond_repair_is_never_taken_for_an_empty_store() {
    let cuts: [fn(u64) -> u64; 4] = [|_| 0, |_| 1, |position| position / 2, |position| position - 1];
    for (number, cut) in cuts.iter().enumerate() {
        let folder = store_with_short_log(cut);
        for attempt in 1..=2 {
            match Db::open(folder.path(), Options::default()) {
                Err(OpenError::Corrupt { backup: None, .. }) => {}
                other => panic!("attempt {attempt} after cut {number}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_is_beyond_repair_names_the_newest_backup() {
    let folder = store_with_short_log(|_| 0);
    let backups = tempfile::tempdir().unwrap();
    for (name, days) in [("a-newer", 20_001), ("b-older", 20_000)] {
        let file = fs::File::create(backups.path().join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400))
            .unwrap();
    }
    let mut options = Options::default();
    options.backups = Some(backups.path().to_owned());
    let error = Db::open(folder.path(), options).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("a-newer"), "{error}");
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let folder = store();
    let engine = engine(folder.path()).unwrap();
    engine
        .open_tree("weikefu.store")
        .unwrap()
        .insert("format", &7_u64.to_be_bytes())
        .unwrap();
    drop(engine);
    let error = Db::open(folder.path(), Options::default()).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::NewerFormat {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.code(), "store_newer_format");
}

#[test]
fn a_folder_that_cannot_be_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Db::open(&file, Options::default()).unwrap_err();
    assert!(
        matches!(&error, OpenError::Io { path, .. } if *path == file),
        "{error}"
    );
}
