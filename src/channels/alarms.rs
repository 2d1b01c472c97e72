//! Plugins' timers. They are stored, so that one set before a restart fires after it.
use super::Channels;
use std::sync::Weak;
use std::time::Duration;
use weikefu_core::engine::now;
use weikefu_core::ids::{ChannelId, Millis};
use weikefu_core::trees::Trees;

/// Waits for every stored alarm.
pub(super) fn start(trees: &Trees, channels: &Weak<Channels>) {
    for ((channel, id), alarm) in trees.alarms.scan(&()).flatten() {
        wait(trees.clone(), channels.clone(), channel, id, alarm.at);
    }
}

/// Fires an alarm once it is due, unless it has been moved meanwhile. It is removed before the plugin hears
/// of it: an alarm fires at most once.
pub(super) fn wait(trees: Trees, channels: Weak<Channels>, channel: ChannelId, id: String, at: Millis) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis((at - now()).max(0) as u64)).await;
        let key = (channel, id.clone());
        if !trees
            .alarms
            .get(&key)
            .is_ok_and(|alarm| alarm.is_some_and(|alarm| alarm.at == at))
        {
            return;
        }
        let Some(open) = channels.upgrade().and_then(|channels| channels.by_id(channel)) else {
            return;
        };
        let removed = tokio::task::spawn_blocking(move || {
            let mut txn = trees.db.begin();
            txn.delete(&trees.alarms, &key);
            trees.db.commit(txn)
        });
        if matches!(removed.await, Ok(Ok(())))
            && let Err(error) = open.instance.alarm(&id).await
        {
            tracing::warn!(%channel, %error, "an alarm failed");
        }
    });
}
