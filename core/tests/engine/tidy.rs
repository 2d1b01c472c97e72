//! What is dropped when nothing needs it any more, and what never is.
use crate::history::conversation;
use crate::shop::{SHOP, trees};
use weikefu_core::accounts::{Accounts, Profile};
use weikefu_core::desk::{Change, Stuck};
use weikefu_core::engine::now;
use weikefu_core::ids::{ChannelId, ConversationId, ShopId};
use weikefu_core::media::{self, MAX_FILE, MediaId};
use weikefu_core::records::{Author, Begun, Blob, DeliveryState, Message, Shop, StoredContent, StoredMedia};
use weikefu_core::stuck;
use weikefu_core::trees::Trees;

const DAY: i64 = 86_400_000;
const LONG: usize = 40 * (16 << 10) + 1;

fn file(trees: &Trees, length: usize) -> MediaId {
    media::put(trees, "", None, &vec![7; length]).unwrap().0
}

/// An upload that broke off after its first pieces.
fn broken(trees: &Trees, id: [u8; 16], at: i64) {
    let mut txn = trees.db.begin();
    txn.put(&trees.media_begun, &id, &Begun { at }).unwrap();
    for piece in 0..3 {
        txn.put(&trees.media_pieces, &(id, piece), &Blob(vec![1; 9]))
            .unwrap();
    }
    trees.db.commit(txn).unwrap();
}

fn is_whole(trees: &Trees, id: MediaId, length: usize) -> bool {
    media::meta(trees, id).is_ok_and(|meta| meta.size as usize == length)
        && media::read(trees, id, 0, MAX_FILE).unwrap() == vec![7; length]
}

fn is_gone(trees: &Trees, id: MediaId) -> bool {
    media::meta(trees, id).is_err() && trees.media_pieces.scan(&id.0).next().is_none()
}

fn names(trees: &Trees, seq: u32, content: StoredContent) {
    let message = Message {
        at: 0,
        sent_at: None,
        author: Author::Customer,
        content,
        client_id: None,
        delivery: None,
    };
    let id = conversation(1, ChannelId(1)).id;
    let mut txn = trees.db.begin();
    trees.write(&mut txn, &Change::Message(id, seq, message)).unwrap();
    trees.db.commit(txn).unwrap();
}

#[test]
fn what_is_left_of_broken_uploads_goes_and_whole_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let whole = [file(&trees, 1), file(&trees, LONG)];
    assert_eq!(trees.media_begun.scan(&()).count(), 0, "both have ended");
    let at = now();
    for n in 0..4 {
        broken(&trees, [n; 16], at - DAY);
    }
    broken(&trees, [9; 16], at - DAY + 1);
    // A bound on the work, not on what is dropped of a file.
    assert_eq!(media::sweep(&trees, at, 4).unwrap(), 6);
    assert_eq!(media::sweep(&trees, at, 100).unwrap(), 6);
    assert_eq!(media::sweep(&trees, at, 100).unwrap(), 0);
    assert_eq!(trees.media_pieces.scan(&[9; 16]).count(), 3, "it may still go on");
    assert_eq!(media::sweep(&trees, at + 1, 100).unwrap(), 3);
    assert_eq!(media::sweep(&trees, i64::MAX, 100).unwrap(), 0);
    assert!(is_whole(&trees, whole[0], 1) && is_whole(&trees, whole[1], LONG));
    // Nor does a note that should not be there take a file with it.
    let mut txn = trees.db.begin();
    txn.put(&trees.media_begun, &whole[1].0, &Begun { at: 0 })
        .unwrap();
    trees.db.commit(txn).unwrap();
    assert_eq!(media::sweep(&trees, at, 100).unwrap(), 0);
    assert!(is_whole(&trees, whole[1], LONG));
    assert_eq!(trees.media_begun.scan(&()).count(), 0);
}

#[test]
fn a_replaced_picture_goes_after_a_month_unless_a_message_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let accounts = Accounts::new(trees.clone());
    let (agent, _) = accounts.add("li", "小李", "").unwrap();
    let set = |picture: Option<MediaId>| {
        let avatar = Some(picture.map(|id| id.to_string()));
        let profile = Profile {
            avatar,
            ..Profile::default()
        };
        accounts.edit_profile(agent.id, profile).unwrap();
    };
    let attached = |id: MediaId| StoredMedia {
        id: id.to_string(),
        mime: String::new(),
        size: 1,
        name: None,
    };
    let pictures: Vec<MediaId> = (0..6).map(|_| file(&trees, 9)).collect();
    let ordinary = file(&trees, 9);
    for (at, picture) in pictures.iter().enumerate() {
        set(Some(*picture));
        // The same again, or another nickname, replaces nothing.
        set(Some(*picture));
        accounts.edit_profile(agent.id, Profile::default()).unwrap();
        match at {
            // Sent while it was the picture.
            1 => names(&trees, 1, StoredContent::Image(Some(attached(*picture)))),
            // Sent after it had been.
            3 => names(&trees, 2, StoredContent::File(Some(attached(pictures[2])))),
            4 => names(
                &trees,
                3,
                StoredContent::News {
                    title: "t".into(),
                    description: String::new(),
                    url: "https://shop.example/".into(),
                    picture: format!("https://shop.example/m/{}?download", pictures[3]),
                },
            ),
            _ => {}
        }
    }
    let at = now();
    assert_eq!(media::sweep(&trees, at + 29 * DAY, 100).unwrap(), 0);
    assert_eq!(media::sweep(&trees, at + 31 * DAY, 1).unwrap(), 1);
    assert_eq!(media::sweep(&trees, at + 31 * DAY, 100).unwrap(), 1);
    let gone: Vec<bool> = pictures.iter().map(|id| is_gone(&trees, *id)).collect();
    assert_eq!(gone, [true, false, false, false, true, false]);
    // Who takes the picture away has none; the file goes like others.
    set(None);
    assert_eq!(media::sweep(&trees, at + 31 * DAY, 100).unwrap(), 1);
    assert!(is_gone(&trees, pictures[5]));
    assert_eq!(media::sweep(&trees, i64::MAX, 100).unwrap(), 0);
    for kept in [pictures[1], pictures[2], pictures[3], ordinary] {
        assert!(is_whole(&trees, kept, 9));
    }
}

#[test]
fn what_did_not_get_out_is_forgotten_after_ninety_days_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let at = now();
    let other = ShopId(SHOP.0 + 1);
    let mut txn = trees.db.begin();
    for shop in [SHOP, other] {
        let record = Shop {
            id: shop,
            name: "s".into(),
            zone: "Asia/Shanghai".into(),
            created: 0,
        };
        txn.put(&trees.shops, &shop, &record).unwrap();
        for state in [
            DeliveryState::Failed,
            DeliveryState::Unknown,
            DeliveryState::Suppressed,
        ] {
            for age in [89, 90, 91] {
                let stuck = Stuck {
                    state,
                    at: at - age * DAY,
                    conversation: ConversationId::of(shop, 1),
                    seq: age as u32,
                };
                trees.write(&mut txn, &Change::Stuck(stuck)).unwrap();
            }
        }
    }
    trees.db.commit(txn).unwrap();
    for (limit, dropped) in [(5, 5), (100, 7), (100, 0)] {
        assert_eq!(stuck::forget(&trees, at, limit).unwrap(), dropped);
    }
    let left: Vec<i64> = trees
        .stuck
        .scan(&())
        .map(|entry| entry.unwrap().0.stuck.at)
        .collect();
    assert_eq!(left, [at - 89 * DAY; 6]);
}
