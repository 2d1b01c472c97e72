//! How far a customer's address can be reached: what the platform still allows, and what the desk has said
//! there by itself. How it is counted stands in `desk::reach`.
use crate::ids::Millis;
use serde::{Deserialize, Serialize};
use weikefu_channel::Trigger;
use weikefu_storage::record;

/// The ledger of one address on one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The platform counts; otherwise everything below but the marks is empty.
    pub limited: bool,
    /// What the customer's doings allow, at most one for each kind of trigger.
    pub grants: Vec<Grant>,
    /// Messages queued or being sent: each may take one of every grant, also of those that come meanwhile.
    pub pending: u32,
    /// When the latest messages left, oldest first; never more than the largest grant allows.
    pub sent: Vec<Millis>,
    /// When the customer left the account; nothing they did before counts any more.
    pub left_at: Millis,
    /// When the desk last wrote by itself, oldest first; an hour is remembered.
    pub automatic: Vec<Millis>,
}
record!(Reach, b"reach1");

/// What the platform allows after a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// After what.
    #[serde(with = "super::named")]
    pub trigger: Trigger,
    /// Since when, by the platform's clock or ours, whichever is earlier.
    pub at: Millis,
    /// Until when.
    pub until: Millis,
    /// Messages in all.
    pub allowed: u32,
    /// The platform has said that none is left.
    pub spent: bool,
}
