//! The platform's clock: the system's, or one that stands still until told to move.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Copy)]
struct Setting {
    /// Milliseconds since 1970 of a standing clock, or `None` for the system's.
    standing: Option<u64>,
    /// Added to either.
    ahead: u64,
}

/// Shared by its clones.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Setting>>);

impl Clock {
    /// Runs with the system.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(Setting {
            standing: None,
            ahead: 0,
        })))
    }

    /// Stands at this second since 1970.
    #[must_use]
    pub fn standing_at(seconds: u64) -> Self {
        Self(Arc::new(Mutex::new(Setting {
            standing: Some(seconds * 1000),
            ahead: 0,
        })))
    }

    /// Moves forward; also a running clock, which is then ahead of the system.
    pub fn advance(&self, by: Duration) {
        let mut setting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        setting.ahead = setting.ahead.saturating_add(by);
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        let setting = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let base = setting.standing.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        });
        base.saturating_add(setting.ahead)
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now_ms() / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_told_and_clones_share_it() {
        let clock = Clock::standing_at(1_795_000_000);
        let same = clock.clone();
        assert_eq!(same.now(), 1_795_000_000);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(same.now_ms(), 1_795_000_001_500);
    }

    #[test]
    fn a_running_clock_can_be_ahead() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(Duration::from_hours(1));
        assert!(clock.now() >= before + 3600);
    }
}
