//! What the administrator's pages see. Made from records, never stored.
use super::views::{PresenceView, StatusView};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use weikefu_core::ids::{AgentId, ChannelId, Millis};
use weikefu_core::records::Role;
use weikefu_core::rights::Action;

/// An account, as its administrator sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // columns of a table, each read by itself
pub(crate) struct AccountView {
    pub(crate) id: AgentId,
    pub(crate) login: String,
    pub(crate) nickname: String,
    pub(crate) name: String,
    /// Path of the picture.
    pub(crate) avatar: Option<String>,
    pub(crate) role: Role,
    pub(crate) disabled: bool,
    /// Has not logged in since a password was given out.
    pub(crate) must_change_password: bool,
    pub(crate) created: Millis,
    /// The same as `presence` being `online`.
    pub(crate) online: bool,
    /// Why not, too: by his own hand, or because no page of his is open.
    pub(crate) presence: PresenceView,
    /// Customers held.
    pub(crate) active: u32,
    /// Whether the account as a whole is this administrator's: it works in no shop he does not administer.
    pub(crate) manageable: bool,
}

/// Somebody who has come to the shop.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EnrolledView {
    pub(crate) agent: AccountView,
    /// Shown once and stored nowhere; absent when a known account joined.
    pub(crate) password: Option<String>,
}

/// A password that was given out; shown once and stored nowhere.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PasswordView {
    pub(crate) password: String,
}

/// A line of the table of rights.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RightView {
    pub(crate) action: Action,
    /// The roles that have it; none: only the command line.
    pub(crate) roles: Vec<Role>,
}

/// A channel, as its administrator sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ChannelCard {
    pub(crate) id: ChannelId,
    pub(crate) plugin: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) status: StatusView,
    /// The setting the plugin does not take, when that is what is wrong.
    pub(crate) problem: Option<ProblemView>,
    /// By the plugin's schema; secrets are `null`.
    pub(crate) settings: serde_json::Value,
    /// The secrets that have a value.
    pub(crate) secrets_set: Vec<String>,
    /// Its public address below the server's.
    pub(crate) path: String,
    /// What the platform is to call, below the server's address.
    pub(crate) callback: Option<String>,
    /// What the shop's pages are to contain; `{origin}` stands for the server's public address.
    pub(crate) snippet: Option<String>,
}

/// A setting that does not work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProblemView {
    pub(crate) field: String,
    pub(crate) text: String,
}

/// A plugin.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PluginView {
    pub(crate) id: String,
    pub(crate) bundled: bool,
    pub(crate) version: Option<String>,
    /// By language.
    pub(crate) names: BTreeMap<String, String>,
    /// JSON Schema of its settings.
    pub(crate) schema: serde_json::Value,
    /// What holds where a setting is empty, by its name.
    pub(crate) standards: BTreeMap<String, serde_json::Value>,
    /// Why it cannot be used.
    pub(crate) refused: Option<String>,
}
