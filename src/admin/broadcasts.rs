//! Broadcasts from the command line: seen, paused, stopped. Nothing is started here.
use super::Done;
use crate::app::Installation;
use serde::{Deserialize, Serialize};
use weikefu_core::desk::{BroadcastCommand, Command, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{BroadcastId, Millis, ShopId};
use weikefu_core::records::{Broadcast, BroadcastKind, BroadcastState, Progress, Skip};

/// The latest of a shop that are listed.
const LISTED: usize = 50;

/// One broadcast; the numbers behind `total` together are it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BroadcastLine {
    pub(crate) broadcast: u64,
    pub(crate) shop: u32,
    pub(crate) state: BroadcastState,
    pub(crate) kind: BroadcastKind,
    /// Unix milliseconds.
    pub(crate) created: Millis,
    pub(crate) total: u32,
    pub(crate) pending: u32,
    pub(crate) sending: u32,
    pub(crate) accepted: u32,
    pub(crate) failed: u32,
    pub(crate) unknown: u32,
    /// Who got nothing, by reason.
    pub(crate) skipped: Vec<(Skip, u32)>,
}

/// What to do with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wish {
    /// Look at it.
    Show,
    /// Send nothing more until it is resumed.
    Pause,
    /// End it for good.
    Stop,
}

fn line(broadcast: &Broadcast, progress: &Progress) -> BroadcastLine {
    let skipped = Skip::ALL.into_iter().map(|why| (why, progress.skipped_for(why)));
    BroadcastLine {
        broadcast: broadcast.id.0,
        shop: broadcast.id.shop().0,
        state: broadcast.state,
        kind: broadcast.draft.kind,
        created: broadcast.created,
        total: progress.total,
        pending: progress.pending(),
        sending: progress.sending,
        accepted: progress.accepted,
        failed: progress.failed,
        unknown: progress.unknown,
        skipped: skipped.filter(|(_, count)| *count > 0).collect(),
    }
}

/// The latest broadcasts of a shop, newest first.
pub(super) fn list(installation: &Installation, shop: ShopId) -> Result<Done, Refusal> {
    let (first, end) = (
        BroadcastId::of(shop, 0),
        BroadcastId::of(shop, u64::from(u32::MAX)),
    );
    let trees = &installation.trees;
    let mut broadcasts = Vec::new();
    for entry in trees.broadcasts.range(first..end).rev().take(LISTED) {
        let (id, broadcast) = entry?;
        let progress = trees.broadcast_progress.get(&id)?.unwrap_or_default();
        broadcasts.push(line(&broadcast, &progress));
    }
    Ok(Done::Broadcasts { broadcasts })
}

/// Looks at one, pauses or stops it.
pub(super) async fn one(installation: &Installation, id: u64, wish: Wish) -> Result<Done, Refusal> {
    let broadcast = BroadcastId(id);
    let known = installation.broadcasts.get(broadcast.shop(), broadcast);
    let (record, progress) = known.map_err(|refusal| match refusal {
        Refusal::NotFound(_) => Refusal::invalid(
            "broadcast",
            format!("没有编号为 {id} 的群发，用 weikefu broadcast list 查看。"),
            format!("There is no broadcast {id}; see `weikefu broadcast list`."),
        ),
        other => other,
    })?;
    let command = match wish {
        Wish::Show => return Ok(Done::Broadcast(line(&record, &progress))),
        Wish::Pause => BroadcastCommand::Pause {
            broadcast,
            by: None,
            reason: None,
        },
        Wish::Stop => BroadcastCommand::Stop { broadcast },
    };
    let command = Command::Broadcast(command);
    match installation.engine.execute(broadcast.shop(), command).await? {
        Reply::Broadcast(record, progress) => Ok(Done::Broadcast(line(&record, &progress))),
        _ => Err(Refusal::Unavailable),
    }
}
