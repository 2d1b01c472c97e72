//! Looking for annotations of a shop, newest first. A request reads a bounded number of records, however few of
//! them fit; who wants more goes on from where it ended.
use crate::ids::{AgentId, ConversationId, CustomerId, Millis, ShopId};
use crate::records::{Annotation, AnnotationId};
use crate::trees::Trees;
use std::collections::HashSet;
use weikefu_channel::Cursor;
use weikefu_storage::Error;

/// Records read for one answer.
pub const READ: usize = 20_000;
/// A customer's conversations among which the one of a moment is looked for, the latest ones.
const CONVERSATIONS: usize = 200;

/// What is looked for. All that is given has to fit.
#[derive(Clone, Debug)]
pub struct Sought {
    /// On one of these customers, or written by one of these agents; everybody's without it.
    pub named: Option<(HashSet<CustomerId>, HashSet<AgentId>)>,
    /// Written by him, or on one of these customers: what this reader may see. Everything without it.
    pub readable: Option<(AgentId, HashSet<CustomerId>)>,
    /// Solved, or open.
    pub solved: Option<bool>,
    /// Written by this agent.
    pub by: Option<AgentId>,
    /// Written at this time or later.
    pub from: Millis,
    /// Written at this time or earlier.
    pub to: Millis,
}

impl Default for Sought {
    fn default() -> Self {
        Sought {
            named: None,
            readable: None,
            solved: None,
            by: None,
            from: Millis::MIN,
            to: Millis::MAX,
        }
    }
}

impl Sought {
    /// Whether it is looked for.
    #[must_use]
    pub fn fits(&self, annotation: &Annotation) -> bool {
        let Annotation { customer, by, .. } = annotation;
        let named = |(customers, agents): &(HashSet<CustomerId>, HashSet<AgentId>)| {
            customers.contains(customer) || agents.contains(by)
        };
        let readable =
            |(me, customers): &(AgentId, HashSet<CustomerId>)| me == by || customers.contains(customer);
        self.solved
            .is_none_or(|solved| solved == annotation.solved.is_some())
            && self.by.is_none_or(|agent| agent == *by)
            && (self.from..=self.to).contains(&annotation.at)
            && self.named.as_ref().is_none_or(named)
            && self.readable.as_ref().is_none_or(readable)
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub annotations: Vec<Annotation>,
    /// Behind which to go on; `None` when everything has been read.
    pub next: Option<AnnotationId>,
}

/// The newest behind `after` that fit, at most `limit`.
pub fn search(
    trees: &Trees,
    shop: ShopId,
    sought: &Sought,
    after: Option<AnnotationId>,
    limit: usize,
) -> Result<Found, Error> {
    let end = after.unwrap_or(AnnotationId(u64::MAX));
    let mut found = Found::default();
    let mut last = None;
    for (read, entry) in trees
        .annotations
        .range((shop, AnnotationId(0))..(shop, end))
        .rev()
        .enumerate()
    {
        let ((_, id), annotation) = entry?;
        let fits = sought.fits(&annotation);
        if read == READ || (fits && found.annotations.len() == limit) {
            found.next = last;
            break;
        }
        last = Some(id);
        if fits {
            found.annotations.push(annotation);
        }
    }
    Ok(found)
}

/// The place in a customer's thread where a moment was: the last message until then. `None` when they had said
/// nothing to each other, or too much since.
pub fn place(trees: &Trees, customer: CustomerId, at: Millis) -> Result<Option<Cursor>, Error> {
    for entry in trees.histories.scan(&customer).rev().take(CONVERSATIONS) {
        let (_, id) = entry?.0;
        let Some(conversation) = trees.conversations.get(&id)? else {
            continue;
        };
        if conversation.opened_at <= at {
            let seq = last_until(trees, id, conversation.last_seq, at)?;
            return Ok(Some(Cursor {
                conversation: id.0,
                seq,
            }));
        }
    }
    Ok(None)
}

/// The last message until a moment, the first one at least; messages are numbered in order of time.
fn last_until(trees: &Trees, id: ConversationId, last: u32, at: Millis) -> Result<u32, Error> {
    let (mut low, mut high) = (1, last.max(1));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let message = trees.messages.get(&(id, middle))?;
        if message.is_some_and(|message| message.at <= at) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}
