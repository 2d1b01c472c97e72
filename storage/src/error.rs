//! What can go wrong, said so that the reader knows the next step. Values of records never appear.

use std::io::ErrorKind;
use std::path::PathBuf;

/// The result of reading or writing.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a read or a write failed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bytes that no known version of the record or key explains.
    #[error(
        "the record {key} of {tree} cannot be read: it is damaged or was written by a newer version; \
         start the newest version of weikefu used with this folder, or restore a backup"
    )]
    Corrupt {
        /// The tree.
        tree: &'static str,
        /// The key, in hexadecimal.
        key: String,
    },
    /// A record, a key or a whole transaction above its bound. Nothing was changed.
    #[error("{what} of {tree} would take {bytes} bytes, the limit is {limit}: split it into smaller parts")]
    TooLarge {
        /// `a record`, `a key` or `a transaction`.
        what: &'static str,
        /// The tree.
        tree: &'static str,
        /// What it would take.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A value that has no stored form (serde refused it). A mistake in the program.
    #[error("a record of {tree} cannot be encoded: {detail}; please report this as a bug")]
    Encode {
        /// The tree.
        tree: &'static str,
        /// What serde said; it names types and fields.
        detail: String,
    },
    /// A tree was used with a transaction of another store. A mistake in the program.
    #[error("{tree} belongs to another store than the transaction; please report this as a bug")]
    ForeignTree {
        /// The tree.
        tree: &'static str,
    },
    /// The disk has no room. The group was not stored.
    #[error("the disk is full: nothing more is stored; free some space and start weikefu again")]
    DiskFull,
    /// The operating system refused a read or a write. The group was not stored.
    #[error("the store cannot read or write its files ({0}): check the disk, then start weikefu again")]
    Io(String),
    /// The engine failed in a way it does not explain. The group was not stored.
    #[error("the store failed ({0}): start weikefu again; if it comes back, restore a backup")]
    Engine(String),
    /// An earlier group failed, so nothing is accepted any more: what is in memory may be ahead of
    /// the disk. The process should end.
    #[error("nothing is stored since an earlier failure: {cause}")]
    Poisoned {
        /// The sentence of the first failure; it says what to do.
        cause: String,
    },
    /// The store was closed.
    #[error("the store is closed: weikefu is shutting down")]
    Closed,
}

impl Error {
    /// A stable word for translations and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Corrupt { .. } => "store_record_corrupt",
            Self::TooLarge { .. } => "store_too_large",
            Self::Encode { .. } => "store_encode",
            Self::ForeignTree { .. } => "store_foreign_tree",
            Self::DiskFull => "store_disk_full",
            Self::Io(_) => "store_io",
            Self::Engine(_) => "store_engine",
            Self::Poisoned { .. } => "store_poisoned",
            Self::Closed => "store_closed",
        }
    }
}

/// What the engine says, in our words. A function, as a conversion would show the engine in the API.
pub(crate) fn of_engine(error: sled::Error) -> Error {
    match error {
        sled::Error::Io(error)
            if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
        {
            Error::DiskFull
        }
        sled::Error::Io(error) => Error::Io(error.to_string()),
        other => Error::Engine(other.to_string()),
    }
}

/// Why a store did not open. Nothing was acknowledged by it, and nothing stored is lost by it.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the folder.
    #[error("another weikefu{} is using the folder {}: stop it or choose another folder with --data",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds it, when it said so.
        pid: Option<u32>,
    },
    /// This executable was built so that a power cut could lose acknowledged data.
    #[error(
        "this executable cannot make data durable (its sync_file_range is not the store's own): \
         use an official build, or build it again without changing how it is linked"
    )]
    Barrier,
    /// The files are damaged beyond what start-up repairs.
    #[error("the data in {} is damaged ({detail}): {}", path.display(), match backup {
        Some(backup) => format!("move this folder away and restore the backup {}", backup.display()),
        None => "no backup was found beside it; keep the folder as it is and restore a backup kept elsewhere"
            .to_owned(),
    })]
    Corrupt {
        /// The folder.
        path: PathBuf,
        /// The newest backup found, see [`Options::backups`](crate::Options::backups).
        backup: Option<PathBuf>,
        /// What the engine said.
        detail: String,
    },
    /// Written by a newer weikefu.
    #[error(
        "the data in {} has format {found}, this weikefu knows formats up to {known}: \
         start the newer weikefu that wrote it", path.display()
    )]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this version knows.
        known: u32,
    },
    /// The operating system refused.
    #[error("the folder {} cannot be used ({error}): check that it exists, is yours and has space left",
        path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: std::io::Error,
    },
}

impl OpenError {
    /// A stable word for translations and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "store_locked",
            Self::Barrier => "store_barrier",
            Self::Corrupt { .. } => "store_corrupt",
            Self::NewerFormat { .. } => "store_newer_format",
            Self::Io { .. } => "store_open_io",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_trouble() {
        let full = std::io::Error::from_raw_os_error(libc::ENOSPC);
        // The engine passes errors on as copies of its own.
        assert_eq!(of_engine(sled::Error::Io(full).clone()), Error::DiskFull);
        let quota = std::io::Error::from_raw_os_error(libc::EDQUOT);
        assert_eq!(of_engine(sled::Error::Io(quota)), Error::DiskFull);
        let other = of_engine(sled::Error::Io(std::io::Error::from_raw_os_error(libc::EIO)));
        assert!(other.to_string().contains("check the disk"), "{other}");
    }
}
