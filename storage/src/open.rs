//! Opening: lock, barrier, repair, engine, format, and the first commit that proves the barrier.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::files::{self, at};
use crate::format::{self, FORMAT};
use crate::lock::Lock;
use crate::repair::{self, Report};
use crate::{OpenError, Options, barrier};

/// Size of the pieces of the engine's log, written into its settings for ever. A node of the engine
/// above a quarter of it would go to an unsynced blob file; a leaf holds up to 17 records. Larger pieces
/// also took less room (665 bytes per message of 200, against 1,180 with the engine's 512 KiB) at the
/// same speed.
pub(crate) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// What the engine says when the log is locked. As we hold the folder's lock, it can only be an engine
/// of this process that was closed a moment ago, or given up after a failure.
const LOCKED: &str = "could not acquire lock";
/// How long a closed engine's threads may take to let go of its files.
const ENGINE_LETS_GO: Duration = Duration::from_secs(5);

/// An engine that is open, and whose barrier holds.
pub(crate) struct Opened {
    pub(crate) engine: sled::Db,
    pub(crate) lock: Lock,
    pub(crate) report: Report,
}

pub(crate) fn open(folder: &Path, options: &Options) -> Result<Opened, OpenError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(at(folder))?;
    let lock = Lock::take(folder)?;
    if !barrier::in_force().map_err(at(folder))? {
        return Err(OpenError::Barrier);
    }
    let mut report = Report {
        fresh: !folder.join(files::LOG).exists(),
        ..Report::default()
    };
    report.repairs = repair::before_opening(folder)?;
    let engine = open_or_rebuild(folder, options, &mut report)?;
    // The engine creates its files without making their names durable.
    files::sync_all(folder)?;
    // Here the engine reads its nodes for the first time, and may panic over what it finds.
    report.opened_before = catch_unwind(AssertUnwindSafe(|| introduce(&engine, folder)))
        .unwrap_or_else(|_| Err(corrupt(folder, "the engine panicked".into())))
        .map_err(|error| name_backup(error, options))?;
    for repair in &report.repairs {
        tracing::warn!(code = repair.code(), "{repair}");
    }
    report.blob_files = files::usage(folder).0;
    Ok(Opened { engine, lock, report })
}

/// Opens the engine; when its files are damaged, once more without its short cuts.
fn open_or_rebuild(folder: &Path, options: &Options, report: &mut Report) -> Result<sled::Db, OpenError> {
    let damaged = |detail| name_backup(corrupt(folder, detail), options);
    let reached = repair::reached(folder)?;
    let engine = match open_engine(folder, options)? {
        Ok(engine) => engine,
        Err(detail) => {
            tracing::warn!(
                detail,
                "the store did not open; trying again without its short cuts"
            );
            let Some(repair) = repair::set_snapshots_aside(folder)? else {
                return Err(damaged(detail));
            };
            report.repairs.push(repair);
            open_engine(folder, options)?.map_err(damaged)?
        }
    };
    // The engine takes a log that lost its end for a young one.
    if repair::snapshot_position(folder)? < reached {
        return Err(damaged("a part of the log is missing".into()));
    }
    Ok(engine)
}

/// The inner error says how the files are damaged; the outer one is of another kind.
fn open_engine(folder: &Path, options: &Options) -> Result<Result<sled::Db, String>, OpenError> {
    let config = sled::Config::new()
        .path(folder)
        .cache_capacity(options.cache_bytes)
        .segment_size(options.segment_bytes)
        .flush_every_ms(None);
    let given_up = Instant::now() + ENGINE_LETS_GO;
    loop {
        // Damaged files can also make it panic; either way nothing of it is kept.
        return match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(engine)) => Ok(Ok(engine)),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains(LOCKED) => {
                if Instant::now() < given_up {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
                Err(OpenError::Locked {
                    path: folder.to_owned(),
                    pid: Some(std::process::id()),
                })
            }
            Ok(Err(sled::Error::Io(error))) if error.kind() != ErrorKind::UnexpectedEof => {
                Err(OpenError::Io {
                    path: folder.to_owned(),
                    error,
                })
            }
            Ok(Err(error)) => Ok(Err(error.to_string())),
            Err(_) => Ok(Err("the engine panicked".into())),
        };
    }
}

/// Checks the format, then writes format and number of starts: the first commit of this process,
/// which must go through our barrier. Returns the number of starts before.
fn introduce(engine: &sled::Db, folder: &Path) -> Result<u64, OpenError> {
    let failed = |error: sled::Error| match error {
        sled::Error::Io(error) => OpenError::Io {
            path: folder.to_owned(),
            error,
        },
        other => corrupt(folder, other.to_string()),
    };
    let meta = engine.open_tree(format::META).map_err(failed)?;
    let found = format::read(&meta, folder, FORMAT)?;
    let before = barrier::calls();
    let mut batch = sled::Batch::default();
    batch.insert(format::FORMAT_KEY, format::number(FORMAT.into()));
    batch.insert(format::OPENED_KEY, format::number(found.opened.saturating_add(1)));
    meta.apply_batch(batch)
        .and_then(|()| meta.flush())
        .map_err(failed)?;
    if barrier::calls() == before {
        return Err(OpenError::Barrier);
    }
    Ok(found.opened)
}

fn corrupt(folder: &Path, detail: String) -> OpenError {
    OpenError::Corrupt {
        path: folder.to_owned(),
        backup: None,
        detail,
    }
}

fn name_backup(error: OpenError, options: &Options) -> OpenError {
    match error {
        OpenError::Corrupt { path, detail, .. } => OpenError::Corrupt {
            path,
            detail,
            backup: options.backups.as_deref().and_then(newest),
        },
        other => other,
    }
}

/// The entry of a folder that was changed last.
fn newest(backups: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(backups).ok()?.filter_map(Result::ok);
    let dated = entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())));
    dated.max().map(|(_, path)| path)
}
