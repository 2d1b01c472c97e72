//! Pages of a thread against a plain list.
use crate::shop::{SHOP, trees};
use weikefu_channel::{Action, Cursor};
use weikefu_core::desk::Change;
use weikefu_core::history::{self, Page, Part};
use weikefu_core::ids::{ChannelId, ConversationId, CustomerId};
use weikefu_core::records::{
    Author, BehaviourRecord, Conversation, ConversationState, Message, StoredContent,
};
use weikefu_core::trees::Trees;

pub(crate) const CUSTOMER: CustomerId = CustomerId(42);

pub(crate) fn conversation(number: u32, channel: ChannelId) -> Conversation {
    Conversation {
        id: ConversationId::of(SHOP, number),
        customer: CUSTOMER,
        channel,
        peer: "p".into(),
        state: ConversationState::Waiting,
        owner: None,
        epoch: 1,
        ticket: u64::from(number),
        opened_at: 0,
        accepted_at: None,
        closed_at: None,
        last_seq: 1,
        unread: 1,
        last: None,
        dismissed: false,
        transfer: None,
        asked_at: None,
        stirred_at: 0,
        said: Vec::new(),
    }
}

fn message(text: String) -> Message {
    Message {
        at: 0,
        sent_at: None,
        author: Author::Customer,
        content: StoredContent::Text(text),
        client_id: None,
        delivery: None,
    }
}

/// Seven conversations of two channels, between those of other customers.
fn fill(trees: &Trees) {
    let mut txn = trees.db.begin();
    for (number, messages) in [(1, 1), (2, 5), (3, 3), (5, 7), (6, 2), (8, 4), (9, 1)] {
        let channel = ChannelId(1 + number % 2);
        let conversation = conversation(number, channel);
        trees
            .write(&mut txn, &Change::Conversation(conversation.clone()))
            .unwrap();
        for seq in 1..=messages {
            let change = Change::Message(conversation.id, seq, message(format!("{number}.{seq}")));
            trees.write(&mut txn, &change).unwrap();
        }
    }
    for number in [4, 7, 10] {
        let mut other = conversation(number, ChannelId(1));
        other.customer = CustomerId(if number == 4 { 41 } else { 43 });
        trees
            .write(&mut txn, &Change::Conversation(other.clone()))
            .unwrap();
        let change = Change::Message(other.id, 1, message("somebody else's".into()));
        trees.write(&mut txn, &change).unwrap();
    }
    trees.db.commit(txn).unwrap();
}

fn places(page: &Page) -> Vec<Cursor> {
    page.messages
        .iter()
        .map(|(id, seq, message)| {
            let number = id.0 & 0xffff_ffff;
            assert_eq!(message.content, StoredContent::Text(format!("{number}.{seq}")));
            Cursor {
                conversation: id.0,
                seq: *seq,
            }
        })
        .collect()
}

#[test]
fn pages_are_the_same_as_cutting_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    fill(&trees);
    for channel in [ChannelId(1), ChannelId(2)] {
        let page = |part, limit| history::thread(&trees, CUSTOMER, channel, part, limit).unwrap();
        let all = places(&page(Part::Newest, 1000));
        assert!(all.is_sorted());
        assert_eq!(all.len(), if channel == ChannelId(1) { 11 } else { 12 });
        // Every message, and places that hold none: before, between, behind.
        let mut cursors = all.clone();
        for conversation in 0..11 {
            for seq in [0, 9] {
                let conversation = ConversationId::of(SHOP, conversation).0;
                cursors.push(Cursor { conversation, seq });
            }
        }
        for limit in 0..=12 {
            let newest = page(Part::Newest, limit);
            assert_eq!(places(&newest), all[all.len().saturating_sub(limit)..]);
            assert_eq!(newest.more, limit < all.len());
            for &cursor in &cursors {
                let before: Vec<Cursor> = all.iter().copied().filter(|place| *place < cursor).collect();
                let found = page(Part::Before(cursor), limit);
                assert_eq!(places(&found), before[before.len().saturating_sub(limit)..]);
                assert_eq!(found.more, limit < before.len());

                let found = page(Part::Around(cursor), limit.max(1));
                let shown = places(&found);
                if all.contains(&cursor) {
                    assert!(shown.contains(&cursor), "the place itself is shown");
                }
                assert!(shown.len() <= limit.max(1));
                if let (Some(first), Some(last)) = (shown.first(), shown.last()) {
                    let run: Vec<Cursor> = all
                        .iter()
                        .copied()
                        .filter(|p| (*first..=*last).contains(p))
                        .collect();
                    assert_eq!(shown, run, "without gaps");
                    assert_eq!(found.more, *first > all[0]);
                    assert_eq!(found.newer, last < all.last().unwrap());
                }

                let after: Vec<Cursor> = all.iter().copied().filter(|place| *place > cursor).collect();
                let found = page(Part::After(cursor), limit);
                assert_eq!(places(&found), after[..limit.min(after.len())]);
                assert_eq!(found.more, limit < after.len());
            }
        }
    }
    let latest = history::latest_conversation(&trees, CUSTOMER).unwrap().unwrap();
    assert_eq!(latest.id, ConversationId::of(SHOP, 9));
    assert!(
        history::latest_conversation(&trees, CustomerId(1))
            .unwrap()
            .is_none()
    );
}

#[test]
fn behaviours_come_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let mut txn = trees.db.begin();
    for n in 1..=5 {
        let record = BehaviourRecord {
            action: Action::Scan,
            detail: n.to_string(),
            at: 0,
            channel: None,
        };
        trees
            .write(&mut txn, &Change::Behaviour(CUSTOMER, n, record))
            .unwrap();
    }
    trees.db.commit(txn).unwrap();
    let found = history::behaviours(&trees, CUSTOMER, 3).unwrap();
    let details: Vec<&str> = found.iter().map(|behaviour| behaviour.detail.as_str()).collect();
    assert_eq!(details, ["5", "4", "3"]);
}

#[test]
fn dedupe_keys_are_forgotten_by_their_age_in_the_store() {
    use weikefu_core::desk::DedupeKey;
    use weikefu_core::records::Seen;
    const DAY: i64 = 86_400_000;
    let now = 20_000 * DAY;
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let key = |sent_at, id: &str| DedupeKey::inbound(ChannelId(1), "p", sent_at, id);
    let mut txn = trees.db.begin();
    let mut put = |key: DedupeKey, at| {
        let change = Change::Seen(key, Seen { place: None, at });
        trees.write(&mut txn, &change).unwrap();
    };
    for id in 0..10 {
        put(key(now - 40 * DAY, &id.to_string()), now - 40 * DAY);
    }
    let fresh = key(now - DAY, "fresh");
    put(fresh, now - DAY);
    // The visitor's clock is a year behind.
    let behind = key(now - 365 * DAY, "behind");
    put(behind, now - DAY);
    trees.db.commit(txn).unwrap();
    assert_eq!(trees.forget_seen(now, 4).unwrap(), 4);
    assert_eq!(trees.forget_seen(now, 100).unwrap(), 6);
    assert_eq!(trees.forget_seen(now, 100).unwrap(), 0);
    assert!(trees.seen.contains(&fresh).unwrap() && trees.seen.contains(&behind).unwrap());
}

#[test]
fn what_the_index_holds_of_removed_tags_is_dropped_bit_by_bit() {
    use weikefu_core::records::TagId;
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let (gone, also_gone, kept) = (TagId(1), TagId(2), TagId(3));
    let mut txn = trees.db.begin();
    let mut write = |change: Change| trees.write(&mut txn, &change).unwrap();
    for number in 1..=5 {
        let customer = CustomerId::of(SHOP, number);
        for tag in [gone, also_gone, kept] {
            write(Change::Tagged(tag, customer, true));
        }
    }
    write(Change::TagGone(SHOP, gone));
    write(Change::TagGone(SHOP, also_gone));
    trees.db.commit(txn).unwrap();
    assert_eq!(trees.forget_tags(4).unwrap(), 4);
    assert_eq!(trees.forget_tags(4).unwrap(), 4);
    assert_eq!(trees.forget_tags(4).unwrap(), 2);
    assert_eq!(trees.forget_tags(4).unwrap(), 0);
    let left: Vec<TagId> = trees.tagged.scan(&SHOP).map(|entry| entry.unwrap().0.1).collect();
    assert_eq!(left, [kept; 5]);
    assert!(trees.tags_gone.first(&()).unwrap().is_none());
}

#[test]
fn an_agent_knows_whom_he_serves_has_served_is_offered_or_sees_waiting() {
    use weikefu_core::ids::AgentId;
    use weikefu_core::records::Transfer;
    use weikefu_core::rights::Relation;
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let (li, wang) = (AgentId(5), AgentId(6));
    let write = |change: Change| {
        let mut txn = trees.db.begin();
        trees.write(&mut txn, &change).unwrap();
        trees.db.commit(txn).unwrap();
    };
    let relation = |agent| history::relation(&trees, CUSTOMER, agent).unwrap();
    assert_eq!(relation(li), Relation::Stranger);
    let mut open = conversation(1, ChannelId(1));
    write(Change::Conversation(open.clone()));
    assert_eq!((relation(li), relation(wang)), (Relation::Waits, Relation::Waits));
    open.state = ConversationState::Active;
    open.owner = Some(li);
    write(Change::Conversation(open.clone()));
    assert_eq!(
        (relation(li), relation(wang)),
        (Relation::Served, Relation::Stranger)
    );
    open.transfer = Some(Transfer {
        from: li,
        to: wang,
        note: String::new(),
        at: 0,
        until: 1,
    });
    write(Change::Conversation(open.clone()));
    assert_eq!(relation(wang), Relation::Offered);
    // Closed, only what was noted counts.
    open.state = ConversationState::Closed;
    (open.owner, open.transfer) = (None, None);
    write(Change::Conversation(open.clone()));
    assert_eq!(relation(li), Relation::Stranger);
    write(Change::Served(CUSTOMER, li, open.id));
    assert_eq!(
        (relation(li), relation(wang)),
        (Relation::Served, Relation::Stranger)
    );
}
