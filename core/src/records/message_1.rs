//! Messages as the first version stored them: why one failed was known in one language only, the channel's.
use super::content::StoredContent;
use super::message::{Author, DeliveryState, Reason};
use super::message_2::{Delivery2, Message2};
use crate::ids::Millis;
use serde::{Deserialize, Serialize};
use weikefu_channel::Cause;
use weikefu_storage::record;

#[derive(Debug, Serialize, Deserialize)]
pub struct Message1 {
    at: Millis,
    sent_at: Option<Millis>,
    author: Author,
    content: StoredContent,
    client_id: Option<String>,
    delivery: Option<Delivery1>,
}
record!(Message1, b"msg1");

#[derive(Debug, Serialize, Deserialize)]
struct Delivery1 {
    state: DeliveryState,
    at: Millis,
    #[serde(with = "super::named::option")]
    cause: Option<Cause>,
    reason: Option<String>,
    upstream: Option<String>,
}

impl From<Message1> for Message2 {
    fn from(old: Message1) -> Self {
        Message2 {
            at: old.at,
            sent_at: old.sent_at,
            author: old.author,
            content: old.content,
            client_id: old.client_id,
            delivery: old.delivery.map(Delivery2::from),
        }
    }
}

impl From<Delivery1> for Delivery2 {
    fn from(old: Delivery1) -> Self {
        // An outcome nobody knows had no cause beside it.
        let (_, meaning) = old.cause.unwrap_or(Cause::Unknown).words();
        Delivery2 {
            state: old.state,
            at: old.at,
            cause: old.cause,
            reason: old.reason.map(|zh| Reason {
                en: if zh.is_ascii() { zh.clone() } else { meaning.into() },
                zh,
            }),
            upstream: old.upstream,
        }
    }
}
