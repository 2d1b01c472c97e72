//! Faults on request: what the platform does wrong with the next or with every call of a path.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One misbehaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers this errcode; the request is not processed.
    Errcode(i64),
    /// Answers this HTTP status with a page instead of JSON; the request is not processed.
    Http(u16),
    /// Processes the request and answers after this time.
    Slow(Duration),
    /// Processes the request and cuts the connection instead of answering.
    Lost,
    /// Cuts the connection before the request is processed.
    Cut,
    /// Takes all access tokens away, then goes on as usual.
    TokenGone,
    /// Answers these bytes with status 200; the request is not processed.
    Garbage(String),
}

#[derive(Debug, Default)]
struct Script {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

/// The script of all paths; shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<HashMap<String, Script>>>);

impl Faults {
    /// The next call of `path` that has no fault yet meets this one.
    pub fn once(&self, path: &str, fault: Fault) {
        self.with(|scripts| scripts.entry(path.into()).or_default().next.push_back(fault));
    }

    /// The next `count` calls of `path` meet this fault.
    pub fn times(&self, path: &str, count: usize, fault: &Fault) {
        for _ in 0..count {
            self.once(path, fault.clone());
        }
    }

    /// Every call of `path` meets this one, after those set by `once`.
    pub fn always(&self, path: &str, fault: Fault) {
        self.with(|scripts| scripts.entry(path.into()).or_default().always = Some(fault));
    }

    /// Forgets the script of `path`.
    pub fn clear(&self, path: &str) {
        self.with(|scripts| scripts.remove(path));
    }

    /// Forgets everything.
    pub fn clear_all(&self) {
        self.with(HashMap::clear);
    }

    /// Faults set by `once` that no call has met yet.
    #[must_use]
    pub fn left(&self, path: &str) -> usize {
        self.with(|scripts| scripts.get(path).map_or(0, |script| script.next.len()))
    }

    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        self.with(|scripts| {
            let script = scripts.get_mut(path)?;
            script.next.pop_front().or_else(|| script.always.clone())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Script>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_comes_before_always_and_clear_ends_both() {
        let faults = Faults::default();
        faults.always("/a", Fault::Lost);
        faults.once("/a", Fault::Errcode(-1));
        assert_eq!(faults.take("/b"), None);
        assert_eq!(faults.take("/a"), Some(Fault::Errcode(-1)));
        assert_eq!(faults.take("/a"), Some(Fault::Lost));
        assert_eq!(faults.take("/a"), Some(Fault::Lost));
        faults.clear("/a");
        assert_eq!(faults.take("/a"), None);
    }
}
