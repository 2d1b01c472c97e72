//! How far the index has followed the store: the word it keeps with each of its commits.
//!
//! Messages are only ever added to open conversations, and conversations are numbered in the order of their
//! opening. So whatever is stored after a mark is in a conversation that was open then, or has a higher number than
//! any there was: at a start these few are read, and nothing else.
use crate::ids::{ConversationId, Millis, ShopId};
use crate::records::Counters;
use crate::trees::Trees;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use weikefu_storage::Error;

/// The mark.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Which store: when its first shop was made.
    pub(super) store: Millis,
    /// When this was.
    pub(super) at: Millis,
    pub(super) shops: BTreeMap<u32, ShopMark>,
    /// The number of the last message in the index of each conversation that may still change.
    #[serde(with = "pairs")]
    pub(super) live: HashMap<u64, u32>,
}

/// How far in a shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShopMark {
    /// The number of the next conversation.
    pub(super) next: u32,
    /// The number of the next event: a store that counts less is an older one.
    pub(super) event: u64,
    /// Conversations below this number have not been read yet; 1 when all have.
    pub(super) unread: u32,
}

impl Mark {
    /// The mark of an index that has nothing of what is stored.
    pub(super) fn nothing(trees: &Trees) -> Result<Self, Error> {
        let mut mark = Mark {
            store: store(trees)?,
            ..Mark::default()
        };
        for entry in trees.counters.scan(&()) {
            let (shop, counters) = entry?;
            mark.count(shop, &counters);
            if let Some(shop) = mark.shops.get_mut(&shop.0) {
                shop.unread = shop.next;
            }
        }
        Ok(mark)
    }

    pub(super) fn count(&mut self, shop: ShopId, counters: &Counters) {
        let unread = self.shops.get(&shop.0).map_or(1, |known| known.unread);
        let mark = ShopMark {
            next: counters.conversation,
            event: counters.event,
            unread,
        };
        self.shops.insert(shop.0, mark);
    }

    /// Whether a conversation's messages are still to be read, all of them.
    pub(super) fn is_unread(&self, id: ConversationId) -> bool {
        let shop = self.shops.get(&id.shop().0);
        shop.is_some_and(|shop| (id.0 as u32) < shop.unread)
    }

    /// Whether it can have been made from this store as it was at an earlier time.
    pub(super) fn fits(&self, trees: &Trees) -> Result<bool, Error> {
        if self.store != store(trees)? {
            return Ok(false);
        }
        for (shop, mark) in &self.shops {
            let counters = trees.counters.get(&ShopId(*shop))?.unwrap_or_default();
            if counters.conversation < mark.next || counters.event < mark.event {
                return Ok(false);
            }
        }
        for (id, seq) in &self.live {
            let known = trees.conversations.get(&ConversationId(*id))?;
            if known.is_none_or(|known| known.last_seq < *seq) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn parse(said: &str) -> Option<Self> {
        serde_json::from_str(said).ok()
    }

    pub(super) fn say(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What tells a store from another.
pub(super) fn store(trees: &Trees) -> Result<Millis, Error> {
    Ok(trees.shops.first(&())?.map_or(0, |(_, shop)| shop.created))
}

/// A map of numbers, as a list: half as long.
mod pairs {
    use super::{Deserialize, HashMap, Serialize};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &HashMap<u64, u32>, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<HashMap<u64, u32>, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_said() {
        let shop = ShopMark {
            next: 9,
            event: 70,
            unread: 4,
        };
        let mark = Mark {
            store: 5,
            at: 6,
            shops: [(1, shop)].into(),
            live: [(ConversationId::of(ShopId(1), 8).0, 3)].into(),
        };
        let read = Mark::parse(&mark.say()).unwrap();
        assert_eq!(
            (read.store, read.at, &read.shops, &read.live),
            (5, 6, &mark.shops, &mark.live)
        );
        assert!(read.is_unread(ConversationId::of(ShopId(1), 3)));
        assert!(!read.is_unread(ConversationId::of(ShopId(1), 4)));
        assert!(
            !read.is_unread(ConversationId::of(ShopId(2), 1)),
            "a new shop has nothing old"
        );
        assert!(Mark::parse("").is_none());
    }
}
