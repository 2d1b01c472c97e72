//! How often a platform lets an account write to a customer, and for how long after what. The rules are data:
//! a manifest names the platform's, a channel's setting may override them, and the desk counts.
use crate::inbound::{Action, Inbound, What};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a customer did, as far as it lets the account write to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Wrote a message.
    #[schemars(extend("x-zh" = "客户发来消息", "x-en" = "Customer wrote"))]
    Message,
    /// Pressed a menu button, or an entry of a menu message.
    #[schemars(extend("x-zh" = "客户点击菜单", "x-en" = "Customer pressed a menu"))]
    Menu,
    /// Followed the account.
    #[schemars(extend("x-zh" = "客户关注", "x-en" = "Customer followed"))]
    Follow,
    /// Scanned a code of the account.
    #[schemars(extend("x-zh" = "客户扫码", "x-en" = "Customer scanned a code"))]
    Scan,
    /// Anything a newer peer knows and this build does not; no rule fits it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// After a trigger the platform takes `count` messages within `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyRule {
    /// After what.
    #[schemars(extend("x-zh" = "什么之后", "x-en" = "After"))]
    pub trigger: Trigger,
    /// How many messages.
    #[schemars(range(min = 1, max = 100))]
    #[schemars(extend("x-zh" = "最多回复（条）", "x-en" = "Replies at most"))]
    pub count: u32,
    /// For how long, seconds; at most 30 days.
    #[schemars(range(min = 10, max = 2_592_000))]
    #[schemars(extend("x-zh" = "多长时间内", "x-en" = "Within", "x-unit" = "second"))]
    pub seconds: u32,
}

impl ReplyRule {
    /// A rule.
    #[must_use]
    pub const fn new(trigger: Trigger, count: u32, seconds: u32) -> Self {
        ReplyRule {
            trigger,
            count,
            seconds,
        }
    }

    /// Whether the desk can count by it: the bounds of the schema.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.trigger != Trigger::Unknown
            && (1..=100).contains(&self.count)
            && (10..=2_592_000).contains(&self.seconds)
    }
}

impl Inbound {
    /// What this arrival opens: what the plugin says, else what its kind says.
    #[must_use]
    pub fn opens(&self) -> Option<Trigger> {
        if self.trigger.is_some() {
            return self.trigger;
        }
        match &self.what {
            What::Message { .. } => Some(Trigger::Message),
            What::Behaviour { behaviour } => match behaviour.action {
                Action::MenuClick => Some(Trigger::Menu),
                Action::Follow => Some(Trigger::Follow),
                Action::Scan => Some(Trigger::Scan),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;
    use crate::inbound::{Behaviour, Profile};

    fn arrival(what: What, trigger: Option<Trigger>) -> Inbound {
        Inbound {
            peer: "p".into(),
            dedupe: "d".into(),
            sent_at: 1,
            what,
            profile: Profile::default(),
            trigger,
            passive: None,
        }
    }

    #[test]
    fn what_opens_a_window_is_told_by_kind_or_by_the_plugin() {
        let did = |action| What::Behaviour {
            behaviour: Behaviour {
                action,
                detail: String::new(),
            },
        };
        let text = || What::Message {
            content: Content::text("1"),
        };
        let table = [
            (text(), None, Some(Trigger::Message)),
            // An entry of a menu message comes back as a text.
            (text(), Some(Trigger::Menu), Some(Trigger::Menu)),
            (did(Action::MenuClick), None, Some(Trigger::Menu)),
            (did(Action::Follow), None, Some(Trigger::Follow)),
            (did(Action::Scan), None, Some(Trigger::Scan)),
            (did(Action::MenuView), None, None),
            (did(Action::Location), None, None),
            (did(Action::Unfollow), None, None),
            (did(Action::Other), Some(Trigger::Menu), Some(Trigger::Menu)),
        ];
        for (what, said, opens) in table {
            assert_eq!(arrival(what.clone(), said).opens(), opens, "{what:?}");
        }
    }

    #[test]
    fn a_rule_out_of_its_bounds_is_not_sound() {
        assert!(ReplyRule::new(Trigger::Message, 5, 172_800).is_sound());
        for rule in [
            ReplyRule::new(Trigger::Message, 0, 60),
            ReplyRule::new(Trigger::Message, 101, 60),
            ReplyRule::new(Trigger::Message, 1, 9),
            ReplyRule::new(Trigger::Message, 1, 2_592_001),
            ReplyRule::new(Trigger::Unknown, 1, 60),
        ] {
            assert!(!rule.is_sound(), "{rule:?}");
        }
        let newer: Trigger = serde_json::from_str("\"payment\"").unwrap();
        assert_eq!(newer, Trigger::Unknown);
    }
}
