//! How the account is doing, put together from its two sides: calls to the platform and calls from it. The host
//! hears of it only when the text changes.
use std::cell::RefCell;
use weikefu_channel::prelude::*;

/// Which side has news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Our calls to the platform's API.
    Api = 0,
    /// The platform's pushes.
    Callback = 1,
}

/// See the module.
pub(crate) struct Report {
    host: Host,
    troubles: RefCell<[Option<Words>; 2]>,
    shown: RefCell<Option<Words>>,
}

impl Report {
    pub(crate) fn new(host: Host) -> Self {
        Report {
            host,
            troubles: RefCell::default(),
            shown: RefCell::default(),
        }
    }

    /// This side works.
    pub(crate) fn fine(&self, side: Side) {
        self.set(side, None);
    }

    /// This side does not work; `trouble` says why and what to do.
    pub(crate) fn trouble(&self, side: Side, trouble: Words) {
        self.set(side, Some(trouble));
    }

    fn set(&self, side: Side, trouble: Option<Words>) {
        let text = {
            let mut troubles = self.troubles.borrow_mut();
            troubles[side as usize] = trouble;
            let joined = |part: fn(&Words) -> &str, between: &str| {
                troubles
                    .iter()
                    .flatten()
                    .map(part)
                    .collect::<Vec<_>>()
                    .join(between)
            };
            Words::new(joined(|words| &words.zh, "；"), joined(|words| &words.en, "; "))
        };
        if self.shown.borrow().as_ref() != Some(&text) {
            let health = if text.is_empty() {
                Health::Healthy
            } else {
                Health::Degraded
            };
            self.host.status(health, &text);
            self.shown.replace(Some(text));
        }
    }
}
