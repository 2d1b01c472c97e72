//! Service tags (A2.14): made in the desk, given to customers by agents. A channel's own tags are not here, they
//! stand on the customer's [`Card`](super::Card).
use super::ticketed::ticketed;
use crate::ids::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::{Key, record};

ticketed!(
    /// A service tag of a shop. Never given out twice, so that the number of a removed tag means nothing.
    TagId
);

/// A service tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Number within the shop.
    pub id: TagId,
    /// Unique within the shop, without regard to case.
    pub name: String,
    /// Customers that have it.
    pub customers: u32,
    /// When it was made.
    pub created: Millis,
}
record!(Tag, b"tag1");
