//! Keys sort like their values, come back unchanged, and prefixes find exactly what begins with them.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, Key, Options, StartsWith, Tree, record};

fn bytes(key: &impl Key) -> Vec<u8> {
    let mut out = Vec::new();
    key.encode(&mut out);
    out
}

fn sorts_and_returns<K: Key + Ord + Debug>(one: &K, other: &K) {
    let (a, b) = (bytes(one), bytes(other));
    assert_eq!(a.cmp(&b), one.cmp(other), "{one:?} {other:?}");
    assert_eq!(K::decode(&a).as_ref(), Some(one));
    for cut in 0..a.len() {
        assert_eq!(K::decode(&a[..cut]), None, "half a key is no key");
    }
    let longer = [a.as_slice(), &[7]].concat();
    assert_eq!(K::decode(&longer), None, "nothing may follow a key");
}

/// Texts full of the characters that the encoding treats specially.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[\u{0}\u{1}\u{2}a]{0,4}", "[a-c微客😀]{0,3}", any::<String>()]
}

proptest! {
    #[test]
    fn numbers(a: (u8, u16, u32, u64), b: (u8, u16, u32, u64), c: i64, d: i64, e: [u8; 5], f: [u8; 5]) {
        sorts_and_returns(&a, &b);
        sorts_and_returns(&c, &d);
        sorts_and_returns(&e, &f);
    }

    #[test]
    fn texts(a in text(), b in text(), c: Vec<u8>, d: Vec<u8>) {
        sorts_and_returns(&a, &b);
        sorts_and_returns(&c, &d);
        prop_assert_eq!(bytes(&a.as_str()), bytes(&a));
    }

    #[test]
    fn tuples(a in (text(), any::<i64>(), text(), any::<u8>()), b in (text(), any::<i64>(), text(), any::<u8>())) {
        sorts_and_returns(&a, &b);
        sorts_and_returns(&(a.0.clone(), a.1), &(b.0.clone(), b.1));
        let nested = ((a.0.as_str(), a.1), (a.2.as_str(), a.3));
        prop_assert_eq!(bytes(&a), bytes(&nested), "a tuple is its parts in a row");
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = <(String, i64)>::decode(&bytes);
        let _ = <(u16, Vec<u8>, [u8; 3], ())>::decode(&bytes);
        let _ = Note::decode_bytes(&bytes);
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note(u32);
record!(Note, b"note1");

impl Note {
    fn decode_bytes(bytes: &[u8]) -> Option<Self> {
        weikefu_storage::Record::decode(bytes)
    }
}

type Keys = (u8, String, u8);

fn key() -> impl Strategy<Value = Keys> {
    (
        prop_oneof![0..4_u8, 254..=255_u8],
        "[\u{0}\u{1}ab]{0,3}",
        any::<u8>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One store against a map of the standard library: every prefix, every range, both directions.
    #[test]
    fn scans_and_ranges_find_exactly_what_is_there(
        keys in prop::collection::vec(key(), 1..120),
        deleted in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        (low, high) in (key(), key()),
        kinds in (0..3, 0..3),
        turns in prop::collection::vec(any::<bool>(), 0..150),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (db, _) = Db::open(folder.path(), Options::default()).unwrap();
        let tree: Tree<Keys, Note> = db.tree("keys").unwrap();
        let mut map = BTreeMap::new();
        let mut txn = db.begin();
        for (number, key) in (0..).zip(&keys) {
            txn.put(&tree, key, &Note(number)).unwrap();
            map.insert(key.clone(), Note(number));
        }
        db.commit(txn).unwrap();
        let mut txn = db.begin();
        for index in deleted {
            let key = index.get(&keys);
            txn.delete(&tree, key);
            map.remove(key);
        }
        db.commit(txn).unwrap();

        let found = |scan: weikefu_storage::Scan<Keys, Note>| scan.map(Result::unwrap).collect::<Vec<_>>();
        let wanted = |wanted: &dyn Fn(&Keys) -> bool| -> Vec<(Keys, Note)> {
            map.iter().filter(|(key, _)| wanted(key)).map(|(key, note)| (key.clone(), note.clone())).collect()
        };
        prop_assert_eq!(found(tree.scan(&())), wanted(&|_| true));
        prop_assert_eq!(found(tree.scan(&low.0)), wanted(&|key| key.0 == low.0));
        prop_assert_eq!(found(tree.scan(&255_u8)), wanted(&|key| key.0 == 255));
        let prefix = (low.0, low.1.as_str());
        prop_assert_eq!(found(tree.scan(&prefix)), wanted(&|key| key.0 == low.0 && key.1 == low.1));
        let start = (low.0, StartsWith(&low.1));
        prop_assert_eq!(found(tree.scan(&start)), wanted(&|key| key.0 == low.0 && key.1.starts_with(&low.1)));
        prop_assert_eq!(tree.first(&low.0).unwrap(), wanted(&|key| key.0 == low.0).first().cloned());
        prop_assert_eq!(tree.last(&low.0).unwrap(), wanted(&|key| key.0 == low.0).last().cloned());
        for key in &keys {
            prop_assert_eq!(tree.get(key).unwrap(), map.get(key).cloned());
        }

        let bound = |kind: i32, key: &Keys| match kind {
            0 => Bound::Included(key.clone()),
            1 => Bound::Excluded(key.clone()),
            _ => Bound::Unbounded,
        };
        let bounds = (bound(kinds.0, &low), bound(kinds.1, &high));
        let inside = wanted(&|key| std::ops::RangeBounds::contains(&bounds, key));
        prop_assert_eq!(found(tree.range(bounds.clone())), inside.clone());

        // From both ends at once, in any order of turns.
        let (mut scan, mut expected) = (tree.range(bounds), inside.into_iter());
        for back in turns {
            let next = if back { scan.next_back() } else { scan.next() };
            let other = if back { expected.next_back() } else { expected.next() };
            prop_assert_eq!(next.map(Result::unwrap), other);
        }
    }
}
