//! Messages as the second version stored them: nothing was known of how one left, nor what shows that it did.
use super::content::StoredContent;
use super::message::{Author, Delivery, DeliveryState, Message, Reason, Way};
use super::message_1::Message1;
use crate::ids::Millis;
use serde::{Deserialize, Serialize};
use weikefu_channel::Cause;
use weikefu_storage::record;

#[derive(Debug, Serialize, Deserialize)]
pub struct Message2 {
    pub(super) at: Millis,
    pub(super) sent_at: Option<Millis>,
    pub(super) author: Author,
    pub(super) content: StoredContent,
    pub(super) client_id: Option<String>,
    pub(super) delivery: Option<Delivery2>,
}
record!(Message2, b"msg2", Message1, Message2::from);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delivery2 {
    pub(super) state: DeliveryState,
    pub(super) at: Millis,
    #[serde(with = "super::named::option")]
    pub(super) cause: Option<Cause>,
    pub(super) reason: Option<Reason>,
    pub(super) upstream: Option<String>,
}

impl From<Message2> for Message {
    fn from(old: Message2) -> Self {
        Message {
            at: old.at,
            sent_at: old.sent_at,
            author: old.author,
            content: old.content,
            client_id: old.client_id,
            delivery: old.delivery.map(Delivery::from),
        }
    }
}

impl From<Delivery2> for Delivery {
    fn from(old: Delivery2) -> Self {
        Delivery {
            state: old.state,
            at: old.at,
            cause: old.cause,
            reason: old.reason,
            proof: old.upstream.clone(),
            upstream: old.upstream,
            way: Way::Counted,
            suppressed: None,
        }
    }
}
