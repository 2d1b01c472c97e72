//! What agents and shops set, as the console sees it.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent sets for himself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AgentSettingsView {
    /// New conversations come by themselves.
    pub(crate) auto: bool,
    /// Up to how many customers, 0 to 200.
    pub(crate) limit: u32,
    /// Sent on acceptance, at most 500 characters; empty means nothing.
    pub(crate) greeting: String,
    pub(crate) close: AutoCloseView,
    pub(crate) offline: OfflineTextView,
}

/// Closing of idle conversations.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AutoCloseView {
    pub(crate) on: bool,
    /// After how many minutes without a word, 1 to 1440.
    pub(crate) idle_minutes: u32,
    /// Sent when it closes, at most 500 characters; empty means nothing.
    pub(crate) text: String,
}

/// What customers hear while their agent is offline.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OfflineTextView {
    pub(crate) on: bool,
    /// At most 500 characters; empty means nothing.
    pub(crate) text: String,
}

/// Settings of the whole desk.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ShopSettingsView {
    /// Sent to who waits while nobody is online, at most 500 characters; empty means nothing.
    pub(crate) nobody_text: String,
    /// Sent to who waits because everybody is full or accepts by hand.
    pub(crate) busy_text: String,
    /// How long an offered transfer stays open, 10 to 3600.
    pub(crate) transfer_seconds: u32,
    /// How long an agent without an open page still counts as online, 15 to 600.
    pub(crate) away_seconds: u32,
    /// How many of a platform's last answers automatic texts leave to the agent, 0 to 5.
    pub(crate) reserve: u32,
}
