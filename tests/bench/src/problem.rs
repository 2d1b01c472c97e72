//! Why a run could not be made.

/// What can fail here. The text says what to do next.
pub(crate) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// The result of everything that can fail here.
pub(crate) type Outcome<T = ()> = Result<T, Problem>;

/// A failure in words.
pub(crate) fn wrong<T>(what: impl Into<String>) -> Outcome<T> {
    Err(what.into().into())
}
