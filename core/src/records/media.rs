//! Stored files.
use crate::ids::Millis;
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// What is known of a stored file. Its bytes stand beside it in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaMeta {
    /// Content type found by looking at the bytes.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// The sender's name of it.
    pub name: Option<String>,
    /// When it was stored.
    pub created: Millis,
}
record!(MediaMeta, b"media1");

/// A file whose storing has begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// When it began.
    pub at: Millis,
}
record!(Begun, b"begun1");

/// A file that is, or was, the picture of an agent and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// When another took its place, or none.
    pub replaced: Option<Millis>,
}
record!(Picture, b"pict1");
