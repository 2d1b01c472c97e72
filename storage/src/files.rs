//! The files of the store: listing, syncing, measuring. Knows the engine's names, changes nothing.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;

/// The engine's log.
pub(crate) const LOG: &str = "db";
/// The engine's settings, with a checksum.
pub(crate) const SETTINGS: &str = "conf";
/// The engine's short cuts for opening begin with this.
pub(crate) const SNAPSHOT: &str = "snap.";
/// A short cut that was being written when the process ended.
pub(crate) const GENERATING: &str = ".generating";
/// Where the engine puts what is too large for its log.
pub(crate) const BLOBS: &str = "blobs";

/// For `map_err`: says which file it was.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |error| OpenError::Io { path, error }
}

/// The files directly in a folder with their names; names that are not text are skipped, as the
/// store has none. A folder that is missing has no files.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Makes a file's content or a folder's entries durable.
pub(crate) fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(at(path))
}

/// Makes everything durable that an earlier process left behind: files first, then the folders
/// that name them.
pub(crate) fn sync_all(folder: &Path) -> Result<(), OpenError> {
    let blobs = folder.join(BLOBS);
    for place in [&blobs, folder] {
        for (_, path) in list(place).map_err(at(place))? {
            sync(&path)?;
        }
    }
    if blobs.exists() {
        sync(&blobs)?;
    }
    sync(folder)?;
    match folder.canonicalize().map_err(at(folder))?.parent() {
        // A service may not read the folder above its own; then whoever made ours has to sync it.
        Some(parent) => match sync(parent) {
            Err(OpenError::Io { error, .. }) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            done => done,
        },
        None => Ok(()),
    }
}

/// Number of blob files, and bytes of all files of the store. Best effort: files come and go.
pub(crate) fn usage(folder: &Path) -> (u64, u64) {
    let blobs = list(&folder.join(BLOBS)).unwrap_or_default();
    let others = list(folder).unwrap_or_default();
    let bytes = blobs
        .iter()
        .chain(&others)
        .filter_map(|(_, path)| fs::metadata(path).ok())
        .map(|data| data.len());
    (blobs.len() as u64, bytes.sum())
}
