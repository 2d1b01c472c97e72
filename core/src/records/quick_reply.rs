//! Quick replies: texts an agent sends with one click.
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// The order of one box: 个人回复 of an agent or 公共回复 of a shop. Small enough for one record whatever it
/// holds, so that a new order is one change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickBox {
    /// The number last given out; folders and replies are numbered together and never again.
    pub last: u32,
    /// Folders in order.
    pub folders: Vec<QuickFolder>,
    /// Replies in no folder, in order.
    pub replies: Vec<u32>,
}
record!(QuickBox, b"qbox1");

/// A folder of second level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickFolder {
    /// Its number within the box.
    pub id: u32,
    /// Its name, not twice in a box.
    pub name: String,
    /// Its replies in order.
    pub replies: Vec<u32>,
}

/// One text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuickReply {
    /// What it is found by; may be empty.
    pub title: String,
    /// What is sent.
    pub text: String,
}
record!(QuickReply, b"qrep1");
