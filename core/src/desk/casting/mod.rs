//! Broadcasts, as far as they have to be decided together with everything else: their states, and each step of each
//! recipient with the ledger of reach in the same transaction. Who is meant, and when a step is due, is decided
//! outside (`crate::broadcast`); conversations, messages and statistics are never touched.
mod command;
mod life;
mod steps;

pub use command::{BroadcastCommand, CastOutcome, Hold, Pick, Row};

pub(crate) use steps::{PICKS, ROWS};

use super::command::Reply;
use super::facts::Facts;
use super::work::{Happening, Work};
use crate::error::Refusal;
use crate::ids::BroadcastId;
use crate::records::{Broadcast, BroadcastState, Progress};

pub(super) fn decide<F: Facts>(work: &mut Work<'_, F>, command: BroadcastCommand) -> Result<Reply, Refusal> {
    match command {
        BroadcastCommand::Draft {
            agent,
            client_id,
            draft,
        } => life::draft(work, agent, client_id, draft),
        BroadcastCommand::Edit {
            broadcast,
            draft,
            revision,
        } => life::edit(work, broadcast, draft, revision),
        BroadcastCommand::Remove { broadcast } => life::remove(work, broadcast),
        BroadcastCommand::Start {
            agent,
            broadcast,
            at,
            revision,
        } => life::start(work, agent, broadcast, at, revision),
        BroadcastCommand::Begin { broadcast } => life::begin(work, broadcast),
        BroadcastCommand::Pause {
            broadcast,
            by,
            reason,
        } => life::pause(work, broadcast, by, reason),
        BroadcastCommand::Resume { broadcast } => life::resume(work, broadcast),
        BroadcastCommand::Stop { broadcast } => life::stop(work, broadcast),
        BroadcastCommand::Silence(silence) => Ok(life::silence(work, silence)),
        BroadcastCommand::Freeze {
            broadcast,
            rows,
            complete,
        } => steps::freeze(work, broadcast, rows, complete),
        BroadcastCommand::Take {
            broadcast,
            picks,
            day,
        } => steps::take(work, broadcast, &picks, day),
        BroadcastCommand::Settle {
            broadcast,
            n,
            outcome,
        } => steps::settle(work, broadcast, n, outcome),
        BroadcastCommand::Wait { broadcast, waiting } => steps::wait(work, broadcast, waiting),
        BroadcastCommand::Tell { broadcast } => {
            let (broadcast, progress) = found(work, broadcast)?;
            tell(work, broadcast, progress);
            Ok(Reply::Done)
        }
    }
}

/// A broadcast of this shop and how far it has come.
fn found<F: Facts>(work: &Work<'_, F>, id: BroadcastId) -> Result<(Broadcast, Progress), Refusal> {
    let broadcast = work
        .facts
        .broadcast(id)?
        .filter(|broadcast| broadcast.id.shop() == work.desk.shop)
        .ok_or(Refusal::NotFound("broadcast"))?;
    let progress = work.facts.progress(id)?.unwrap_or_default();
    Ok((broadcast, progress))
}

fn tell<F: Facts>(work: &mut Work<'_, F>, broadcast: Broadcast, progress: Progress) {
    work.tell(Happening::Broadcast { broadcast, progress });
}

/// Ends a broadcast that has nothing left to do. Returns whether it did.
fn end<F: Facts>(work: &Work<'_, F>, broadcast: &mut Broadcast, progress: &mut Progress) -> bool {
    let over = broadcast.state == BroadcastState::Running && progress.is_over();
    if over {
        broadcast.state = BroadcastState::Done;
        broadcast.finished = Some(work.now);
        progress.waiting = None;
    }
    over
}
