//! Access tokens (protocol section 8): the replacing kind of `/token` and the stable kind, apart.

use std::collections::{HashMap, VecDeque};

const LIFE_MS: u64 = 7200 * 1000;
const GRACE_MS: u64 = 300 * 1000;
const DAY_MS: u64 = 24 * 3_600_000;
const FORCED_A_DAY: usize = 20;
const FORCED_APART_MS: u64 = 30_000;
const PLAIN_A_DAY: usize = 2000;
/// The document asks clients to store at least this many characters, so they get that many.
const LENGTH: usize = 512;

#[derive(Debug, Clone, Copy)]
struct Issued {
    until_ms: u64,
    /// Another token took its place, or it was taken away: afterwards it is wrong, not expired.
    replaced: bool,
}

/// A token with the seconds it still lives.
pub(crate) type Lent = (String, u64);

#[derive(Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Issued>,
    plain: Option<String>,
    stable: Option<String>,
    forced: VecDeque<u64>,
    plain_calls: VecDeque<u64>,
}

impl Tokens {
    fn issue(&mut self, now_ms: u64) -> Lent {
        let token = crate::crypto::random_word(LENGTH);
        self.issued.insert(
            token.clone(),
            Issued {
                until_ms: now_ms + LIFE_MS,
                replaced: false,
            },
        );
        (token, LIFE_MS / 1000)
    }

    /// `/token`: always a new one; the old one works for five more minutes.
    pub(crate) fn plain(&mut self, now_ms: u64) -> Result<Lent, i64> {
        forget(&mut self.plain_calls, now_ms);
        if self.plain_calls.len() >= PLAIN_A_DAY {
            return Err(45009);
        }
        self.plain_calls.push_back(now_ms);
        if let Some(old) = self.plain.take().and_then(|token| self.issued.get_mut(&token)) {
            old.until_ms = old.until_ms.min(now_ms + GRACE_MS);
            old.replaced = true;
        }
        let lent = self.issue(now_ms);
        self.plain = Some(lent.0.clone());
        Ok(lent)
    }

    /// `/stable_token`.
    pub(crate) fn stable(&mut self, force: bool, now_ms: u64) -> Lent {
        forget(&mut self.forced, now_ms);
        let may_force = self.forced.len() < FORCED_A_DAY
            && self
                .forced
                .back()
                .is_none_or(|last| now_ms >= last + FORCED_APART_MS);
        if force && may_force {
            self.forced.push_back(now_ms);
            if let Some(token) = self.stable.take() {
                self.kill(&token);
            }
        }
        if let Some(token) = &self.stable {
            let left = self
                .issued
                .get(token)
                .map_or(0, |issued| issued.until_ms.saturating_sub(now_ms));
            if left >= GRACE_MS {
                return (token.clone(), left / 1000);
            }
        }
        let lent = self.issue(now_ms);
        self.stable = Some(lent.0.clone());
        lent
    }

    /// Whether a call may be made; the error is the errcode.
    pub(crate) fn check(&self, token: Option<&str>, now_ms: u64) -> Result<(), i64> {
        let token = token.filter(|token| !token.is_empty()).ok_or(41001)?;
        let issued = self.issued.get(token).ok_or(40014)?;
        if now_ms < issued.until_ms {
            Ok(())
        } else if issued.replaced {
            Err(40001)
        } else {
            Err(42001)
        }
    }

    fn kill(&mut self, token: &str) {
        if let Some(issued) = self.issued.get_mut(token) {
            issued.until_ms = 0;
            issued.replaced = true;
        }
    }

    /// Takes every token away at once.
    pub(crate) fn kill_all(&mut self) {
        for issued in self.issued.values_mut() {
            issued.until_ms = 0;
            issued.replaced = true;
        }
        self.plain = None;
        self.stable = None;
    }
}

fn forget(calls: &mut VecDeque<u64>, now_ms: u64) {
    while calls.front().is_some_and(|at| now_ms >= at + DAY_MS) {
        calls.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stable_token_stays_until_five_minutes_before_its_end() {
        let mut tokens = Tokens::default();
        let (first, life) = tokens.stable(false, 0);
        assert_eq!((first.len(), life), (512, 7200));
        let last_moment = LIFE_MS - GRACE_MS;
        assert_eq!(tokens.stable(false, last_moment), (first.clone(), 300));
        let (second, life) = tokens.stable(false, last_moment + 1);
        assert_ne!(second, first);
        assert_eq!(life, 7200);
        assert_eq!(tokens.check(Some(&first), LIFE_MS - 1), Ok(()));
        assert_eq!(tokens.check(Some(&first), LIFE_MS), Err(42001));
        assert_eq!(tokens.check(Some(&second), LIFE_MS), Ok(()));
    }

    #[test]
    fn forcing_kills_at_once_but_not_more_often_than_allowed() {
        let mut tokens = Tokens::default();
        let (first, _) = tokens.stable(false, 0);
        let (second, _) = tokens.stable(true, 1000);
        assert_eq!(tokens.check(Some(&first), 1000), Err(40001));
        assert_eq!(tokens.stable(true, 1000 + FORCED_APART_MS - 1).0, second);
        let mut at = 1000;
        let mut last = second;
        for _ in 1..FORCED_A_DAY {
            at += FORCED_APART_MS;
            let (next, _) = tokens.stable(true, at);
            assert_ne!(next, last);
            last = next;
        }
        assert_eq!(tokens.stable(true, at + FORCED_APART_MS).0, last, "20 a day");
        assert_ne!(tokens.stable(true, at + DAY_MS).0, last);
    }

    #[test]
    fn a_plain_token_is_replaced_with_five_minutes_of_grace_and_leaves_the_stable_one_alone() {
        let mut tokens = Tokens::default();
        let (stable, _) = tokens.stable(false, 0);
        let (old, _) = tokens.plain(0).unwrap();
        let (new, _) = tokens.plain(1000).unwrap();
        assert_ne!(old, new);
        assert_eq!(tokens.check(Some(&old), 1000 + GRACE_MS - 1), Ok(()));
        assert_eq!(tokens.check(Some(&old), 1000 + GRACE_MS), Err(40001));
        assert_eq!(tokens.check(Some(&new), 1000 + GRACE_MS), Ok(()));
        assert_eq!(tokens.check(Some(&stable), 1000 + GRACE_MS), Ok(()));
    }

    #[test]
    fn missing_unknown_and_killed_tokens_are_told_apart() {
        let mut tokens = Tokens::default();
        let (token, _) = tokens.stable(false, 0);
        assert_eq!(tokens.check(None, 0), Err(41001));
        assert_eq!(tokens.check(Some(""), 0), Err(41001));
        assert_eq!(tokens.check(Some("nonsense"), 0), Err(40014));
        tokens.kill_all();
        assert_eq!(tokens.check(Some(&token), 0), Err(40001));
        assert_ne!(tokens.stable(false, 0).0, token);
    }

    #[test]
    fn plain_tokens_are_counted() {
        let mut tokens = Tokens::default();
        for _ in 0..PLAIN_A_DAY {
            tokens.plain(5).unwrap();
        }
        assert_eq!(tokens.plain(6), Err(45009));
        assert!(tokens.plain(5 + DAY_MS).is_ok());
    }
}
