//! Reading what a customer and the shop have said to each other. Every read is bounded and starts at a key.
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId};
use crate::records::{BehaviourRecord, Conversation, ConversationState, Message};
use crate::rights::Relation;
use crate::trees::Trees;
use weikefu_channel::{Action, Cursor};
use weikefu_storage::Error;

/// Conversations among which the open ones of a customer are: one an address, so they are few and young.
const LATEST: usize = 20;
/// Notes of who served a customer that are read to find the last.
const SERVED: usize = 2_000;

/// A page of a thread, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Messages with their places.
    pub messages: Vec<(ConversationId, u32, Message)>,
    /// Whether there are more in the direction asked for; around a place, in front of the page.
    pub more: bool,
    /// Around a place: whether there are more behind the page.
    pub newer: bool,
}

/// Which part of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The newest.
    Newest,
    /// The newest in front of a place.
    Before(Cursor),
    /// The oldest behind a place.
    After(Cursor),
    /// The place itself with what is in front of it and behind it.
    Around(Cursor),
}

/// Reads a part of a customer's thread on one channel, at most `limit` messages.
pub fn thread(
    trees: &Trees,
    customer: CustomerId,
    channel: ChannelId,
    part: Part,
    limit: usize,
) -> Result<Page, Error> {
    read(trees, customer, channel, part, limit, |_| true)
}

/// The same as the customer may see it: without notes, and without what was never sent.
pub fn thread_for_customer(
    trees: &Trees,
    customer: CustomerId,
    channel: ChannelId,
    part: Part,
    limit: usize,
) -> Result<Page, Error> {
    read(trees, customer, channel, part, limit, Message::is_for_customer)
}

type Shown = fn(&Message) -> bool;

fn read(
    trees: &Trees,
    customer: CustomerId,
    channel: ChannelId,
    part: Part,
    limit: usize,
    shown: Shown,
) -> Result<Page, Error> {
    match part {
        Part::After(cursor) => after(trees, customer, channel, cursor, limit, shown),
        Part::Before(cursor) => before(trees, customer, channel, Some(cursor), limit, shown),
        Part::Newest => before(trees, customer, channel, None, limit, shown),
        Part::Around(cursor) => {
            let behind = Cursor {
                seq: cursor.seq.saturating_add(1),
                ..cursor
            };
            let mut page = before(trees, customer, channel, Some(behind), limit / 2 + 1, shown)?;
            let rest = limit.saturating_sub(page.messages.len());
            let newer = after(trees, customer, channel, cursor, rest, shown)?;
            page.messages.extend(newer.messages);
            page.newer = newer.more;
            Ok(page)
        }
    }
}

fn after(
    trees: &Trees,
    customer: CustomerId,
    channel: ChannelId,
    cursor: Cursor,
    limit: usize,
    shown: Shown,
) -> Result<Page, Error> {
    let from = (customer, ConversationId(cursor.conversation));
    let until = (customer, ConversationId(u64::MAX));
    let mut page = Page::default();
    for entry in trees.histories.range(from..=until) {
        let (_, id) = entry?.0;
        if !on_channel(trees, id, channel)? {
            continue;
        }
        let first = if id.0 == cursor.conversation {
            cursor.seq.saturating_add(1)
        } else {
            1
        };
        for message in trees.messages.range((id, first)..=(id, u32::MAX)) {
            let ((_, seq), message) = message?;
            if !shown(&message) {
                continue;
            }
            if page.messages.len() == limit {
                page.more = true;
                return Ok(page);
            }
            page.messages.push((id, seq, message));
        }
    }
    Ok(page)
}

fn before(
    trees: &Trees,
    customer: CustomerId,
    channel: ChannelId,
    cursor: Option<Cursor>,
    limit: usize,
    shown: Shown,
) -> Result<Page, Error> {
    let last = cursor.map_or(u64::MAX, |cursor| cursor.conversation);
    let range = (customer, ConversationId(0))..=(customer, ConversationId(last));
    let mut page = Page::default();
    'all: for entry in trees.histories.range(range).rev() {
        let (_, id) = entry?.0;
        if !on_channel(trees, id, channel)? {
            continue;
        }
        let end = match cursor {
            Some(cursor) if id.0 == cursor.conversation => cursor.seq,
            _ => u32::MAX,
        };
        for message in trees.messages.range((id, 0)..(id, end)).rev() {
            let ((_, seq), message) = message?;
            if !shown(&message) {
                continue;
            }
            if page.messages.len() == limit {
                page.more = true;
                break 'all;
            }
            page.messages.push((id, seq, message));
        }
    }
    page.messages.reverse();
    Ok(page)
}

fn on_channel(trees: &Trees, id: ConversationId, channel: ChannelId) -> Result<bool, Error> {
    Ok(trees
        .conversations
        .get(&id)?
        .is_some_and(|conversation| conversation.channel == channel))
}

/// A customer's latest conversation, on any channel.
pub fn latest_conversation(trees: &Trees, customer: CustomerId) -> Result<Option<Conversation>, Error> {
    match trees.histories.scan(&customer).next_back() {
        Some(entry) => trees.conversations.get(&entry?.0.1),
        None => Ok(None),
    }
}

/// How a customer stands to an agent, by the latest conversations and by all he has ever served.
pub fn relation(trees: &Trees, customer: CustomerId, agent: AgentId) -> Result<Relation, Error> {
    if has_served(trees, customer, agent)? {
        return Ok(Relation::Served);
    }
    for entry in trees.histories.scan(&customer).rev().take(LATEST) {
        let (_, id) = entry?.0;
        let Some(conversation) = trees.conversations.get(&id)? else {
            continue;
        };
        // One that was accepted before it was noted who has served whom.
        if conversation.owner == Some(agent) {
            return Ok(Relation::Served);
        }
        if conversation.state == ConversationState::Waiting {
            return Ok(Relation::Waits);
        }
        if conversation.offered_to() == Some(agent) {
            return Ok(Relation::Offered);
        }
    }
    Ok(Relation::Stranger)
}

/// Whether an agent has ever served a customer, by what was noted.
pub fn has_served(trees: &Trees, customer: CustomerId, agent: AgentId) -> Result<bool, Error> {
    Ok(trees.served.first(&(customer, agent))?.is_some())
}

/// Who served a customer last, among those of whom it is noted.
pub fn last_agent(trees: &Trees, customer: CustomerId) -> Result<Option<AgentId>, Error> {
    let mut last: Option<(ConversationId, AgentId)> = None;
    for entry in trees.served.scan(&customer).take(SERVED) {
        let (_, agent, conversation) = entry?.0;
        last = last.max(Some((conversation, agent)));
    }
    Ok(last.map(|(_, agent)| agent))
}

/// A customer's behaviours of one kind or all, the newest in front of `before`, at most `limit`. Returns in front
/// of what to go on, while there is more.
pub fn behaviours_before(
    trees: &Trees,
    customer: CustomerId,
    before: Option<u64>,
    kind: Option<Action>,
    limit: usize,
) -> Result<(Vec<BehaviourRecord>, Option<u64>), Error> {
    let end = (customer, before.unwrap_or(u64::MAX));
    let (mut found, mut last) = (Vec::new(), None);
    // No customer has many more than are kept.
    for entry in trees.behaviours.range((customer, 0)..end).rev() {
        let ((_, n), record) = entry?;
        if kind.is_some_and(|kind| kind != record.action) {
            continue;
        }
        if found.len() == limit {
            return Ok((found, last));
        }
        last = Some(n);
        found.push(record);
    }
    Ok((found, None))
}

/// A customer's latest behaviours, newest first.
pub fn behaviours(trees: &Trees, customer: CustomerId, limit: usize) -> Result<Vec<BehaviourRecord>, Error> {
    trees
        .behaviours
        .scan(&customer)
        .rev()
        .take(limit)
        .map(|entry| Ok(entry?.1))
        .collect()
}
