//! The quota ledger: what a platform still allows to be sent to one address, counted on our side. Pure.
//!
//! Nobody tells what is left, and how several windows combine is not documented. The ledger takes the strictest
//! reading: windows do not add up, a message counts in every one that is open, and a message on its way counts
//! in those that open before it has arrived. It is allowed to say too little, never too much; where it was wrong
//! all the same the platform's refusal corrects it.
use crate::ids::Millis;
use crate::records::{Grant, Reach, Suppression};
use std::sync::Arc;
use weikefu_channel::{ReplyRule, Trigger};

/// The rules of a channel; none means that anything may be sent at any time.
pub type Rules = Arc<[ReplyRule]>;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
/// Messages whose time of leaving is remembered; no rule allows more.
const REMEMBERED: usize = 100;
/// Automatic texts to one address within an hour before the desk falls silent there.
const LOUD: usize = 6;

/// Where an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This many messages may be sent, more than one.
    Open,
    /// One more.
    Last,
    /// None until the customer does something again, although their time has not run out.
    Spent,
    /// None: the time has run out, or the customer has left.
    Closed,
}

/// What may still be sent to an address, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Messages.
    pub left: u32,
    /// Until when; of what is closed, 0.
    pub until: Millis,
    /// What allowed it.
    pub trigger: Option<Trigger>,
}

impl Allowance {
    /// In one word.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.left, self.trigger) {
            (_, None) => Standing::Closed,
            (0, _) => Standing::Spent,
            (1, _) => Standing::Last,
            _ => Standing::Open,
        }
    }
}

impl Grant {
    /// The moment from which we no longer rely on it: the platform's clock is not ours, and a message takes a
    /// while to get there.
    #[must_use]
    pub fn end(&self) -> Millis {
        let length = self.until - self.at;
        self.until - if length >= HOUR { MINUTE } else { length / 6 }
    }

    fn is_open(&self, now: Millis) -> bool {
        now < self.end()
    }
}

impl Reach {
    /// What the customer did at `sent_at`, by the platform's clock. A late one counts what has left since.
    pub fn triggered(&mut self, rules: &[ReplyRule], trigger: Option<Trigger>, sent_at: Millis, now: Millis) {
        self.limited = !rules.is_empty();
        if !self.limited {
            self.grants.clear();
            self.sent.clear();
            self.pending = 0;
            return;
        }
        self.grants.retain(|grant| now < grant.until);
        let at = sent_at.min(now);
        let rule = rules.iter().find(|rule| Some(rule.trigger) == trigger);
        let known = self.grants.iter().find(|grant| Some(grant.trigger) == trigger);
        if let Some(rule) = rule
            // Seconds are all the platform tells: within one, leaving counts as the later.
            && at > self.left_at
            && known.is_none_or(|known| known.at < at || (known.at == at && !known.spent))
        {
            self.grants.retain(|grant| grant.trigger != rule.trigger);
            self.grants.push(Grant {
                trigger: rule.trigger,
                at,
                until: at + Millis::from(rule.seconds) * 1000,
                allowed: rule.count,
                spent: false,
            });
        }
        self.forget(now);
    }

    /// The customer left the account at `sent_at`.
    pub fn abandoned(&mut self, sent_at: Millis, now: Millis) {
        let at = sent_at.min(now);
        self.left_at = self.left_at.max(at);
        self.grants.retain(|grant| grant.at > at);
        self.forget(now);
    }

    /// The customer has left the account and has not been heard of since.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.left_at > 0 && self.grants.iter().all(|grant| grant.at <= self.left_at)
    }

    /// A message has been queued that the platform will count.
    pub fn reserve(&mut self) {
        self.pending += u32::from(self.limited);
    }

    /// It has left, or may have.
    pub fn left(&mut self, now: Millis) {
        if self.limited {
            self.pending = self.pending.saturating_sub(1);
            self.sent.push(now);
            self.forget(now);
        }
    }

    /// It surely did not.
    pub fn returned(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// The platform said to a message handed over at `at` that none was left of what was open.
    pub fn spent(&mut self, at: Millis) {
        for grant in self.grants.iter_mut().filter(|grant| grant.at <= at) {
            grant.spent = true;
        }
    }

    /// The platform said to a message handed over at `at` that nothing was open.
    pub fn closed(&mut self, at: Millis) {
        self.grants.retain(|grant| grant.at > at);
    }

    /// What may still be sent; `None` where nobody counts.
    #[must_use]
    pub fn allowance(&self, now: Millis) -> Option<Allowance> {
        if !self.limited {
            return None;
        }
        let nothing = Allowance {
            left: 0,
            until: 0,
            trigger: None,
        };
        let best = self.windows(now).max_by_key(|it| (it.left, it.until));
        Some(best.unwrap_or(nothing))
    }

    /// Every window that is open, by itself.
    pub fn windows(&self, now: Millis) -> impl Iterator<Item = Allowance> {
        let open = self.grants.iter().filter(move |grant| grant.is_open(now));
        open.map(|grant| Allowance {
            left: self.rest(grant),
            until: grant.end(),
            trigger: Some(grant.trigger),
        })
    }

    /// Whether the next of the reserved messages may go now, one at a time.
    #[must_use]
    pub fn fits(&self, now: Millis) -> bool {
        !self.limited
            || self
                .grants
                .iter()
                .any(|grant| grant.is_open(now) && !grant.spent && self.since(grant.at) < grant.allowed)
    }

    /// Whether the desk may write by itself, `reserve` being kept for the agent.
    pub fn automatic(&self, reserve: u32, now: Millis) -> Result<(), Suppression> {
        self.quiet(now)?;
        match self.allowance(now) {
            Some(Allowance { trigger: None, .. }) => Err(Suppression::WindowClosed),
            Some(Allowance { left, .. }) if left <= reserve => Err(Suppression::QuotaReserved),
            _ => Ok(()),
        }
    }

    /// Whether the desk has not written by itself too often.
    pub fn quiet(&self, now: Millis) -> Result<(), Suppression> {
        let lately = self.automatic.iter().filter(|at| **at > now - HOUR).count();
        if lately < LOUD {
            Ok(())
        } else {
            Err(Suppression::Loop)
        }
    }

    /// The desk has written by itself.
    pub fn marked(&mut self, now: Millis) {
        self.automatic.retain(|at| *at > now - HOUR);
        self.automatic.push(now);
    }

    fn rest(&self, grant: &Grant) -> u32 {
        if grant.spent {
            return 0;
        }
        grant
            .allowed
            .saturating_sub(self.pending)
            .saturating_sub(self.since(grant.at))
    }

    fn since(&self, at: Millis) -> u32 {
        self.sent.iter().filter(|sent| **sent >= at).count() as u32
    }

    /// Keeps no more of what has left than can make a difference: to a grant there is, or to one that comes late.
    fn forget(&mut self, now: Millis) {
        let from = self.grants.iter().map(|grant| grant.at).min().unwrap_or(now);
        self.sent.retain(|sent| *sent >= from.min(now - HOUR));
        let surplus = self.sent.len().saturating_sub(REMEMBERED);
        self.sent.drain(..surplus);
    }
}
