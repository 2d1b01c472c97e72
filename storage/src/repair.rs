//! What a crash leaves behind, and how it is put right before and while the engine opens.
//!
//! Every case was reproduced with the pinned engine. Nothing here touches the log: what is removed
//! or moved is rebuilt from it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::OpenError;
use crate::files::{self, GENERATING, SETTINGS, SNAPSHOT, at};

/// What opening a store found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was put right. Worth a line in the log, not an alarm.
    pub repairs: Vec<Repair>,
    /// Whether the folder held no store before.
    pub fresh: bool,
    /// How often this store was opened before.
    pub opened_before: u64,
    /// Files in `blobs/`; anything but 0 is worth a warning.
    pub blob_files: u64,
}

/// One thing put right at start.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// A short cut for opening was half written. It was removed.
    HalfSnapshot {
        /// Its name.
        file: String,
    },
    /// The engine's settings file was torn. It was removed and is written anew.
    TornSettings,
    /// The engine could not open with its short cuts. They were moved to this folder, and the store
    /// was rebuilt from its log.
    SnapshotsSetAside {
        /// The folder they were moved to; it can be deleted.
        folder: PathBuf,
    },
}

impl Repair {
    /// A stable word for translations and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HalfSnapshot { .. } => "store_half_snapshot",
            Self::TornSettings => "store_torn_settings",
            Self::SnapshotsSetAside { .. } => "store_snapshots_set_aside",
        }
    }
}

impl std::fmt::Display for Repair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::HalfSnapshot { file } => {
                write!(
                    f,
                    "removed the half-written short cut {file} that a crash left behind; no data was in it"
                )
            }
            Self::TornSettings => write!(f, "wrote the store's torn settings file anew; no data was in it"),
            Self::SnapshotsSetAside { folder } => write!(
                f,
                "rebuilt the store from its log; the damaged short cuts are in {} and can be deleted",
                folder.display()
            ),
        }
    }
}

/// Removes what would make the engine refuse to open, then makes durable all that an earlier
/// process only wrote: from here on, what is read is what a power cut would leave.
pub(crate) fn before_opening(folder: &Path) -> Result<Vec<Repair>, OpenError> {
    let mut repairs = Vec::new();
    for (name, path) in files::list(folder).map_err(at(folder))? {
        if name.starts_with(SNAPSHOT) && name.ends_with(GENERATING) {
            fs::remove_file(&path).map_err(at(&path))?;
            repairs.push(Repair::HalfSnapshot { file: name });
        } else if name == SETTINGS && !has_checksum(&fs::read(&path).map_err(at(&path))?) {
            fs::remove_file(&path).map_err(at(&path))?;
            repairs.push(Repair::TornSettings);
        }
    }
    files::sync_all(folder)?;
    Ok(repairs)
}

/// Moves all short cuts out of the engine's sight. `None` when there were none, and so no second
/// try is worth it.
pub(crate) fn set_snapshots_aside(folder: &Path) -> Result<Option<Repair>, OpenError> {
    let mut snapshots = files::list(folder).map_err(at(folder))?;
    snapshots.retain(|(name, _)| name.starts_with(SNAPSHOT));
    if snapshots.is_empty() {
        return Ok(None);
    }
    let aside = free_name(folder);
    fs::create_dir(&aside).map_err(at(&aside))?;
    for (name, path) in snapshots {
        fs::rename(&path, aside.join(name)).map_err(at(&path))?;
    }
    files::sync(&aside)?;
    files::sync(folder)?;
    Ok(Some(Repair::SnapshotsSetAside { folder: aside }))
}

/// Folders of set-aside short cuts, used one after the other.
fn asides(folder: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=999).map(|number| folder.join(format!("set-aside-{number}")))
}

fn free_name(folder: &Path) -> PathBuf {
    asides(folder)
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join("set-aside"))
}

/// How far the log had come when the newest short cut was made: a number that only grows, and stands
/// in the file's name. `None` without short cuts.
pub(crate) fn snapshot_position(folder: &Path) -> Result<Option<u64>, OpenError> {
    let names = files::list(folder)
        .map_err(at(folder))?
        .into_iter()
        .map(|(name, _)| name);
    Ok(names
        .filter_map(|name| u64::from_str_radix(name.strip_prefix(SNAPSHOT)?, 16).ok())
        .max())
}

/// How far the log must at least reach, to the knowledge of all short cuts, also those set aside: so
/// a store that lost the end of its log is refused today and tomorrow.
pub(crate) fn reached(folder: &Path) -> Result<Option<u64>, OpenError> {
    let mut reached = snapshot_position(folder)?;
    for aside in asides(folder).take_while(|path| path.exists()) {
        reached = reached.max(snapshot_position(&aside)?);
    }
    Ok(reached)
}

/// The engine ends its settings with a CRC-32 of what stands before.
fn has_checksum(settings: &[u8]) -> bool {
    settings
        .split_last_chunk()
        .is_some_and(|(body, stored)| !body.is_empty() && crc32(body) == u32::from_le_bytes(*stored))
}

/// CRC-32 of IEEE 802.3, bit by bit: it sees sixty bytes per start.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn the_engines_own_settings_have_the_checksum() {
        let folder = tempfile::tempdir().unwrap();
        drop(sled::Config::new().path(folder.path()).open().unwrap());
        let settings = fs::read(folder.path().join(SETTINGS)).unwrap();
        assert!(has_checksum(&settings));
        for cut in 0..settings.len() {
            assert!(!has_checksum(&settings[..cut]), "{cut}");
        }
    }
}
