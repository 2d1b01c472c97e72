//! What the console sees of broadcasts.
use super::{ChannelRef, MediaView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_core::ids::{AgentId, BroadcastId, CustomerId, Millis};
use weikefu_core::people::Filter;
use weikefu_core::records::{BroadcastKind, BroadcastState, RecipientState, Skip, WaitReason};

/// A broadcast, and how far it has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BroadcastView {
    pub(crate) id: BroadcastId,
    pub(crate) state: BroadcastState,
    pub(crate) kind: BroadcastKind,
    /// Of a text.
    pub(crate) text: Option<String>,
    /// Of pictures.
    pub(crate) images: Vec<MediaView>,
    /// Of products and articles.
    pub(crate) cards: Vec<CardView>,
    /// Messages each customer gets.
    pub(crate) messages_each: u32,
    /// Who is meant.
    pub(crate) filter: Filter,
    /// Customers in an open conversation get it too.
    pub(crate) also_open: bool,
    /// Broadcasts a customer gets on one day, this one counted.
    pub(crate) daily_limit: u32,
    /// Sent in the hours of silence too.
    pub(crate) through_night: bool,
    /// Grows with each change of the draft; `start` and changes name the one that was seen.
    pub(crate) revision: u32,
    pub(crate) by: AgentId,
    /// Nickname.
    pub(crate) by_name: Option<String>,
    pub(crate) created: Millis,
    /// When it begins or began.
    pub(crate) at: Option<Millis>,
    pub(crate) started_by: Option<AgentId>,
    /// Nickname.
    pub(crate) started_by_name: Option<String>,
    pub(crate) started_at: Option<Millis>,
    pub(crate) finished_at: Option<Millis>,
    pub(crate) paused: Option<PausedView>,
    pub(crate) progress: ProgressView,
}

/// A product or an article.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CardView {
    /// 1 to 64 characters.
    pub(crate) title: String,
    /// At most 200 characters.
    #[serde(default)]
    pub(crate) description: String,
    /// `https://…`
    pub(crate) url: String,
    /// Address of a picture; may be empty.
    #[serde(default)]
    pub(crate) picture: String,
}

/// Why a broadcast rests.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PausedView {
    /// Who paused it; absent when it did so by itself.
    pub(crate) by: Option<AgentId>,
    /// Why it did so by itself, and what to do.
    pub(crate) reason: Option<String>,
    pub(crate) at: Millis,
}

/// How far a broadcast has come: `pending`, `sending`, `accepted`, `failed`, `unknown` and all `skipped` together are
/// `total`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProgressView {
    /// Customers on the list.
    pub(crate) total: u32,
    /// The list is whole.
    pub(crate) complete: bool,
    pub(crate) pending: u32,
    pub(crate) sending: u32,
    /// Took all messages.
    pub(crate) accepted: u32,
    pub(crate) failed: u32,
    /// May have got it; not sent again.
    pub(crate) unknown: u32,
    pub(crate) skipped: Vec<SkipView>,
    /// Messages taken.
    pub(crate) messages: u32,
    /// Customers who got some messages and not all.
    pub(crate) partial: u32,
    pub(crate) waiting: Option<WaitingView>,
}

/// Why nothing is sent at the moment.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WaitingView {
    pub(crate) why: WaitReason,
    /// Until when, about.
    pub(crate) until: Millis,
    pub(crate) text: String,
}

/// Customers who get nothing for the same reason.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SkipView {
    pub(crate) reason: Skip,
    pub(crate) text: String,
    pub(crate) count: u32,
}

/// A page of broadcasts, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BroadcastsView {
    pub(crate) rows: Vec<BroadcastView>,
    /// `before` of the next page; absent on the last.
    pub(crate) next: Option<BroadcastId>,
}

/// What a broadcast would do now: `will` and all of `wont` together are `total`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PlanView {
    /// When this was worked out.
    pub(crate) at: Millis,
    /// Customers who are meant.
    pub(crate) total: u32,
    pub(crate) will: u32,
    pub(crate) wont: Vec<SkipView>,
}

/// A page of a plan, in the order of customers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PlanPage {
    pub(crate) rows: Vec<PlanRow>,
    /// `after` of the next page; absent on the last.
    pub(crate) next: Option<CustomerId>,
}

/// A customer who is meant.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PlanRow {
    pub(crate) customer: CustomerId,
    /// Empty when nobody knows a name.
    pub(crate) name: String,
    pub(crate) will: bool,
    pub(crate) reason: Option<Skip>,
    pub(crate) text: Option<String>,
}

/// A page of a list, in its order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecipientsView {
    pub(crate) rows: Vec<RecipientView>,
    /// `after` of the next page; absent on the last. A page before it may be short.
    pub(crate) next: Option<String>,
}

/// One customer on a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecipientView {
    /// Place on the list.
    pub(crate) n: u32,
    pub(crate) customer: CustomerId,
    /// Empty when nobody knows a name.
    pub(crate) name: String,
    pub(crate) channel: Option<ChannelRef>,
    /// `again` waits like `pending`.
    pub(crate) state: RecipientState,
    pub(crate) skip: Option<Skip>,
    /// Why: of what was skipped, failed or is unknown.
    pub(crate) text: Option<String>,
    /// Messages taken …
    pub(crate) sent: u32,
    /// … of how many.
    pub(crate) of: u32,
    /// Since when it stands so.
    pub(crate) at: Millis,
    /// What the platform said when it took the last one.
    pub(crate) proof: Option<String>,
}

/// The hours in which broadcasts are silent, in minutes of the shop's day.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BroadcastSettings {
    /// Whether there are any.
    pub(crate) silence: bool,
    /// From, 0 to 1439.
    #[schemars(range(max = 1439))]
    pub(crate) from: u32,
    /// To, 0 to 1439; before `from`: on the next morning.
    #[schemars(range(max = 1439))]
    pub(crate) to: u32,
}
