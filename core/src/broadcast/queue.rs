//! Whose turn it is: those who come again when their time has come, then the list in its order.
use crate::ids::BroadcastId;
use crate::records::RecipientState;
use crate::trees::Trees;
use std::collections::{BTreeSet, VecDeque};
use tokio::time::Instant;
use weikefu_storage::Error;

/// Places of the list that are read ahead.
const AHEAD: usize = 512;

/// The places of one list that wait for their turn.
#[derive(Debug)]
pub(super) struct Queue {
    id: BroadcastId,
    /// Who comes again, and when.
    later: BTreeSet<(Instant, u32)>,
    /// Read from the list, not yet looked at.
    ahead: VecDeque<u32>,
    /// The next place to read.
    cursor: u32,
}

impl Queue {
    pub(super) fn new(id: BroadcastId) -> Self {
        Queue {
            id,
            later: BTreeSet::new(),
            ahead: VecDeque::new(),
            cursor: 0,
        }
    }

    /// Begins where the store says that the last run was: who has to come again, and the first whom nobody has
    /// looked at.
    pub(super) fn reload(&mut self, trees: &Trees) -> Result<(), Error> {
        let progress = trees.broadcast_progress.get(&self.id)?;
        self.cursor = progress.unwrap_or_default().next;
        self.ahead.clear();
        self.later.clear();
        let now = Instant::now();
        for entry in trees
            .recipient_states
            .scan(&(self.id, RecipientState::Again as u8))
        {
            let (_, _, n) = entry?.0;
            self.later.insert((now, n));
        }
        Ok(())
    }

    /// Somebody comes again at a time.
    pub(super) fn again(&mut self, at: Instant, n: u32) {
        self.later.insert((at, n));
    }

    /// When the next of those who come again is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.later.first().map(|(due, _)| *due)
    }

    /// Takes the next few out.
    pub(super) fn next(&mut self, trees: &Trees, most: usize) -> Result<Vec<u32>, Error> {
        let now = Instant::now();
        let mut places = Vec::with_capacity(most);
        while let Some((due, n)) = self.later.first().copied()
            && due <= now
            && places.len() < most
        {
            self.later.pop_first();
            places.push(n);
        }
        while places.len() < most {
            if self.ahead.is_empty() && !self.read_ahead(trees)? {
                break;
            }
            places.extend(self.ahead.pop_front());
        }
        Ok(places)
    }

    /// Reads some more of the list. `false`: nothing is left of it. Parts on which everybody was skipped are passed
    /// over.
    fn read_ahead(&mut self, trees: &Trees) -> Result<bool, Error> {
        let end = (BroadcastId(self.id.0 + 1), 0);
        for entry in trees.recipients.range((self.id, self.cursor)..end) {
            let ((_, n), recipient) = entry?;
            self.cursor = n + 1;
            if recipient.state == RecipientState::Pending {
                self.ahead.push_back(n);
                if self.ahead.len() == AHEAD {
                    break;
                }
            }
        }
        Ok(!self.ahead.is_empty())
    }
}
