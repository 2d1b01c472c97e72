//! Looking for messages in all a customer and the shop have said to each other (A2.11). Reads a bounded number of
//! records at a time, however few of them fit; who wants more goes on from where it ended.
use crate::ids::{AgentId, ConversationId, CustomerId, Millis};
use crate::records::{Author, Conversation, Message};
use crate::trees::Trees;
use weikefu_channel::Cursor;
use weikefu_storage::Error;

/// Records read for one answer.
pub const READ: usize = 2_000;

/// What is looked for. All that is given has to fit.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Part of a text, lower-case.
    pub word: Option<String>,
    /// What this agent wrote, and what customers wrote to him: the conversations he has served.
    pub agent: Option<AgentId>,
    /// Stored at this time or later.
    pub from: Millis,
    /// Stored at this time or earlier.
    pub to: Millis,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            word: None,
            agent: None,
            from: Millis::MIN,
            to: Millis::MAX,
        }
    }
}

impl Filter {
    /// `served`: the agent looked for has served the message's conversation.
    fn fits(&self, message: &Message, served: bool) -> bool {
        let by = match (self.agent, message.author) {
            (None, _) => true,
            (Some(_), Author::Customer) => served,
            (Some(agent), author) => author.agent() == Some(agent),
        };
        let mentioned = |word: &String| message.content.mentions(word);
        by && (self.from..=self.to).contains(&message.at) && self.word.as_ref().is_none_or(mentioned)
    }

    fn touches(&self, conversation: &Conversation) -> bool {
        conversation.opened_at <= self.to && conversation.closed_at.is_none_or(|closed| closed >= self.from)
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Oldest first.
    pub messages: Vec<(ConversationId, u32, Message)>,
    /// In front of which place to go on; `None` when everything has been read.
    pub next: Option<Cursor>,
}

/// The newest messages in front of `before` that fit, at most `limit`, out of the conversations that may be read.
pub fn search(
    trees: &Trees,
    customer: CustomerId,
    filter: &Filter,
    before: Option<Cursor>,
    limit: usize,
    readable: impl Fn(&Conversation) -> bool,
) -> Result<Found, Error> {
    let last = before.map_or(u64::MAX, |cursor| cursor.conversation);
    let range = (customer, ConversationId(0))..=(customer, ConversationId(last));
    let mut found = Found::default();
    let mut read = 0;
    'all: for entry in trees.histories.range(range).rev() {
        let (_, id) = entry?.0;
        if read >= READ {
            found.next = Some(in_front_of(id, u32::MAX));
            break;
        }
        read += 1;
        let Some(conversation) = trees.conversations.get(&id)? else {
            continue;
        };
        if !filter.touches(&conversation) || !readable(&conversation) {
            continue;
        }
        let served = match filter.agent {
            Some(agent) => trees.served.contains(&(customer, agent, id))?,
            None => false,
        };
        let end = match before {
            Some(cursor) if id.0 == cursor.conversation => cursor.seq,
            _ => u32::MAX,
        };
        for entry in trees.messages.range((id, 0)..(id, end)).rev() {
            let ((_, seq), message) = entry?;
            let fits = filter.fits(&message, served);
            if read >= READ || (fits && found.messages.len() == limit) {
                found.next = Some(in_front_of(id, seq.saturating_add(1)));
                break 'all;
            }
            read += 1;
            if fits {
                found.messages.push((id, seq, message));
            }
        }
    }
    found.messages.reverse();
    Ok(found)
}

fn in_front_of(conversation: ConversationId, seq: u32) -> Cursor {
    Cursor {
        conversation: conversation.0,
        seq,
    }
}
