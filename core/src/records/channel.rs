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
    /// Customers may come in here (A5.6). Off: nothing they write or do is taken.
    pub entry: bool,
}
record!(ChannelRecord, b"chan2", ChannelRecord1, |old| ChannelRecord {
    id: old.id,
    shop: old.shop,
    plugin: old.plugin,
    name: old.name,
    key: old.key,
    config: old.config,
    enabled: old.enabled,
    entry: true,
});

/// The first layout.
#[derive(Serialize, Deserialize)]
pub struct ChannelRecord1 {
    id: ChannelId,
    shop: ShopId,
    plugin: String,
    name: String,
    key: String,
    config: String,
    enabled: bool,
}
record!(ChannelRecord1, b"chan1");

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
