//! What happens by itself: offers go back, idle conversations close, agents without a page count as away.
//!
//! All times follow from stored records, so they survive a restart; nothing here waits. The engine asks
//! [`Desk::next_due`] and has [`Command::Tick`](super::Command::Tick) decided then.
use super::accept;
use super::command::Reply;
use super::dispatch;
use super::facts::Facts;
use super::presence;
use super::state::Desk;
use super::texts;
use super::transfer;
use super::work::{ReturnReason, Work};
use crate::error::Refusal;
use crate::ids::{AgentId, ConversationId, Millis};
use crate::records::{Auto, Conversation, DeskAgent};

/// Of how many things a tick takes care; the rest follows in the next, so that one fits a transaction.
const MOST: usize = 64;

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Due {
    /// An offer goes back.
    Offer(ConversationId),
    /// An idle conversation closes.
    Close(ConversationId),
    /// An agent has had no open page for too long.
    Lost(AgentId),
}

impl Desk {
    /// When the desk next has something to do by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Millis> {
        self.due.first().map(|(at, _)| *at)
    }

    /// When a conversation closes by itself; see [`Conversation::closes_at`].
    #[must_use]
    pub fn closes_at(&self, conversation: &Conversation) -> Option<Millis> {
        conversation.closes_at(&self.agents.get(&conversation.owner?)?.close)
    }

    fn lost_at(&self, agent: AgentId) -> Option<Millis> {
        let record = self.agents.get(&agent).filter(|record| record.is_online())?;
        let patience = Millis::from(self.settings.away_seconds) * 1_000;
        Some(record.gone_at?.saturating_add(patience))
    }

    /// A conversation is new, different or closed.
    pub(super) fn schedule_conversation(&mut self, id: ConversationId) {
        let open = self.open.get(&id);
        let offer = open
            .and_then(|open| open.transfer.as_ref())
            .map(|offer| offer.until);
        let close = open.and_then(|open| self.closes_at(open));
        self.set_due(Due::Offer(id), offer);
        self.set_due(Due::Close(id), close);
    }

    /// An agent is new, different or gone.
    pub(super) fn schedule_agent(&mut self, agent: AgentId, before: Option<&DeskAgent>) {
        self.set_due(Due::Lost(agent), self.lost_at(agent));
        let close = |record: &DeskAgent| record.close.clone();
        if before.map(close) != self.agents.get(&agent).map(close) {
            let held: Vec<ConversationId> = self.held_by(agent).map(|open| open.id).collect();
            for id in held {
                self.schedule_conversation(id);
            }
        }
    }

    /// What is set for the shop is different.
    pub(super) fn schedule_agents(&mut self) {
        let agents: Vec<AgentId> = self.agents.keys().copied().collect();
        for agent in agents {
            self.set_due(Due::Lost(agent), self.lost_at(agent));
        }
    }

    fn set_due(&mut self, due: Due, at: Option<Millis>) {
        let before = match at {
            Some(at) => self.due_at.insert(due, at),
            None => self.due_at.remove(&due),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, due));
        }
        if let Some(at) = at {
            self.due.insert((at, due));
        }
    }
}

/// Does what has become due: first who is away, so that a slot freed in the same moment does not go to one of
/// them, then the rest, the oldest first.
pub(super) fn tick<F: Facts>(work: &mut Work<'_, F>) -> Result<Reply, Refusal> {
    let away: Vec<AgentId> = work
        .desk
        .due
        .iter()
        .take_while(|(at, _)| *at <= work.now)
        .filter_map(|(_, due)| match due {
            Due::Lost(agent) => Some(*agent),
            Due::Offer(_) | Due::Close(_) => None,
        })
        .take(MOST)
        .collect();
    for &agent in &away {
        presence::lost(work, agent)?;
    }
    for _ in away.len()..MOST {
        let next = work.desk.due.first().copied();
        let Some((_, due)) = next.filter(|(at, _)| *at <= work.now) else {
            break;
        };
        match due {
            Due::Offer(id) => transfer::give_back(work, id, ReturnReason::Timeout)?,
            Due::Close(id) => close(work, id)?,
            Due::Lost(agent) => presence::lost(work, agent)?,
        }
    }
    Ok(Reply::Done)
}

/// Ends an idle conversation with the closing text of its agent (A5.2).
fn close<F: Facts>(work: &mut Work<'_, F>, id: ConversationId) -> Result<(), Refusal> {
    let Some(open) = work.desk.open.get(&id).cloned() else {
        return Ok(());
    };
    let owner = open.owner;
    let closed = accept::ended(open, work.now);
    texts::say(work, closed, Auto::Closing, owner)?;
    dispatch::pull(work)
}
