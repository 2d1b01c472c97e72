//! What the console sees of customers.
use super::ChannelRef;
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_channel::{Action, Cursor};
use weikefu_core::ids::{AgentId, CustomerId, Millis};
use weikefu_core::records::{AnnotationId, Gender, TagId};

/// A customer, as lists show them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CustomerView {
    pub(crate) id: CustomerId,
    /// The number within the shop, for people.
    pub(crate) number: u32,
    /// Empty when nobody knows a name.
    pub(crate) name: String,
    pub(crate) remark: String,
    /// Address of a picture.
    pub(crate) avatar: Option<String>,
    /// The merchant's own server vouched for the identity.
    pub(crate) verified: bool,
    /// Service tags.
    pub(crate) tags: Vec<TagRef>,
    /// On the blacklist.
    pub(crate) blocked: bool,
    /// Grows with every change; an open panel that knows a smaller one is old.
    pub(crate) revision: u32,
}

/// A service tag by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TagRef {
    pub(crate) id: TagId,
    pub(crate) name: String,
}

/// A service tag with how much it is used.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TagView {
    pub(crate) id: TagId,
    pub(crate) name: String,
    /// Customers that have it.
    pub(crate) customers: u32,
}

/// A customer, as the panel shows them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CustomerDetail {
    #[serde(flatten)]
    pub(crate) customer: CustomerView,
    /// The customer's name on the latest channel: openid or visitor id.
    pub(crate) openid: Option<String>,
    pub(crate) channel: Option<ChannelRef>,
    pub(crate) gender: Gender,
    /// As an agent entered it, else as the channel told.
    pub(crate) phone: Option<String>,
    /// Postal address as an agent entered it; empty when nobody knows.
    pub(crate) address: String,
    pub(crate) language: Option<String>,
    pub(crate) first_seen: Millis,
    pub(crate) last_seen: Millis,
    /// Conversations so far.
    pub(crate) conversations: u32,
    /// Tags of the channel's own register, read-only.
    pub(crate) channel_tags: Vec<ChannelTag>,
    /// The remark of the channel's own register; empty when there is none.
    pub(crate) channel_remark: String,
    /// When the channel told the two; absent when it never did.
    pub(crate) channel_tags_at: Option<Millis>,
}

/// A tag of the channel's own register.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ChannelTag {
    pub(crate) name: String,
}

/// A customer with what they did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CustomerPanel {
    pub(crate) customer: CustomerDetail,
    /// Only in the answer to a refresh: why the channel did not tell. What it told before is still shown.
    pub(crate) refresh_failed: Option<String>,
    /// Newest first, at most 100.
    pub(crate) annotations: Vec<AnnotationView>,
    /// Newest first, at most 50.
    pub(crate) behaviours: Vec<BehaviourView>,
}

/// An annotation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AnnotationView {
    pub(crate) id: AnnotationId,
    pub(crate) customer: CustomerId,
    pub(crate) text: String,
    pub(crate) by: AgentId,
    pub(crate) at: Millis,
    /// Absent while it is open.
    pub(crate) solved: Option<SolvedView>,
}

/// The end of an annotation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SolvedView {
    pub(crate) by: AgentId,
    pub(crate) at: Millis,
}

/// A page of the shop's annotations.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AnnotationPage {
    /// Newest first; may be fewer than asked for although there are more.
    pub(crate) rows: Vec<AnnotationRow>,
    /// `after` of the next page; absent on the last one.
    pub(crate) next: Option<AnnotationId>,
}

/// An annotation with its customer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AnnotationRow {
    pub(crate) annotation: AnnotationView,
    pub(crate) customer: CustomerView,
    pub(crate) channel: Option<ChannelRef>,
    /// The customer's name on that channel.
    pub(crate) openid: Option<String>,
    pub(crate) by_name: Option<String>,
    pub(crate) solved_by_name: Option<String>,
    /// Where in the records it was made: `around` of a thread.
    pub(crate) place: Option<Cursor>,
}

/// A page of the blacklist.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BlacklistView {
    /// Newest first.
    pub(crate) customers: Vec<BlockedView>,
    /// `before` of the next page; absent on the last one.
    pub(crate) next: Option<String>,
}

/// A customer on the blacklist.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BlockedView {
    pub(crate) customer: CustomerView,
    /// Since when.
    pub(crate) at: Millis,
    /// Who put them there.
    pub(crate) by: Option<AgentId>,
    pub(crate) by_name: Option<String>,
}

/// Something a customer did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BehaviourView {
    pub(crate) at: Millis,
    pub(crate) action: Action,
    pub(crate) detail: String,
    /// Where; absent of what was noted before that was kept.
    pub(crate) channel: Option<ChannelRef>,
}
