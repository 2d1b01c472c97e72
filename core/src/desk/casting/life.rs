//! The states of a broadcast as people change them.
use super::{BroadcastState, found, tell};
use crate::desk::change::Change;
use crate::desk::command::Reply;
use crate::desk::facts::Facts;
use crate::desk::work::{Effect, Happening, Topic, Work};
use crate::error::Refusal;
use crate::ids::{AgentId, BroadcastId, Millis};
use crate::records::{Broadcast, BroadcastDraft, Paused, Progress, Reason, Silence, Skip};

/// How far ahead a broadcast may be scheduled.
const AHEAD: Millis = 90 * 86_400_000;

pub(super) fn draft<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    client_id: String,
    draft: BroadcastDraft,
) -> Result<Reply, Refusal> {
    if let Some(id) = work.facts.broadcast_of(work.desk.shop, agent, &client_id)? {
        let (broadcast, progress) = found(work, id)?;
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    let broadcast = Broadcast {
        id: BroadcastId::of(work.desk.shop, work.ticket()),
        draft,
        revision: 1,
        state: BroadcastState::Draft,
        by: agent,
        client_id,
        created: work.now,
        at: None,
        started: None,
        finished: None,
        paused: None,
    };
    Ok(put(work, broadcast, Progress::default()))
}

pub(super) fn edit<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    draft: BroadcastDraft,
    revision: u32,
) -> Result<Reply, Refusal> {
    let (mut broadcast, progress) = found(work, id)?;
    still_draft(&broadcast)?;
    if broadcast.revision != revision {
        return Err(Refusal::Stale);
    }
    broadcast.draft = draft;
    broadcast.revision += 1;
    Ok(put(work, broadcast, progress))
}

pub(super) fn remove<F: Facts>(work: &mut Work<'_, F>, id: BroadcastId) -> Result<Reply, Refusal> {
    let (broadcast, _) = found(work, id)?;
    still_draft(&broadcast)?;
    work.put(Change::BroadcastGone(Box::new(broadcast)));
    work.tell(Happening::Changed(Topic::Broadcasts));
    Ok(Reply::Done)
}

pub(super) fn start<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: BroadcastId,
    at: Option<Millis>,
    revision: u32,
) -> Result<Reply, Refusal> {
    let (mut broadcast, progress) = found(work, id)?;
    if broadcast.state != BroadcastState::Draft {
        // The second of two clicks.
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    if broadcast.revision != revision {
        return Err(Refusal::Stale);
    }
    if at.is_some_and(|at| at > work.now + AHEAD) {
        return Err(Refusal::invalid(
            "at",
            "定时群发最多可提前 90 天设置，请选择更近的时间。",
            "A broadcast can be scheduled 90 days ahead at most. Choose an earlier time.",
        ));
    }
    let later = at.filter(|at| *at > work.now);
    broadcast.state = match later {
        Some(_) => BroadcastState::Scheduled,
        None => BroadcastState::Preparing,
    };
    broadcast.at = Some(later.unwrap_or(work.now));
    broadcast.started = Some((agent, work.now));
    Ok(put(work, broadcast, progress))
}

pub(super) fn begin<F: Facts>(work: &mut Work<'_, F>, id: BroadcastId) -> Result<Reply, Refusal> {
    let (mut broadcast, progress) = found(work, id)?;
    let due = broadcast.at.is_none_or(|at| at <= work.now);
    if broadcast.state != BroadcastState::Scheduled || !due {
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    broadcast.state = BroadcastState::Preparing;
    Ok(put(work, broadcast, progress))
}

pub(super) fn pause<F: Facts>(
    work: &mut Work<'_, F>,
    id: BroadcastId,
    by: Option<AgentId>,
    reason: Option<Reason>,
) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    if broadcast.state == BroadcastState::Paused {
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    if !broadcast.state.is_active() {
        return Err(not_now());
    }
    broadcast.state = BroadcastState::Paused;
    broadcast.paused = Some(Paused {
        by,
        reason,
        at: work.now,
    });
    progress.waiting = None;
    Ok(put(work, broadcast, progress))
}

pub(super) fn resume<F: Facts>(work: &mut Work<'_, F>, id: BroadcastId) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    if broadcast.state.is_active() {
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    if broadcast.state != BroadcastState::Paused {
        return Err(not_now());
    }
    broadcast.state = match broadcast.at {
        _ if progress.complete => BroadcastState::Running,
        Some(at) if at > work.now => BroadcastState::Scheduled,
        _ => BroadcastState::Preparing,
    };
    broadcast.paused = None;
    super::end(work, &mut broadcast, &mut progress);
    Ok(put(work, broadcast, progress))
}

pub(super) fn stop<F: Facts>(work: &mut Work<'_, F>, id: BroadcastId) -> Result<Reply, Refusal> {
    let (mut broadcast, mut progress) = found(work, id)?;
    if broadcast.state == BroadcastState::Stopped {
        return Ok(Reply::Broadcast(broadcast, progress));
    }
    if !broadcast.state.is_live() {
        return Err(not_now());
    }
    broadcast.state = BroadcastState::Stopped;
    broadcast.finished = Some(work.now);
    broadcast.paused = None;
    progress.waiting = None;
    // Their own records stay as they are: a hundred thousand need not be written for it.
    let rest = progress.pending();
    if rest > 0 {
        progress.skip(Skip::Stopped, rest);
    }
    Ok(put(work, broadcast, progress))
}

pub(super) fn silence<F: Facts>(work: &mut Work<'_, F>, silence: Silence) -> Reply {
    work.put(Change::Silence(work.desk.shop, silence));
    work.tell(Happening::Changed(Topic::Settings));
    Reply::Done
}

fn put<F: Facts>(work: &mut Work<'_, F>, broadcast: Broadcast, progress: Progress) -> Reply {
    work.put(Change::Broadcast(Box::new(broadcast.clone())));
    work.put(Change::Progress(broadcast.id, progress.clone()));
    work.effect(Effect::Broadcast(broadcast.id));
    tell(work, broadcast.clone(), progress.clone());
    Reply::Broadcast(broadcast, progress)
}

fn still_draft(broadcast: &Broadcast) -> Result<(), Refusal> {
    if broadcast.state == BroadcastState::Draft {
        return Ok(());
    }
    Err(Refusal::invalid(
        "state",
        "群发已经开始，不能再修改或删除；可以暂停或停止它。",
        "This broadcast has been started and cannot be changed or removed. You can pause or stop it.",
    ))
}

fn not_now() -> Refusal {
    Refusal::invalid(
        "state",
        "群发的状态已变化，请查看最新状态后再操作。",
        "The broadcast is in another state by now. Look at it as it is and try again.",
    )
}
