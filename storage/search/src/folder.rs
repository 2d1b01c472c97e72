//! The folder of the index: made, measured, emptied.
use crate::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes an empty folder, readable by its owner only, whatever was there before.
pub(crate) fn empty(path: &Path) -> Result<(), Error> {
    let failed = |error| Error::Folder(path.into(), error);
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotADirectory => fs::remove_file(path).map_err(failed)?,
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut make = fs::DirBuilder::new();
    make.recursive(true).mode(0o700).create(path).map_err(failed)
}

/// Bytes of its files. Best effort: files come and go.
pub(crate) fn bytes(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .sum()
}
