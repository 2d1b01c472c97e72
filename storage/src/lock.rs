//! One process per folder: an advisory lock on a file that names its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::OpenError;
use crate::files::at;

/// The file that is locked; it stays behind when the process ends, the lock does not.
pub(crate) const LOCK_FILE: &str = "lock";

/// Holds the folder until dropped, or until the process ends in any way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock or names who has it. Never waits.
    pub(crate) fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The holder may be writing its number just now: not knowing it is fine.
                let _ = file.take(32).read_to_string(&mut text);
                let pid = text.trim().parse().ok();
                return Err(OpenError::Locked {
                    path: folder.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::Io { path, error }),
        }
        file.set_len(0).map_err(at(&path))?;
        writeln!(file, "{}", std::process::id()).map_err(at(&path))?;
        Ok(Self { _file: file })
    }
}
