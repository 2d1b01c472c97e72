//! The entries of a shop (A5.6): whether customers may come in through a channel. The switch is stored with the
//! channel; [`super::services`] asks it for every arrival, so it works from one message to the next.
use super::{Channels, OpenChannel, read, write};
use crate::http::views::{ChannelRef, EntryView};
use std::sync::Arc;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ChannelId, ShopId};
use weikefu_core::records::ChannelRecord;

impl Channels {
    /// Whether customers may come in.
    pub(super) fn is_on(&self, id: ChannelId) -> bool {
        read(&self.known).get(&id).is_none_or(|record| record.entry)
    }

    /// A shop's entries.
    pub(crate) fn entries(&self, shop: ShopId) -> Vec<EntryView> {
        let mut views: Vec<EntryView> = read(&self.known)
            .values()
            .filter(|record| record.shop == shop)
            .map(view)
            .collect();
        views.sort_by_key(|view| view.channel.id);
        views
    }

    /// Switches an entry. When this returns it is stored and in force.
    pub(crate) async fn set_entry(
        &self,
        shop: ShopId,
        id: ChannelId,
        on: bool,
    ) -> Result<EntryView, Refusal> {
        // A channel that is being opened reads its record first.
        let _opening = self.opening.lock().await;
        let stored = self.trees.channels.get(&id)?;
        let mut record = stored
            .filter(|record| record.shop == shop)
            .ok_or(Refusal::NotFound("channel"))?;
        record.entry = on;
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.channels, &id, &record)?;
        let db = self.trees.db.clone();
        tokio::task::spawn_blocking(move || db.commit(txn))
            .await
            .map_err(|_| Refusal::Unavailable)??;
        let view = view(&record);
        write(&self.known).insert(id, record);
        if let Some(open) = self.by_id(id) {
            tell(&open, on).await;
        }
        Ok(view)
    }
}

/// Tells the plugin, if it wants to know. One that does not listen turns nobody away in words of its own; the host
/// takes nothing nevertheless.
pub(super) async fn tell(open: &Arc<OpenChannel>, on: bool) {
    if !open.can("entry") {
        return;
    }
    if let Err(error) = open.instance.switched(on).await {
        tracing::warn!(channel = %open.id, %error, "a plugin was not told about its entry");
    }
}

fn view(record: &ChannelRecord) -> EntryView {
    EntryView {
        channel: ChannelRef {
            id: record.id,
            plugin: record.plugin.clone(),
            name: record.name.clone(),
        },
        on: record.entry,
    }
}
