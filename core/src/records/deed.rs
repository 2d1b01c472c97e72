//! What was done to many at once, and by whom: kept, because nobody remembers it and everybody asks.
use super::ticketed::ticketed;
use crate::ids::{AgentId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::{Key, record};

ticketed!(
    /// A deed in a shop, in order of time.
    DeedId
);

/// What can be done to many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeedKind {
    /// Tags given to and taken from customers.
    Tag,
    /// Annotations deleted.
    DeleteAnnotations,
    /// Customers taken off the blacklist.
    Unblock,
    /// A table that left the desk.
    Export,
    /// A table that came in.
    Import,
    /// A service tag removed from its customers.
    RemoveTag,
}

/// A deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What; stored by name, so that the list can grow.
    #[serde(with = "super::named")]
    pub kind: DeedKind,
    /// By whom; `None` is the command line.
    pub by: Option<AgentId>,
    /// When.
    pub at: Millis,
    /// Records it was done to.
    pub count: u32,
    /// To what, in a few words.
    pub about: String,
}
record!(Deed, b"deed1");
