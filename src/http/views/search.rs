//! What a search has found.
use super::{ChannelRef, CustomerView};
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_channel::{Cursor, Kind};
use weikefu_core::ids::{AgentId, ConversationId, Millis};
use weikefu_core::records::{Auto, ConversationState, Speaker};

/// A page of what was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SearchView {
    /// Newest first. May be few while there is a `next`.
    pub(crate) hits: Vec<FoundView>,
    /// `after` of the next page.
    pub(crate) next: Option<String>,
    /// The index is being made: there may be more than is told. Absent when it is complete.
    pub(crate) building: Option<BuildingView>,
}

/// How far the index is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BuildingView {
    /// Conversations read.
    pub(crate) done: u64,
    /// Conversations to read; 0 while that is not known.
    pub(crate) total: u64,
}

/// A message that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FoundView {
    pub(crate) customer: CustomerView,
    pub(crate) conversation: ConversationId,
    pub(crate) channel: ChannelRef,
    /// Of the conversation.
    pub(crate) state: ConversationState,
    #[serde(flatten)]
    pub(crate) line: LineView,
    /// The surroundings of what was looked for; joined they are a text.
    pub(crate) snippet: Vec<SnippetView>,
    /// The message in front of it in the same conversation.
    pub(crate) before: Option<LineView>,
    /// The message behind it.
    pub(crate) behind: Option<LineView>,
    /// `around` of the customer's thread: the way there.
    pub(crate) place: Cursor,
}

/// The beginning of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LineView {
    pub(crate) seq: u32,
    /// When it was stored.
    pub(crate) at: Millis,
    pub(crate) from: Speaker,
    pub(crate) agent: Option<AgentId>,
    /// Which automatic text it is, if it is one.
    pub(crate) auto: Option<Auto>,
    pub(crate) kind: Kind,
    /// At most 80 characters; empty for what has no text.
    pub(crate) text: String,
}

/// A part of a snippet.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SnippetView {
    pub(crate) text: String,
    /// It is what was looked for.
    pub(crate) marked: bool,
}
