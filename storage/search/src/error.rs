//! What can go wrong with an index. All of it is answered in the same way: it is made anew.
use std::any::Any;
use std::path::PathBuf;

/// Why an index cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none in the folder.
    #[error("there is no index in {0}")]
    Missing(PathBuf),
    /// It was made by another version.
    #[error("the index is of another version ({0})")]
    Version(String),
    /// A file of it is not what was written.
    #[error("files of the index are damaged: {0}")]
    Damaged(String),
    /// The engine could not do something.
    #[error("the index failed: {0}")]
    Engine(#[from] tantivy::TantivyError),
    /// The folder could not be made or removed.
    #[error("the folder of the index {0}: {1}")]
    Folder(PathBuf, std::io::Error),
}

/// Runs what may panic over a damaged file, and turns that into an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Damaged(said.unwrap_or_else(|| "the engine panicked".into()))
}
