//! Who gets the next customer.
use super::facts::Facts;
use super::state::Desk;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::AgentId;
use crate::records::{Conversation, ConversationState};

/// The agent the next waiting customer goes to: online, automatic acceptance on, a free slot; among those the
/// one with the fewest customers, then the one whose last turn is longest ago.
pub(super) fn choose(desk: &Desk) -> Option<AgentId> {
    desk.agents
        .values()
        .filter(|agent| agent.is_online() && agent.auto && desk.load(agent.agent) < agent.limit)
        .min_by_key(|agent| (desk.load(agent.agent), agent.turn, agent.agent))
        .map(|agent| agent.agent)
}

/// Gives waiting customers to free slots until one of the two runs out. Called after everything that can
/// free a slot or add a customer, so nobody waits while there is room.
pub(super) fn pull<F: Facts>(work: &mut Work<'_, F>) -> Result<(), Refusal> {
    while let Some(&(_, next)) = work.desk.waiting.first() {
        let Some(agent) = choose(work.desk) else {
            return Ok(());
        };
        let Some(conversation) = work.desk.open.get(&next).cloned() else {
            return Ok(());
        };
        let turn = work.desk.counters.ticket;
        work.desk.counters.ticket += 1;
        if let Some(mut record) = work.desk.agents.get(&agent).cloned() {
            record.turn = turn;
            let shop = work.desk.shop;
            work.put(super::change::Change::Agent(shop, record));
        }
        super::accept::hand_over(work, conversation, agent)?;
    }
    Ok(())
}

/// Puts a conversation into the waiting list, at the place of its ticket.
pub(super) fn queue<F: Facts>(work: &mut Work<'_, F>, mut conversation: Conversation) -> Result<(), Refusal> {
    conversation.state = ConversationState::Waiting;
    conversation.owner = None;
    conversation.epoch += 1;
    conversation.transfer = None;
    work.put_conversation(conversation)
}
