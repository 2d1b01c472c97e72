//! Slows down guessing of passwords.
use crate::error::Refusal;
use crate::ids::Millis;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Failures before waiting begins.
const FREE: u32 = 5;
/// The longest wait, milliseconds.
const LONGEST: Millis = 15 * 60_000;
/// After this long without a failure, counted from the end of the wait, half of the failures are forgotten.
const HALF: Millis = 15 * 60_000;
/// Names kept; beyond that the oldest are forgotten.
const NAMES: usize = 10_000;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    until: Millis,
}

impl Failures {
    /// How many still count: somebody who mistypes now and then must not end up waiting.
    fn counted(self, now: Millis) -> u32 {
        let halves = (now - self.until).max(0) / HALF;
        self.count.checked_shr(halves.min(64) as u32).unwrap_or(0)
    }
}

/// Counts failures by name: a login, an address. In memory: a restart forgives, which an attacker cannot cause.
#[derive(Default)]
pub struct Throttle {
    names: Mutex<HashMap<String, Failures>>,
}

impl Throttle {
    /// Whether another attempt is allowed now.
    pub fn check(&self, name: &str, now: Millis) -> Result<(), Refusal> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.get(name) {
            Some(failures) if failures.until > now => {
                let retry_after_s = ((failures.until - now) as u64).div_ceil(1000);
                Err(Refusal::TooManyAttempts { retry_after_s })
            }
            _ => Ok(()),
        }
    }

    /// An attempt has failed: after a few, each failure doubles the wait.
    pub fn failed(&self, name: &str, now: Millis) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES && !names.contains_key(name) {
            names.retain(|_, failures| failures.counted(now) > 0);
        }
        if names.len() >= NAMES && !names.contains_key(name) {
            // The one whose wait ends first; a flood of invented names must not free the one under attack.
            let first = names
                .iter()
                .min_by_key(|(_, failures)| failures.until)
                .map(|(name, _)| name.clone());
            first.and_then(|name| names.remove(&name));
        }
        let failures = names
            .entry(name.to_owned())
            .or_insert(Failures { count: 0, until: now });
        failures.count = failures.counted(now).saturating_add(1);
        let wait = match failures.count.checked_sub(FREE) {
            None => 0,
            Some(over) => (1000_i64 << over.min(20)).min(LONGEST),
        };
        failures.until = now + wait;
    }

    /// An attempt has succeeded.
    pub fn succeeded(&self, name: &str) {
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_begins_after_five_failures_and_doubles() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            throttle.failed("a", 0);
            assert!(throttle.check("a", 0).is_ok());
        }
        throttle.failed("a", 0);
        assert!(throttle.check("a", 0).is_err());
        assert!(throttle.check("a", 1000).is_ok());
        throttle.failed("a", 1000);
        assert!(throttle.check("a", 2500).is_err());
        assert!(throttle.check("b", 0).is_ok());
        throttle.succeeded("a");
        assert!(throttle.check("a", 0).is_ok());
    }

    #[test]
    fn a_mistake_now_and_then_is_forgotten() {
        let throttle = Throttle::default();
        for day in 0..30 {
            let morning = day * 86_400_000;
            for _ in 0..4 {
                throttle.failed("a", morning);
                assert!(throttle.check("a", morning).is_ok(), "day {day}");
            }
        }
        // Half after a quarter of an hour, so that waiting it out does not begin at nothing.
        let throttle = Throttle::default();
        for _ in 0..8 {
            throttle.failed("a", 0);
        }
        let until = 8_000;
        throttle.failed("a", until + HALF - 1);
        let Err(Refusal::TooManyAttempts { retry_after_s }) = throttle.check("a", until + HALF - 1) else {
            panic!("forgotten too early");
        };
        assert_eq!(retry_after_s, 16);
        let later = until + HALF - 1 + 16_000 + HALF;
        throttle.failed("a", later);
        assert!(
            throttle.check("a", later + 1_000).is_ok(),
            "half of nine, and one"
        );
    }
}
