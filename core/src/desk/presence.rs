//! Agents coming and going, and their settings.
use super::change::Change;
use super::command::Reply;
use super::dispatch;
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::AgentId;
use crate::records::{Conversation, DeskAgent, Presence};

pub(super) fn join<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Reply {
    if let Some(known) = work.desk.agents.get(&agent) {
        return Reply::Agent(known.clone());
    }
    let record = DeskAgent::new(agent);
    work.put_agent(record.clone());
    Reply::Agent(record)
}

/// What the agent held waits again; its tickets are old, so it stands in front.
pub(super) fn leave<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<Reply, Refusal> {
    lay_down(work, agent)?;
    let shop = work.desk.shop;
    work.put(Change::AgentGone(shop, agent));
    dispatch::pull(work)?;
    Ok(Reply::Done)
}

/// The same for one who may come back: he stays at the desk, offline.
pub(super) fn suspend<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<Reply, Refusal> {
    lay_down(work, agent)?;
    dispatch::pull(work)?;
    Ok(Reply::Done)
}

fn lay_down<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<(), Refusal> {
    let mut gone = work.desk.agents.get(&agent).cloned().ok_or(Refusal::NotAtDesk)?;
    // Whoever listens sees him go offline; there is no other word for leaving.
    gone.presence = Presence::Offline;
    work.put_agent(gone);
    let held: Vec<Conversation> = work.desk.held_by(agent).cloned().collect();
    for conversation in held {
        dispatch::queue(work, conversation)?;
    }
    Ok(())
}

/// Going offline keeps the customers one has; it only stops new ones (A2.19).
pub(super) fn set_online<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    online: bool,
) -> Result<Reply, Refusal> {
    change(work, agent, |record| {
        record.presence = if online {
            Presence::Online
        } else {
            Presence::Offline
        };
    })
}

/// Lowering the limit takes nobody away; it only stops new ones.
pub(super) fn set_acceptance<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    auto: bool,
    limit: u32,
    greeting: String,
) -> Result<Reply, Refusal> {
    change(work, agent, |record| {
        record.auto = auto;
        record.limit = limit;
        record.greeting = greeting;
    })
}

fn change<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    edit: impl FnOnce(&mut DeskAgent),
) -> Result<Reply, Refusal> {
    let before = work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?.clone();
    let mut after = before.clone();
    edit(&mut after);
    if after != before {
        work.put_agent(after.clone());
        dispatch::pull(work)?;
    }
    Ok(Reply::Agent(
        work.desk.agents.get(&agent).cloned().unwrap_or(after),
    ))
}
