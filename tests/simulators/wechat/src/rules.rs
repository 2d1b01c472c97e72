//! The reply window (protocol section 10): who may be written to, how often and until when.
//! Pure: time comes in as milliseconds.

/// What a customer did, as far as it opens a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Wrote a message.
    Message,
    /// Tapped a menu entry (`CLICK`, `scancode_push`, `scancode_waitmsg`, an entry of a `msgmenu`).
    Menu,
    /// Followed, or scanned a code with a scene.
    FollowOrScan,
}

/// How many messages for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Messages in all.
    pub messages: u32,
    /// Milliseconds.
    pub lasts_ms: u64,
}

const TWO_DAYS: u64 = 48 * 3_600_000;
const ONE_MINUTE: u64 = 60_000;

/// One row set of the table of section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowRules {
    /// After a message.
    pub message: Grant,
    /// After a menu click.
    pub menu: Grant,
    /// After following or scanning.
    pub follow: Grant,
}

impl WindowRules {
    /// Before 2021-06: 48 hours for everything, about 20 messages.
    #[must_use]
    pub const fn before_2021() -> Self {
        let grant = Grant {
            messages: 20,
            lasts_ms: TWO_DAYS,
        };
        Self {
            message: grant,
            menu: grant,
            follow: grant,
        }
    }

    /// From 2021-06-01: 20 in 48 hours, 3 in a minute after a click or follow.
    #[must_use]
    pub const fn from_2021() -> Self {
        let short = Grant {
            messages: 3,
            lasts_ms: ONE_MINUTE,
        };
        Self {
            message: Grant {
                messages: 20,
                lasts_ms: TWO_DAYS,
            },
            menu: short,
            follow: short,
        }
    }

    /// Since 2023-06-12: 5 in 48 hours, 3 in a minute after a click or follow.
    #[must_use]
    pub const fn since_2023() -> Self {
        let short = Grant {
            messages: 3,
            lasts_ms: ONE_MINUTE,
        };
        Self {
            message: Grant {
                messages: 5,
                lasts_ms: TWO_DAYS,
            },
            menu: short,
            follow: short,
        }
    }

    /// The rules at the end of a year.
    #[must_use]
    pub const fn of_year(year: u16) -> Self {
        match year {
            0..=2020 => Self::before_2021(),
            2021 | 2022 => Self::from_2021(),
            _ => Self::since_2023(),
        }
    }

    fn grant(&self, trigger: Trigger) -> Grant {
        match trigger {
            Trigger::Message => self.message,
            Trigger::Menu => self.menu,
            Trigger::FollowOrScan => self.follow,
        }
    }
}

/// Why a message may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// No window is open: 45015.
    NoWindow,
    /// A window is open and spent: 45047.
    Spent,
}

/// What is left, for the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Messages that can still be sent.
    pub left: u32,
    /// Milliseconds since 1970 at which the window with the most left closes; 0 when none is open.
    pub until_ms: u64,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    trigger: Trigger,
    left: u32,
    until_ms: u64,
}

/// The windows of one customer. How several combine is undocumented; here they do not add up: a send counts
/// in every open window, which is the strictest reading.
#[derive(Debug, Clone, Default)]
pub struct Windows(Vec<Window>);

impl Windows {
    /// The customer did something: the window of that kind starts anew, what was left of it is gone.
    pub fn open(&mut self, rules: &WindowRules, trigger: Trigger, now_ms: u64) {
        let grant = rules.grant(trigger);
        self.0.retain(|window| window.trigger != trigger);
        self.0.push(Window {
            trigger,
            left: grant.messages,
            until_ms: now_ms.saturating_add(grant.lasts_ms),
        });
        self.0.sort_by_key(|window| window.until_ms);
    }

    /// The customer left.
    pub fn close_all(&mut self) {
        self.0.clear();
    }

    /// Whether a message could go, without spending it.
    pub fn check(&self, now_ms: u64) -> Result<(), Closed> {
        let mut open = self.0.iter().filter(|window| now_ms < window.until_ms).peekable();
        if open.peek().is_none() {
            return Err(Closed::NoWindow);
        }
        if open.any(|window| window.left > 0) {
            Ok(())
        } else {
            Err(Closed::Spent)
        }
    }

    /// Takes one message.
    pub fn spend(&mut self, now_ms: u64) -> Result<(), Closed> {
        self.check(now_ms)?;
        for window in self.0.iter_mut().filter(|window| now_ms < window.until_ms) {
            window.left = window.left.saturating_sub(1);
        }
        Ok(())
    }

    /// What is left.
    #[must_use]
    pub fn quota(&self, now_ms: u64) -> Quota {
        let open = self.0.iter().filter(|window| now_ms < window.until_ms);
        open.map(|window| (window.left, window.until_ms))
            .max()
            .map_or_else(Quota::default, |(left, until_ms)| Quota { left, until_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(rules: WindowRules, trigger: Trigger) -> Windows {
        let mut windows = Windows::default();
        windows.open(&rules, trigger, 0);
        windows
    }

    fn sendable(windows: &mut Windows, now_ms: u64) -> (u32, Closed) {
        let mut count = 0;
        loop {
            match windows.spend(now_ms) {
                Ok(()) => count += 1,
                Err(closed) => return (count, closed),
            }
        }
    }

    #[test]
    fn each_year_has_its_numbers() {
        let cases = [
            (2019, Trigger::Message, 20, TWO_DAYS),
            (2019, Trigger::Menu, 20, TWO_DAYS),
            (2021, Trigger::Message, 20, TWO_DAYS),
            (2021, Trigger::Menu, 3, ONE_MINUTE),
            (2022, Trigger::FollowOrScan, 3, ONE_MINUTE),
            (2023, Trigger::Message, 5, TWO_DAYS),
            (2026, Trigger::Menu, 3, ONE_MINUTE),
            (2026, Trigger::FollowOrScan, 3, ONE_MINUTE),
        ];
        for (year, trigger, messages, lasts) in cases {
            let rules = WindowRules::of_year(year);
            assert_eq!(
                sendable(&mut after(rules, trigger), lasts - 1),
                (messages, Closed::Spent),
                "{year}"
            );
            assert_eq!(
                sendable(&mut after(rules, trigger), lasts),
                (0, Closed::NoWindow),
                "{year}"
            );
        }
    }

    #[test]
    fn a_new_message_gives_the_full_five_and_not_more() {
        let rules = WindowRules::since_2023();
        let mut windows = after(rules, Trigger::Message);
        windows.spend(1).unwrap();
        windows.open(&rules, Trigger::Message, 2);
        assert_eq!(
            windows.quota(3),
            Quota {
                left: 5,
                until_ms: TWO_DAYS + 2
            }
        );
        assert_eq!(sendable(&mut windows, 3), (5, Closed::Spent));
    }

    #[test]
    fn windows_do_not_add_up() {
        let rules = WindowRules::since_2023();
        let mut windows = after(rules, Trigger::Message);
        windows.open(&rules, Trigger::Menu, 10);
        for _ in 0..4 {
            windows.spend(20).unwrap();
        }
        assert_eq!(
            windows.quota(20),
            Quota {
                left: 1,
                until_ms: TWO_DAYS
            }
        );
        windows.open(&rules, Trigger::Menu, 30);
        assert_eq!(
            windows.quota(30),
            Quota {
                left: 3,
                until_ms: ONE_MINUTE + 30
            }
        );
        assert_eq!(sendable(&mut windows, 40), (3, Closed::Spent));
        assert_eq!(
            windows.quota(40),
            Quota {
                left: 0,
                until_ms: TWO_DAYS
            }
        );
        assert_eq!(sendable(&mut windows, ONE_MINUTE + 30), (0, Closed::Spent));
    }

    #[test]
    fn leaving_closes_everything() {
        let mut windows = after(WindowRules::since_2023(), Trigger::Message);
        windows.close_all();
        assert_eq!(windows.check(1), Err(Closed::NoWindow));
    }
}
