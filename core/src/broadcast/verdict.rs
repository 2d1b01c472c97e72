//! Who gets a broadcast and who does not, and why. Pure: asked for the dry run, when the list is made, and once more
//! right before each customer's first message.
use crate::ids::Millis;
use crate::records::{BroadcastDraft, Reach, Skip};

/// What is known of a customer.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// On the blacklist.
    pub blocked: bool,
    /// Has an open conversation.
    pub open: bool,
    /// Broadcasts they have got today.
    pub today: u32,
    /// The ledger of their address.
    pub reach: &'a Reach,
    /// Why their channel takes nothing.
    pub hold: Option<Skip>,
}

/// What a broadcast asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Messages a customer gets, or the rest of them.
    pub messages: u32,
    /// Messages of the platform's quota that are kept for the agent.
    pub reserve: u32,
    /// Customers in an open conversation get it too.
    pub also_open: bool,
    /// Broadcasts of one day.
    pub daily_limit: u32,
}

impl Terms {
    /// What a broadcast asks for of somebody who has got `sent` of its messages.
    #[must_use]
    pub fn of(draft: &BroadcastDraft, sent: u32, reserve: u32) -> Self {
        Terms {
            messages: (draft.parts.len() as u32).saturating_sub(sent),
            reserve,
            also_open: draft.also_open,
            daily_limit: draft.daily_limit,
        }
    }
}

/// Whether a customer gets it. Where several reasons hold, the one that lasts longest is told.
pub fn judge(standing: &Standing<'_>, terms: &Terms, now: Millis) -> Result<(), Skip> {
    let Standing { reach, .. } = standing;
    if standing.blocked {
        return Err(Skip::Blacklisted);
    }
    let allowance = reach.allowance(now);
    let closed = allowance.is_some_and(|allowance| allowance.trigger.is_none());
    if closed && reach.left_at > 0 && reach.grants.iter().all(|grant| grant.at <= reach.left_at) {
        return Err(Skip::Unfollowed);
    }
    if let Some(hold) = standing.hold {
        return Err(hold);
    }
    if standing.open && !terms.also_open {
        return Err(Skip::OpenConversation);
    }
    if standing.today >= terms.daily_limit {
        return Err(Skip::GotToday);
    }
    match allowance {
        Some(allowance) if allowance.trigger.is_none() => Err(Skip::WindowOver),
        Some(allowance) if allowance.left == 0 => Err(Skip::QuotaSpent),
        Some(allowance) if allowance.left < terms.messages + terms.reserve => Err(Skip::QuotaReserved),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weikefu_channel::{ReplyRule, Trigger};

    const NOW: Millis = 1_800_000_000_000;
    const RULES: [ReplyRule; 2] = [
        ReplyRule::new(Trigger::Message, 5, 172_800),
        ReplyRule::new(Trigger::Follow, 3, 60),
    ];

    fn wrote(at: Millis) -> Reach {
        let mut reach = Reach::default();
        reach.triggered(&RULES, Some(Trigger::Message), at, at);
        reach
    }

    fn terms(messages: u32) -> Terms {
        Terms {
            messages,
            reserve: 2,
            also_open: false,
            daily_limit: 1,
        }
    }

    fn standing(reach: &Reach) -> Standing<'_> {
        Standing {
            blocked: false,
            open: false,
            today: 0,
            reach,
            hold: None,
        }
    }

    #[test]
    fn every_reason_has_its_cause() {
        let fresh = wrote(NOW - 1000);
        let of = |standing: Standing<'_>| judge(&standing, &terms(1), NOW).err();
        assert_eq!(of(standing(&fresh)), None);
        let (blocked, open, today) = (true, true, 1);
        assert_eq!(
            of(Standing {
                blocked,
                ..standing(&fresh)
            }),
            Some(Skip::Blacklisted)
        );
        assert_eq!(
            of(Standing {
                open,
                ..standing(&fresh)
            }),
            Some(Skip::OpenConversation)
        );
        assert_eq!(
            of(Standing {
                today,
                ..standing(&fresh)
            }),
            Some(Skip::GotToday)
        );
        let hold = Some(Skip::EntryOff);
        assert_eq!(
            of(Standing {
                hold,
                ..standing(&fresh)
            }),
            Some(Skip::EntryOff)
        );
        let old = wrote(NOW - 172_800_000);
        assert_eq!(of(standing(&old)), Some(Skip::WindowOver));
        let mut gone = wrote(NOW - 5000);
        gone.abandoned(NOW - 1000, NOW);
        assert_eq!(of(standing(&gone)), Some(Skip::Unfollowed));
        let mut back = gone.clone();
        back.triggered(&RULES, Some(Trigger::Follow), NOW - 500, NOW);
        assert_eq!(of(standing(&back)), None, "who has come back is not gone");
    }

    #[test]
    fn what_is_kept_for_the_agent_is_kept() {
        let mut reach = wrote(NOW - 1000);
        assert_eq!(judge(&standing(&reach), &terms(3), NOW), Ok(()));
        assert_eq!(judge(&standing(&reach), &terms(4), NOW), Err(Skip::QuotaReserved));
        for _ in 0..5 {
            reach.reserve();
        }
        assert_eq!(judge(&standing(&reach), &terms(1), NOW), Err(Skip::QuotaSpent));
        // Where nobody counts there is nothing to keep.
        assert_eq!(judge(&standing(&Reach::default()), &terms(3), NOW), Ok(()));
    }

    #[test]
    fn switches_of_the_draft_open_what_they_say() {
        let fresh = wrote(NOW - 1000);
        let talks = Standing {
            open: true,
            today: 1,
            ..standing(&fresh)
        };
        let bold = Terms {
            also_open: true,
            daily_limit: 2,
            ..terms(1)
        };
        assert_eq!(judge(&talks, &bold, NOW), Ok(()));
    }
}
