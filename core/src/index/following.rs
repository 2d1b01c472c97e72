//! Following the store: what has been committed goes into the index, what is missing is read.
use super::Progress;
use super::known::readable;
use super::mark::Mark;
use super::texts;
use crate::desk::Change;
use crate::engine::now;
use crate::ids::{ConversationId, Millis, ShopId};
use crate::records::{Conversation, ConversationState, Message, StoredContent};
use crate::trees::Trees;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use weikefu_search::{Entry, Finder, Index};

/// How long a closed conversation's messages may still be completed with the files they came with.
const COMPLETED: Millis = 3_600_000;
/// Closed conversations that are remembered for that.
const CLOSED: usize = 5_000;
/// Messages of a conversation that may have been completed unnoticed before a start.
const TAIL: u32 = 200;
/// Conversations to read at a start; with more, everything is read anew.
const BEHIND: usize = 50_000;
/// Messages read between two looks at what is new.
const STEP: usize = 2_000;

/// Why following has to begin anew, or end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error(transparent)]
    Index(#[from] weikefu_search::Error),
    #[error("the index was made from another store, or from this one at a later time")]
    Foreign,
    #[error("too much has been stored without it")]
    Behind,
    #[error(transparent)]
    Store(#[from] weikefu_storage::Error),
}

/// An index on its way after the store.
pub(super) struct Following {
    trees: Trees,
    index: Index,
    finder: Finder,
    mark: Mark,
    /// Conversations to read again; until then nothing is believed about them.
    behind: HashSet<u64>,
    /// Closed conversations with when they were, still in the mark.
    closed: VecDeque<(Millis, u64)>,
    /// Conversations to read when this began.
    total: u64,
    /// Something has to be committed.
    pub(super) dirty: bool,
}

/// What a message's entry takes from its conversation.
#[derive(Clone, Copy)]
struct Whose {
    customer: u64,
    channel: u32,
}

impl From<&Conversation> for Whose {
    fn from(conversation: &Conversation) -> Self {
        Whose {
            customer: conversation.customer.0,
            channel: conversation.channel.0,
        }
    }
}

impl Following {
    /// Goes on with the index of a folder. What is missing is read by [`step`](Self::step).
    pub(super) fn resume(trees: &Trees, folder: &Path) -> Result<Self, Lost> {
        let (index, said) = Index::open(folder)?;
        let mark = Mark::parse(&said).ok_or(Lost::Foreign)?;
        if !mark.fits(trees)? {
            return Err(Lost::Foreign);
        }
        let mut following = Self::with(trees, index, mark);
        following.fall_behind()?;
        Ok(following)
    }

    /// Begins with an empty index.
    pub(super) fn begin(trees: &Trees, folder: &Path) -> Result<Self, Lost> {
        let index = Index::create(folder)?;
        let mut following = Self::with(trees, index, Mark::nothing(trees)?);
        following.total = following.unread();
        following.commit()?;
        Ok(following)
    }

    fn with(trees: &Trees, index: Index, mark: Mark) -> Self {
        Following {
            trees: trees.clone(),
            finder: index.finder(),
            index,
            mark,
            behind: HashSet::new(),
            closed: VecDeque::new(),
            total: 0,
            dirty: false,
        }
    }

    /// Finds out what may have been stored since the mark.
    fn fall_behind(&mut self) -> Result<(), Lost> {
        self.behind.extend(self.mark.live.keys());
        for entry in self.trees.counters.scan(&()) {
            let (shop, counters) = entry?;
            let next = self.mark.shops.get(&shop.0).map_or(1, |mark| mark.next);
            if (counters.conversation.saturating_sub(next)) as usize > BEHIND {
                return Err(Lost::Behind);
            }
            for number in next..counters.conversation {
                let id = ConversationId::of(shop, number).0;
                self.behind.insert(id);
                self.mark.live.insert(id, 0);
            }
            self.mark.count(shop, &counters);
        }
        self.total = self.behind.len() as u64 + self.unread();
        self.dirty = !self.behind.is_empty();
        Ok(())
    }

    fn unread(&self) -> u64 {
        let shops = self.mark.shops.values();
        shops.map(|shop| u64::from(shop.unread.max(1)) - 1).sum()
    }

    pub(super) fn finder(&self) -> Finder {
        self.finder.clone()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    pub(super) fn verify(&self) -> Result<(), Lost> {
        Ok(self.index.verify()?)
    }

    /// What is still missing.
    pub(super) fn progress(&self) -> Option<Progress> {
        let left = self.behind.len() as u64 + self.unread();
        (left > 0).then(|| Progress {
            done: self.total.saturating_sub(left),
            total: self.total,
        })
    }

    /// Takes over what has been committed.
    pub(super) fn follow(&mut self, changes: &[Change]) -> Result<(), Lost> {
        let whose = self.meet(changes)?;
        for change in changes {
            match change {
                Change::Counters(shop, counters) => self.mark.count(*shop, counters),
                Change::Message(id, seq, message) => {
                    self.hear(*id, *seq, message, whose.get(&id.0).copied())?;
                }
                _ => {}
            }
        }
        for change in changes {
            if let Change::Conversation(conversation) = change {
                self.settle(conversation);
            }
        }
        Ok(())
    }

    /// The same when there is too much of it: what it touches is read later.
    pub(super) fn skip(&mut self, changes: &[Change]) -> Result<(), Lost> {
        self.meet(changes)?;
        for change in changes {
            match change {
                Change::Counters(shop, counters) => self.mark.count(*shop, counters),
                Change::Message(id, ..) => self.leave(*id)?,
                Change::Conversation(conversation) => self.leave(conversation.id)?,
                _ => {}
            }
        }
        self.dirty = true;
        Ok(())
    }

    /// Has a conversation read later.
    fn leave(&mut self, id: ConversationId) -> Result<(), Lost> {
        if self.mark.is_unread(id) || !self.behind.insert(id.0) {
            return Ok(());
        }
        self.total += 1;
        if !self.mark.live.contains_key(&id.0) {
            let last = self.finder.last(id.0)?;
            self.mark.live.insert(id.0, last.unwrap_or(0));
        }
        Ok(())
    }

    /// Gets to know the conversations of some changes before their messages come.
    fn meet(&mut self, changes: &[Change]) -> Result<HashMap<u64, Whose>, Lost> {
        let mut whose = HashMap::new();
        for change in changes {
            let Change::Conversation(conversation) = change else {
                continue;
            };
            let id = conversation.id.0;
            if self.mark.is_unread(conversation.id) {
                continue;
            }
            whose.insert(id, Whose::from(conversation));
            if !self.mark.live.contains_key(&id) {
                let next = self.mark.shops.get(&conversation.id.shop().0);
                let is_new = next.is_none_or(|shop| id as u32 >= shop.next);
                let last = if is_new { None } else { self.finder.last(id)? };
                self.mark.live.insert(id, last.unwrap_or(0));
            }
        }
        Ok(whose)
    }

    /// A message is new, or has changed. What goes out never changes what it says.
    fn hear(
        &mut self,
        id: ConversationId,
        seq: u32,
        message: &Message,
        whose: Option<Whose>,
    ) -> Result<(), Lost> {
        if self.mark.is_unread(id) || self.behind.contains(&id.0) {
            return Ok(());
        }
        let last = self.mark.live.get(&id.0).copied();
        let is_new = last.is_some_and(|last| seq > last);
        if !is_new && (message.delivery.is_some() || matches!(message.content, StoredContent::Text(_))) {
            return Ok(());
        }
        let whose = match whose {
            Some(whose) => whose,
            None => match readable(self.trees.conversations.get(&id))?.flatten() {
                Some(conversation) if !conversation.dismissed => Whose::from(&conversation),
                _ => return Ok(()),
            },
        };
        if is_new {
            self.mark.live.insert(id.0, seq);
        } else {
            self.index.remove(id.0, seq)?;
        }
        self.add(id, seq, message, whose)
    }

    fn add(&mut self, id: ConversationId, seq: u32, message: &Message, whose: Whose) -> Result<(), Lost> {
        self.dirty = true;
        let text = texts::of(&message.content);
        if text.is_empty() {
            return Ok(());
        }
        self.index.add(&Entry {
            group: id.shop().0,
            conversation: id.0,
            seq,
            customer: whose.customer,
            channel: whose.channel,
            author: texts::author(message),
            at: message.at,
            text: &text,
        })?;
        Ok(())
    }

    /// A conversation has come to an end, or to nothing.
    fn settle(&mut self, conversation: &Conversation) {
        let id = conversation.id.0;
        if conversation.state != ConversationState::Closed || self.mark.is_unread(conversation.id) {
            return;
        }
        if conversation.dismissed {
            self.index.remove_conversation(id);
            self.dirty = true;
        }
        self.closed.push_back((now(), id));
    }

    /// Reads some of what is missing.
    pub(super) fn step(&mut self) -> Result<(), Lost> {
        let mut read = 0;
        while read < STEP {
            let next = self.behind.iter().next().copied();
            if let Some(id) = next {
                read += self.catch_up(ConversationId(id))? + 1;
                self.behind.remove(&id);
            } else if let Some(id) = self.next_unread() {
                read += self.read(id)? + 1;
            } else {
                break;
            }
        }
        self.dirty = true;
        Ok(())
    }

    /// The newest conversation that has not been read; from now on it has.
    fn next_unread(&mut self) -> Option<ConversationId> {
        let (shop, mark) = self.mark.shops.iter_mut().find(|(_, mark)| mark.unread > 1)?;
        mark.unread -= 1;
        Some(ConversationId::of(ShopId(*shop), mark.unread))
    }

    /// Reads a whole conversation.
    fn read(&mut self, id: ConversationId) -> Result<usize, Lost> {
        let Some(conversation) = readable(self.trees.conversations.get(&id))?.flatten() else {
            return Ok(0);
        };
        if conversation.dismissed {
            return Ok(0);
        }
        let (last, read) = self.read_after(&conversation, 0)?;
        if conversation.state != ConversationState::Closed {
            self.mark.live.insert(id.0, last);
        }
        Ok(read)
    }

    /// Reads what a conversation has got since the mark.
    fn catch_up(&mut self, id: ConversationId) -> Result<usize, Lost> {
        let Some(conversation) = readable(self.trees.conversations.get(&id))?.flatten() else {
            self.mark.live.remove(&id.0);
            return Ok(0);
        };
        if conversation.dismissed {
            self.index.remove_conversation(id.0);
            self.mark.live.remove(&id.0);
            return Ok(0);
        }
        let known = self.mark.live.get(&id.0).copied().unwrap_or(0);
        self.complete(&conversation, known)?;
        let (last, read) = self.read_after(&conversation, known)?;
        self.mark.live.insert(id.0, last);
        if conversation.state == ConversationState::Closed {
            self.closed.push_back((now(), id.0));
        }
        Ok(read)
    }

    /// Reads the messages behind a number; tells the last number and how many there were.
    fn read_after(&mut self, conversation: &Conversation, known: u32) -> Result<(u32, usize), Lost> {
        let (id, whose) = (conversation.id, Whose::from(conversation));
        let (mut last, mut read) = (known, 0);
        let from = (id, known.saturating_add(1));
        for entry in self.trees.messages.range(from..=(id, u32::MAX)) {
            let Some(((_, seq), message)) = readable(entry)? else {
                continue;
            };
            self.add(id, seq, &message, whose)?;
            last = seq;
            read += 1;
        }
        Ok((last, read))
    }

    /// Reads again what came in shortly before the mark and is more than a text: it may have been completed since.
    fn complete(&mut self, conversation: &Conversation, known: u32) -> Result<(), Lost> {
        let (id, whose) = (conversation.id, Whose::from(conversation));
        let first = known.saturating_sub(TAIL);
        for entry in self.trees.messages.range((id, first)..=(id, known)).rev() {
            let Some(((_, seq), message)) = readable(entry)? else {
                continue;
            };
            if message.at < self.mark.at - COMPLETED {
                break;
            }
            if message.delivery.is_none() && !matches!(message.content, StoredContent::Text(_)) {
                self.index.remove(id.0, seq)?;
                self.add(id, seq, &message, whose)?;
            }
        }
        Ok(())
    }

    /// Makes it durable and found.
    pub(super) fn commit(&mut self) -> Result<(), Lost> {
        self.mark.at = now();
        self.mark.store = super::mark::store(&self.trees)?;
        let kept = self.mark.at - COMPLETED;
        while let Some((at, id)) = self.closed.front().copied() {
            // Until it has been read it is all that says so.
            if (at > kept && self.closed.len() <= CLOSED) || self.behind.contains(&id) {
                break;
            }
            self.closed.pop_front();
            self.mark.live.remove(&id);
        }
        self.index.commit(&self.mark.say())?;
        self.dirty = false;
        Ok(())
    }

    /// Lets go of the files; what is being merged is waited for.
    pub(super) fn close(self) -> Result<(), Lost> {
        Ok(self.index.close()?)
    }
}
