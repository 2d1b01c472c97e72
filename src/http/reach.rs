//! What may still be sent to a customer, as the console counts it down.
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_channel::Trigger;
use weikefu_core::desk::{Allowance, Standing};
use weikefu_core::error::Language;
use weikefu_core::ids::Millis;
use weikefu_core::records::{Reach, Suppression};

/// What the platform still takes. It is counted here, not told by the platform: rather too little than too much.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ReachView {
    /// Messages that can be sent now.
    pub(crate) left: u32,
    /// Until when; 0 when closed.
    pub(crate) until: Millis,
    /// What allowed it; absent when closed.
    pub(crate) trigger: Option<Trigger>,
    pub(crate) state: ReachState,
    /// All windows that are open, the one counted above among them. They do not add up: when one ends, the best
    /// of the others counts.
    pub(crate) windows: Vec<WindowView>,
}

/// One window.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WindowView {
    pub(crate) trigger: Trigger,
    pub(crate) left: u32,
    pub(crate) until: Millis,
}

/// Where a customer stands.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReachState {
    /// More than one message.
    Open,
    /// One.
    Last,
    /// None before the customer does something, although a window is open.
    Spent,
    /// None: no window is open.
    Closed,
}

/// `None` where nobody counts.
pub(crate) fn view(reach: &Reach, now: Millis) -> Option<ReachView> {
    let allowance = reach.allowance(now)?;
    Some(ReachView {
        left: allowance.left,
        until: allowance.until,
        trigger: allowance.trigger,
        state: match allowance.standing() {
            Standing::Open => ReachState::Open,
            Standing::Last => ReachState::Last,
            Standing::Spent => ReachState::Spent,
            Standing::Closed => ReachState::Closed,
        },
        windows: reach.windows(now).filter_map(window).collect(),
    })
}

fn window(allowance: Allowance) -> Option<WindowView> {
    Some(WindowView {
        trigger: allowance.trigger?,
        left: allowance.left,
        until: allowance.until,
    })
}

/// Why a text was not sent, for agents.
pub(crate) fn suppressed(why: Suppression, language: Language) -> &'static str {
    let (zh, en) = match why {
        Suppression::QuotaReserved => (
            "平台剩余的回复条数不多，已为客服保留。",
            "Few of the platform's replies are left; they are kept for the agent.",
        ),
        Suppression::WindowClosed => (
            "已超过平台允许的回复时间。",
            "The platform's time to reply is over.",
        ),
        Suppression::Loop => (
            "一小时内的自动回复过多，对方可能也是自动回复。",
            "Too many automatic texts within an hour; the other side may be a machine.",
        ),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}
