//! Agents coming and going, and their settings.
use super::change::Change;
use super::command::{AgentSettings, Reply};
use super::dispatch;
use super::facts::Facts;
use super::texts;
use super::transfer;
use super::work::{Happening, Topic, Work};
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId};
use crate::records::{Conversation, DeskAgent, Presence, ShopSettings};

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
    let left = lay_down(work, agent)?;
    let shop = work.desk.shop;
    work.put(Change::AgentGone(shop, agent));
    share_out(work, left)
}

/// The same for one who may come back: he stays at the desk, offline.
pub(super) fn suspend<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<Reply, Refusal> {
    let left = lay_down(work, agent)?;
    share_out(work, left)
}

/// Gives what somebody has laid down to others. Who has to wait is told why.
fn share_out<F: Facts>(work: &mut Work<'_, F>, left: Vec<ConversationId>) -> Result<Reply, Refusal> {
    dispatch::pull(work)?;
    for id in left.into_iter().take(texts::AT_ONCE) {
        texts::after_arrival(work, id)?;
    }
    Ok(Reply::Done)
}

fn lay_down<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<Vec<ConversationId>, Refusal> {
    let mut gone = work.desk.agents.get(&agent).cloned().ok_or(Refusal::NotAtDesk)?;
    // Whoever listens sees him go offline; there is no other word for leaving.
    gone.presence = Presence::Offline;
    work.put_agent(gone);
    transfer::give_all_back(work, agent)?;
    let held: Vec<Conversation> = work.desk.held_by(agent).cloned().collect();
    let ids: Vec<ConversationId> = held.iter().map(|open| open.id).collect();
    for conversation in held {
        dispatch::queue(work, conversation)?;
    }
    Ok(ids)
}

/// Going offline keeps the customers one has; it only stops new ones (A2.19). Nobody is online for long without
/// an open page.
pub(super) fn set_online<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    online: bool,
) -> Result<Reply, Refusal> {
    let now = work.now;
    if online && work.facts.account(agent)?.is_some_and(|account| account.disabled) {
        // It was asked while he still could, and is decided after he was sent away.
        return Err(Refusal::Forbidden);
    }
    let reply = change(work, agent, |record| {
        if !online {
            record.presence = Presence::Offline;
        } else if !record.is_online() {
            record.presence = Presence::Online;
            record.gone_at = record.gone_at.map(|_| now);
        }
    })?;
    if !online {
        gone(work, agent)?;
    }
    Ok(reply)
}

/// An agent's first page has opened, or the last one has gone.
pub(super) fn set_page<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    open: bool,
) -> Result<Reply, Refusal> {
    let before = work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    let mut record = before.clone();
    if open {
        record.gone_at = None;
        if matches!(record.presence, Presence::Lost { .. }) {
            record.presence = Presence::Online;
        }
    } else {
        record.gone_at = record.gone_at.or(Some(work.now));
    }
    keep(work, record)?;
    Ok(Reply::Done)
}

/// The server has started: nobody's page can be open yet, and everybody has time to come back.
pub(super) fn started<F: Facts>(work: &mut Work<'_, F>) -> Result<Reply, Refusal> {
    let agents: Vec<DeskAgent> = work.desk.agents().cloned().collect();
    for mut record in agents {
        if record.gone_at.is_none() || record.is_online() {
            record.gone_at = Some(work.now);
            keep(work, record)?;
        }
    }
    Ok(Reply::Done)
}

/// An agent has had no open page for too long.
pub(super) fn lost<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<(), Refusal> {
    let since = work.now;
    change(work, agent, |record| record.presence = Presence::Lost { since })?;
    gone(work, agent)
}

/// From now on the agent is not there: his customers are told, and what he was offered goes back.
fn gone<F: Facts>(work: &mut Work<'_, F>, agent: AgentId) -> Result<(), Refusal> {
    transfer::give_all_back(work, agent)?;
    texts::after_going(work, agent)
}

/// Refuses what only an agent who is online may do.
pub(super) fn check_online<F: Facts>(work: &Work<'_, F>, agent: AgentId) -> Result<(), Refusal> {
    let record = work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    if record.is_online() {
        Ok(())
    } else {
        Err(Refusal::Offline)
    }
}

/// Lowering the limit takes nobody away; it only stops new ones.
pub(super) fn configure<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    settings: AgentSettings,
) -> Result<Reply, Refusal> {
    let closing = work.desk.agents.get(&agent).map(|record| record.close.clone());
    let reply = change(work, agent, |record| {
        record.auto = settings.auto;
        record.limit = settings.limit;
        record.greeting = settings.greeting;
        record.close = settings.close;
        record.offline = settings.offline;
    })?;
    if closing != work.desk.agents.get(&agent).map(|record| record.close.clone()) {
        // Every console shows when a conversation closes.
        let held: Vec<ConversationId> = work.desk.held_by(agent).map(|open| open.id).collect();
        for id in held {
            work.tell_conversation(id)?;
        }
    }
    Ok(reply)
}

/// What holds for the whole desk.
pub(super) fn configure_shop<F: Facts>(work: &mut Work<'_, F>, settings: ShopSettings) -> Reply {
    if settings != work.desk.settings {
        let shop = work.desk.shop;
        work.put(Change::Settings(shop, settings));
        work.tell(Happening::Changed(Topic::Settings));
    }
    Reply::Done
}

fn change<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    edit: impl FnOnce(&mut DeskAgent),
) -> Result<Reply, Refusal> {
    let before = work.desk.agents.get(&agent).ok_or(Refusal::NotAtDesk)?;
    let mut after = before.clone();
    edit(&mut after);
    keep(work, after.clone())?;
    Ok(Reply::Agent(
        work.desk.agents.get(&agent).cloned().unwrap_or(after),
    ))
}

/// Stores an agent who may be different, and tells it unless only his pages came or went.
fn keep<F: Facts>(work: &mut Work<'_, F>, after: DeskAgent) -> Result<(), Refusal> {
    let Some(before) = work.desk.agents.get(&after.agent) else {
        return Err(Refusal::NotAtDesk);
    };
    if after == *before {
        return Ok(());
    }
    let silent = DeskAgent {
        gone_at: before.gone_at,
        ..after.clone()
    } == *before;
    if silent {
        let shop = work.desk.shop;
        work.put(Change::Agent(shop, after));
        return Ok(());
    }
    work.put_agent(after);
    dispatch::pull(work)
}
