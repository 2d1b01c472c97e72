//! Messages and service as a channel shows them to its customers.
use weikefu_channel::{
    Content, Cursor, From, Persona, Service, ServiceState, Thread, ThreadMessage, ThreadQuery,
};
use weikefu_core::error::Refusal;
use weikefu_core::history::{self, Part};
use weikefu_core::ids::{AgentId, ChannelId, ConversationId};
use weikefu_core::records::{Author, Conversation, ConversationState, Message};
use weikefu_core::trees::Trees;

/// How an agent appears to customers.
pub(super) fn persona(trees: &Trees, agent: AgentId) -> Persona {
    let account = trees.agents.get(&agent).ok().flatten();
    Persona {
        nickname: account
            .as_ref()
            .map(|agent| agent.nickname.clone())
            .unwrap_or_default(),
        avatar: account
            .and_then(|agent| agent.avatar)
            .map(|id| weikefu_channel::Host::media_path(&id)),
    }
}

/// A message as the customer sees it.
pub(super) fn message(
    trees: &Trees,
    conversation: ConversationId,
    seq: u32,
    message: Message,
) -> ThreadMessage {
    ThreadMessage {
        cursor: Cursor {
            conversation: conversation.0,
            seq,
        },
        at: message.at,
        from: match message.author {
            Author::Customer => From::Customer,
            Author::Agent(agent)
            | Author::Greeting(agent)
            | Author::Closing(agent)
            | Author::Offline(agent) => From::Agent(persona(trees, agent)),
            // A note is never read for a customer: `Message::is_for_customer`.
            Author::Nobody | Author::Busy | Author::Note(_) => From::System,
        },
        content: Content::from(message.content),
        dedupe: message.client_id.filter(|_| message.delivery.is_none()),
    }
}

/// Who serves a customer, by what the desk tells.
pub(super) fn service(trees: &Trees, agent: Option<AgentId>, waiting: bool) -> Service {
    let state = match (agent, waiting) {
        (Some(_), _) => ServiceState::Active,
        (None, true) => ServiceState::Waiting,
        (None, false) => ServiceState::Idle,
    };
    Service {
        state,
        agent: agent.map(|agent| persona(trees, agent)),
    }
}

/// The part of a thread a plugin asks for. Only what is for the customer.
pub(super) fn thread(trees: &Trees, channel: ChannelId, query: &ThreadQuery) -> Result<Thread, Refusal> {
    let Some(identity) = trees.identities.get(&(channel, query.peer.clone()))? else {
        return Ok(Thread::default());
    };
    let part = match (query.after, query.before) {
        (Some(after), _) => Part::After(after),
        (None, Some(before)) => Part::Before(before),
        (None, None) => Part::Newest,
    };
    let limit = query.limit.clamp(1, 200) as usize;
    let page = history::thread_for_customer(trees, identity.customer, channel, part, limit)?;
    let open = latest_on(trees, identity.customer, channel)?;
    let waiting = open
        .as_ref()
        .is_some_and(|open| open.state == ConversationState::Waiting);
    Ok(Thread {
        messages: page
            .messages
            .into_iter()
            .map(|(id, seq, record)| message(trees, id, seq, record))
            .collect(),
        more: page.more,
        service: service(trees, open.and_then(|open| open.owner), waiting),
    })
}

fn latest_on(
    trees: &Trees,
    customer: weikefu_core::ids::CustomerId,
    channel: ChannelId,
) -> Result<Option<Conversation>, Refusal> {
    for entry in trees.histories.scan(&customer).rev().take(20) {
        let (_, id) = entry?.0;
        if let Some(conversation) = trees
            .conversations
            .get(&id)?
            .filter(|known| known.channel == channel)
        {
            return Ok(Some(conversation));
        }
    }
    Ok(None)
}
