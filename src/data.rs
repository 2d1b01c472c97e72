//! The data folder: what lies where, and the installation's key.
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A folder that belongs to one installation.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder(PathBuf);

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error(
        "the data folder {0} cannot be made or read ({1}): choose another with --data, or give this user the right to write there"
    )]
    Folder(PathBuf, std::io::Error),
    #[error(
        "the key file {0} is damaged: restore it from where you keep your backups; without it the channels' secrets must be entered again"
    )]
    Key(PathBuf),
}

impl DataFolder {
    /// Makes the folder if it is missing, readable by its owner only.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| DataError::Folder(path.into(), error))?;
        let path = path
            .canonicalize()
            .map_err(|error| DataError::Folder(path.into(), error))?;
        Ok(DataFolder(path))
    }

    /// The store.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// The index of messages, which can be made anew from the store.
    pub(crate) fn search(&self) -> PathBuf {
        self.0.join("search")
    }

    /// Unpacked and installed plugins.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.0.join("plugins")
    }

    /// Where a running server takes the command line's orders.
    pub(crate) fn control(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The key that seals secrets; made at first use. It lies outside the store so that a copy of the store
    /// alone opens nothing.
    pub(crate) fn key(&self) -> Result<[u8; 32], DataError> {
        let path = self.0.join("secret.key");
        let failed = |error| DataError::Folder(path.clone(), error);
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| DataError::Key(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| failed(std::io::Error::other(error)))?;
                // Written beside and renamed: a crash leaves no half key.
                let fresh = path.with_extension("new");
                let mut file = fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&fresh)
                    .map_err(failed)?;
                file.write_all(&key)
                    .and_then(|()| file.sync_all())
                    .map_err(failed)?;
                fs::rename(&fresh, &path).map_err(failed)?;
                fs::File::open(&self.0)
                    .and_then(|folder| folder.sync_all())
                    .map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Why the store could not be opened, in Chinese; the English words are the error's own.
pub(crate) fn explain(error: &weikefu_storage::OpenError) -> Option<String> {
    use weikefu_storage::OpenError;
    match error {
        OpenError::Locked { .. } => {
            Some("数据目录正被另一个 weikefu 使用。请先停止它，或用 --data 指定另一个目录。".into())
        }
        _ => None,
    }
}
