//! The version of the store's layout: which trees there are and how keys are built.
//!
//! A changed record is a new record version and needs no new format. A changed key or tree is.

use std::path::Path;

use crate::OpenError;

/// The layout this version writes, and the newest it can read.
pub(crate) const FORMAT: u32 = 1;

/// The tree of the store's own facts; no other may have this name.
pub(crate) const META: &str = "weikefu.store";

pub(crate) const FORMAT_KEY: &[u8] = b"format";
pub(crate) const OPENED_KEY: &[u8] = b"opened";

/// What the meta tree says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// `None` in a store that never got as far as its first commit.
    pub(crate) format: Option<u32>,
    pub(crate) opened: u64,
}

/// Reads the meta tree and refuses what a newer version wrote.
pub(crate) fn read(meta: &sled::Tree, folder: &Path, known: u32) -> Result<Found, OpenError> {
    let number = |key: &[u8]| -> Result<Option<u64>, OpenError> {
        let damaged = |detail: String| OpenError::Corrupt {
            path: folder.to_owned(),
            backup: None,
            detail,
        };
        let Some(value) = meta.get(key).map_err(|error| damaged(error.to_string()))? else {
            return Ok(None);
        };
        match value.as_ref().try_into() {
            Ok(bytes) => Ok(Some(u64::from_be_bytes(bytes))),
            Err(_) => Err(damaged(format!(
                "the entry {} has no number",
                String::from_utf8_lossy(key)
            ))),
        }
    };
    let format = number(FORMAT_KEY)?.map(|format| u32::try_from(format).unwrap_or(u32::MAX));
    match format {
        Some(found) if found > known => Err(OpenError::NewerFormat {
            path: folder.to_owned(),
            found,
            known,
        }),
        _ => Ok(Found {
            format,
            opened: number(OPENED_KEY)?.unwrap_or(0),
        }),
    }
}

/// The form in which the meta tree holds a number.
pub(crate) fn number(value: u64) -> sled::IVec {
    sled::IVec::from(&value.to_be_bytes()[..])
}
