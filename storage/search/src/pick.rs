//! Picking the newest of what matches. Entries lie about in order of time, so each part is read from its end:
//! soon all that is left is older than what has been picked, which its time alone tells.
use crate::schema::{AT, AUTHOR, CHANNEL, CONVERSATION, CUSTOMER, SEQ};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, Score, SegmentReader};

/// Where something was found. Ordered by time, then by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// When, milliseconds.
    pub at: i64,
    /// Where.
    pub conversation: u64,
    /// Which.
    pub seq: u32,
    /// Whose.
    pub customer: u64,
    /// On which channel.
    pub channel: u32,
    /// By whom.
    pub author: u64,
}

impl Place {
    /// What places are ordered by.
    #[must_use]
    pub fn key(&self) -> (i64, u64, u32) {
        (self.at, self.conversation, self.seq)
    }
}

/// Whether a place may be told.
pub type Accepts = Arc<dyn Fn(&Place) -> bool + Send + Sync>;

/// The newest places.
pub(crate) struct Newest {
    pub(crate) before: Option<(i64, u64, u32)>,
    pub(crate) times: RangeInclusive<i64>,
    pub(crate) limit: usize,
    pub(crate) accepts: Accepts,
}

impl Collector for Newest {
    type Fruit = Vec<Place>;
    type Child = NewestOfPart;

    fn for_segment(&self, _number: u32, part: &SegmentReader) -> tantivy::Result<NewestOfPart> {
        let fields = part.fast_fields();
        Ok(NewestOfPart {
            at: fields.column_first_or_default(AT)?,
            conversation: fields.column_first_or_default(CONVERSATION)?,
            seq: fields.column_first_or_default(SEQ)?,
            customer: fields.column_first_or_default(CUSTOMER)?,
            channel: fields.column_first_or_default(CHANNEL)?,
            author: fields.column_first_or_default(AUTHOR)?,
            matching: Vec::new(),
            before: self.before,
            times: self.times.clone(),
            limit: self.limit,
            accepts: Arc::clone(&self.accepts),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, parts: Vec<Vec<Place>>) -> tantivy::Result<Vec<Place>> {
        let mut all: Vec<Place> = parts.into_iter().flatten().collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.dedup_by_key(|place| place.key());
        all.truncate(self.limit);
        Ok(all)
    }
}

pub(crate) struct NewestOfPart {
    at: Arc<dyn ColumnValues<i64>>,
    conversation: Arc<dyn ColumnValues<u64>>,
    seq: Arc<dyn ColumnValues<u64>>,
    customer: Arc<dyn ColumnValues<u64>>,
    channel: Arc<dyn ColumnValues<u64>>,
    author: Arc<dyn ColumnValues<u64>>,
    matching: Vec<DocId>,
    before: Option<(i64, u64, u32)>,
    times: RangeInclusive<i64>,
    limit: usize,
    accepts: Accepts,
}

impl NewestOfPart {
    fn place(&self, at: i64, entry: DocId) -> Place {
        Place {
            at,
            conversation: self.conversation.get_val(entry),
            seq: self.seq.get_val(entry) as u32,
            customer: self.customer.get_val(entry),
            channel: self.channel.get_val(entry) as u32,
            author: self.author.get_val(entry),
        }
    }
}

impl SegmentCollector for NewestOfPart {
    type Fruit = Vec<Place>;

    fn collect(&mut self, entry: DocId, _score: Score) {
        self.matching.push(entry);
    }

    fn collect_block(&mut self, entries: &[DocId]) {
        self.matching.extend_from_slice(entries);
    }

    fn harvest(self) -> Vec<Place> {
        let mut picked: BinaryHeap<Reverse<Place>> = BinaryHeap::with_capacity(self.limit + 1);
        for &entry in self.matching.iter().rev() {
            let at = self.at.get_val(entry);
            let too_late = self.before.is_some_and(|(before, ..)| at > before);
            let too_old =
                picked.len() == self.limit && picked.peek().is_some_and(|Reverse(least)| at < least.at);
            if too_late || too_old || !self.times.contains(&at) {
                continue;
            }
            let place = self.place(at, entry);
            if self.before.is_some_and(|before| place.key() >= before) || !(self.accepts)(&place) {
                continue;
            }
            picked.push(Reverse(place));
            if picked.len() > self.limit {
                picked.pop();
            }
        }
        picked.into_iter().map(|Reverse(place)| place).collect()
    }
}

/// The highest number within a conversation.
pub(crate) struct LastOf;

impl Collector for LastOf {
    type Fruit = Option<u32>;
    type Child = LastOfPart;

    fn for_segment(&self, _number: u32, part: &SegmentReader) -> tantivy::Result<LastOfPart> {
        let seq = part.fast_fields().column_first_or_default(SEQ)?;
        Ok(LastOfPart { seq, last: None })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, parts: Vec<Option<u32>>) -> tantivy::Result<Option<u32>> {
        Ok(parts.into_iter().flatten().max())
    }
}

pub(crate) struct LastOfPart {
    seq: Arc<dyn ColumnValues<u64>>,
    last: Option<u32>,
}

impl SegmentCollector for LastOfPart {
    type Fruit = Option<u32>;

    fn collect(&mut self, entry: DocId, _score: Score) {
        self.last = self.last.max(Some(self.seq.get_val(entry) as u32));
    }

    fn harvest(self) -> Option<u32> {
        self.last
    }
}
