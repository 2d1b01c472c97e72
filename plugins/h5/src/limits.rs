//! The bounds of everything a visitor can send, and the rate each visitor may write at.
//! The numbers are part of `docs/widget-protocol.md`.
use std::collections::HashMap;

/// Longest text of one message, characters (Unicode scalar values).
pub const TEXT_CHARS: usize = 2_000;
/// Largest picture a visitor may upload, bytes.
pub const FILE_BYTES: usize = 10 << 20;
/// Largest frame of a socket and largest JSON body, bytes.
pub const FRAME_BYTES: usize = 64 << 10;
/// Messages in one frame to a visitor, bytes: the host takes frames of 64 KiB, and a welcome also names the agent.
pub const WELCOME_BYTES: usize = 56 << 10;
/// Longest `client_id`, bytes.
pub const CLIENT_ID_BYTES: usize = 64;
/// Sockets one visitor may hold.
pub const SOCKETS: usize = 8;
/// Long polls one visitor may hold.
pub const POLLS: usize = 4;
/// Messages of one page or welcome.
pub const PAGE: u32 = 200;
/// Messages of a page nobody gave a number for.
pub const PAGE_DEFAULT: u32 = 30;
/// Longest address of a page that is kept, bytes.
pub const URL_BYTES: usize = 1_024;
/// Content types of pictures that are passed on.
pub const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// Earliest and latest `created_at` that is believed (2001-09-09 and 2100-01-01), Unix milliseconds. Constants
/// and not relative to now: a retry must always carry the same time.
pub const CREATED_AT: (i64, i64) = (1_000_000_000_000, 4_102_444_800_000);
/// Messages a visitor may write within [`RATE_MS`], in one go or spread, when the account says nothing else.
pub const RATE: u32 = 20;
/// See [`RATE`], milliseconds.
pub const RATE_MS: i64 = 10_000;
/// Uploads a visitor may make within [`UPLOAD_MS`].
pub const UPLOADS: u32 = 10;
/// See [`UPLOADS`], milliseconds.
pub const UPLOAD_MS: i64 = 60_000;
/// Page views an account passes on within [`RATE_MS`], so that a flood of sessions is not a flood of writes.
pub const PAGE_VIEWS: u32 = 2_000;

/// Buckets above which idle ones are thrown away.
const SWEEP_AT: usize = 4_096;

/// A token bucket per name: `capacity` at once, refilled evenly within `window_ms`.
pub struct Rate {
    capacity: u32,
    window_ms: i64,
    /// When each bucket will be full again, Unix milliseconds.
    full_at: HashMap<String, i64>,
    sweep_at: usize,
}

impl Rate {
    /// Buckets of this size.
    #[must_use]
    pub fn new(capacity: u32, window_ms: i64) -> Self {
        Rate {
            capacity,
            window_ms,
            full_at: HashMap::new(),
            sweep_at: SWEEP_AT,
        }
    }

    /// Takes one from the bucket of `name`.
    ///
    /// # Errors
    /// Milliseconds until there is one again; nothing was taken.
    pub fn take(&mut self, name: &str, now: i64) -> Result<(), i64> {
        if self.full_at.len() >= self.sweep_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            // When most buckets are in use a sweep frees little: wait until twice as many are there.
            self.sweep_at = (self.full_at.len() * 2).max(SWEEP_AT);
        }
        let cost = self.window_ms / i64::from(self.capacity);
        match self.full_at.get_mut(name) {
            Some(full_at) => {
                // A clock that was set back must not lock anybody out for longer than the window.
                *full_at = (*full_at).clamp(now, now + self.window_ms);
                let missing = *full_at + cost - (now + self.window_ms);
                if missing > 0 {
                    return Err(missing);
                }
                *full_at += cost;
            }
            None => {
                self.full_at.insert(name.to_owned(), now + cost);
            }
        }
        Ok(())
    }
}

/// The time a message is filed under: what the client says, kept inside fixed bounds.
#[must_use]
pub fn sent_at(created_at: i64) -> i64 {
    created_at.clamp(CREATED_AT.0, CREATED_AT.1)
}

/// The longest beginning of `text` within `bytes` that does not cut a character.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_at_once_then_one_each_half_second() {
        let mut rate = Rate::new(RATE, RATE_MS);
        for _ in 0..RATE {
            assert_eq!(rate.take("a", 1_000), Ok(()));
        }
        assert_eq!(rate.take("a", 1_000), Err(500));
        assert_eq!(rate.take("b", 1_000), Ok(()), "visitors do not share a bucket");
        assert_eq!(rate.take("a", 1_499), Err(1));
        assert_eq!(rate.take("a", 1_500), Ok(()));
        assert_eq!(rate.take("a", 1_500), Err(500));
        for _ in 0..RATE {
            assert_eq!(rate.take("a", 60_000), Ok(()));
        }
        assert!(rate.take("a", 60_000).is_err());
    }

    #[test]
    fn a_clock_set_back_costs_at_most_one_window() {
        let mut rate = Rate::new(RATE, RATE_MS);
        for _ in 0..RATE {
            rate.take("a", 9_000_000).unwrap();
        }
        assert_eq!(rate.take("a", 1_000), Err(500));
        assert_eq!(rate.take("a", 1_000), Err(500), "a refusal takes nothing");
        assert_eq!(rate.take("a", 1_500), Ok(()));
    }

    #[test]
    fn idle_buckets_are_thrown_away() {
        let mut rate = Rate::new(RATE, RATE_MS);
        for visitor in 0..50_000 {
            rate.take(&visitor.to_string(), i64::from(visitor) * 100).unwrap();
        }
        assert!(rate.full_at.len() <= SWEEP_AT);
    }

    #[test]
    fn the_filing_time_does_not_depend_on_now() {
        assert_eq!(sent_at(1_800_000_000_123), 1_800_000_000_123);
        assert_eq!(sent_at(i64::MIN), CREATED_AT.0);
        assert_eq!(sent_at(i64::MAX), CREATED_AT.1);
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(cut("你好", 5), "你");
        assert_eq!(cut("ab", 5), "ab");
        assert_eq!(cut("😀", 3), "");
    }
}
