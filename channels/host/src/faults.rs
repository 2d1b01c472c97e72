//! Counts: an instance that panics again and again is stopped, one that talks too much is cut short.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Panics within [`WINDOW`] that put an instance into quarantine.
pub(crate) const PANICS: usize = 5;
/// How long a panic counts.
pub(crate) const WINDOW: Duration = Duration::from_mins(10);

/// The panics of late.
#[derive(Default)]
pub(crate) struct Faults(VecDeque<Instant>);

impl Faults {
    /// Counts one; true when it is one too many.
    pub(crate) fn count(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while self
            .0
            .front()
            .is_some_and(|first| now.duration_since(*first) >= WINDOW)
        {
            self.0.pop_front();
        }
        self.0.len() >= PANICS
    }
}

/// Lets 200 lines through at once and 20 a second in the long run.
pub(crate) struct Chatter {
    left: f64,
    at: Instant,
    /// Lines withheld since the last one that passed.
    withheld: u64,
}

impl Chatter {
    const BURST: f64 = 200.0;
    const PER_SECOND: f64 = 20.0;

    pub(crate) fn new(now: Instant) -> Self {
        Chatter {
            left: Self::BURST,
            at: now,
            withheld: 0,
        }
    }

    /// Whether a line may pass; if so, how many were withheld before it.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<u64> {
        let earned = now.duration_since(self.at).as_secs_f64() * Self::PER_SECOND;
        (self.left, self.at) = ((self.left + earned).min(Self::BURST), now);
        if self.left < 1.0 {
            self.withheld += 1;
            return None;
        }
        self.left -= 1.0;
        Some(std::mem::take(&mut self.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_panics_of_one_window_add_up() {
        let (mut faults, start) = (Faults::default(), Instant::now());
        for minute in [0, 3, 6, 9] {
            assert!(!faults.count(start + Duration::from_mins(minute)));
        }
        assert!(
            !faults.count(start + Duration::from_mins(10)),
            "the first has passed by now"
        );
        assert!(faults.count(start + Duration::from_mins(11)));
    }

    #[test]
    fn chatter_is_cut_short_and_says_so() {
        let start = Instant::now();
        let mut chatter = Chatter::new(start);
        assert_eq!((0..300).filter(|_| chatter.admit(start).is_some()).count(), 200);
        assert_eq!(chatter.admit(start + Duration::from_secs(1)), Some(100));
        assert_eq!(chatter.admit(start + Duration::from_secs(1)), Some(0));
    }
}
