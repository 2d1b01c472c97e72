//! Channels and what the host keeps for their plugins.
use crate::ids::{ChannelId, Millis, ShopId};
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// One account of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// Its number.
    pub id: ChannelId,
    /// Whose it is.
    pub shop: ShopId,
    /// Id of the plugin.
    pub plugin: String,
    /// Name shown to agents.
    pub name: String,
    /// The part of its public address, `/c/<key>/`; unguessable.
    pub key: String,
    /// Settings, a JSON object. Secrets are sealed, see [`crate::secrets`].
    pub config: String,
    /// Runs.
    pub enabled: bool,
}
record!(ChannelRecord, b"chan1");

/// A value of a plugin's own store, or a piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob(
    /// The bytes.
    pub Vec<u8>,
);
record!(Blob, b"blob1");

/// A timer of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// When it is due.
    pub at: Millis,
}
record!(Alarm, b"alarm1");
