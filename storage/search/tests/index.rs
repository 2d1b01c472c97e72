//! The index against a plain scan of the same texts.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use weikefu_search::{Entry, Error, Finder, Index, Question, Terms, fold};

fn entry(group: u32, conversation: u64, seq: u32, text: &str) -> Entry<'_> {
    Entry {
        group,
        conversation,
        seq,
        customer: conversation,
        channel: 1,
        author: 0,
        at: i64::from(seq) * 10,
        text,
    }
}

fn question(group: u32, text: &str, limit: usize) -> Question {
    Question {
        terms: Terms::of(group, &fold(text)).unwrap(),
        before: None,
        from: i64::MIN,
        to: i64::MAX,
        limit,
    }
}

fn found(finder: &Finder, group: u32, text: &str) -> Vec<(u64, u32)> {
    let places = finder
        .find(&question(group, text, 1000), Arc::new(|_| true))
        .unwrap();
    assert!(places.is_sorted_by(|a, b| a > b), "newest first, each once");
    places
        .iter()
        .map(|place| (place.conversation, place.seq))
        .collect()
}

#[test]
fn what_is_committed_is_found_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search");
    assert!(matches!(Index::open(&path), Err(Error::Missing(_))));
    let mut index = Index::create(&path).unwrap();
    index.add(&entry(1, 7, 1, "怎么退货")).unwrap();
    index.add(&entry(1, 7, 2, "Refund OK?")).unwrap();
    index.add(&entry(1, 8, 3, "退货 ok")).unwrap();
    index.add(&entry(11, 9, 4, "退货")).unwrap();
    assert_eq!(found(&index.finder(), 1, "退货"), []);
    index.commit("one").unwrap();
    let finder = index.finder();
    assert_eq!(found(&finder, 1, "退货"), [(8, 3), (7, 1)]);
    assert_eq!(found(&finder, 11, "退货"), [(9, 4)]);
    assert_eq!(found(&finder, 1, "OK"), [(8, 3), (7, 2)]);
    assert_eq!(found(&finder, 1, "fund ok"), [(7, 2)]);
    assert_eq!(
        (finder.last(7).unwrap(), finder.last(6).unwrap()),
        (Some(2), None)
    );
    let older = Question {
        before: Some((30, 8, 3)),
        ..question(1, "退货", 9)
    };
    assert_eq!(finder.find(&older, Arc::new(|_| true)).unwrap().len(), 1);
    assert!(finder.find(&older, Arc::new(|_| false)).unwrap().is_empty());

    index.remove(7, 1).unwrap();
    index.add(&entry(1, 7, 1, "怎么换货")).unwrap();
    index.remove_conversation(8);
    index.commit("two").unwrap();
    assert_eq!(found(&finder, 1, "退货"), []);
    assert_eq!(found(&finder, 1, "换货"), [(7, 1)]);
    drop(index);
    let (index, said) = Index::open(&path).unwrap();
    assert_eq!(said, "two");
    assert_eq!(found(&index.finder(), 1, "怎么"), [(7, 1)]);
    index.verify().unwrap();
    assert!(index.bytes() > 0);
}

#[test]
fn thousands_of_entries_in_many_parts_are_found_like_by_a_scan() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = Index::create(folder.path()).unwrap();
    let text = |n: u32| {
        format!(
            "第{n}句 订单{} {}",
            n * 7919 % 1000,
            if n.is_multiple_of(3) {
                "退货"
            } else {
                "发货 iPhone15"
            }
        )
    };
    for n in 0..4000 {
        index.add(&entry(1, u64::from(n / 10), n, &text(n))).unwrap();
        if n.is_multiple_of(250) {
            index.commit("").unwrap();
        }
    }
    index.commit("").unwrap();
    for asked in [
        "退货",
        "发货 iph",
        "单77",
        "77",
        "99句",
        "第39",
        "5句 订",
        "e15",
        "没有",
    ] {
        let word = fold(asked);
        let expected: Vec<u32> = (0..4000)
            .rev()
            .filter(|n| fold(&text(*n)).contains(&word))
            .collect();
        let places = index
            .finder()
            .find(&question(1, asked, 5000), Arc::new(|_| true))
            .unwrap();
        let told: Vec<u32> = places.iter().map(|place| place.seq).collect();
        assert_eq!(told, expected, "{asked}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_text_is_found_if_and_only_if_it_contains_the_question(
        texts in proptest::collection::vec("[abAＢ12é退货好，。😂 \u{fe0f}\n-]{0,16}", 1..40),
        questions in proptest::collection::vec("[aB1２é退货好，😂 -]{2,5}", 1..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut index = Index::create(folder.path()).unwrap();
        for (n, text) in (1..).zip(&texts) {
            index.add(&entry(3, 5, n, text)).unwrap();
        }
        index.commit("").unwrap();
        for asked in questions {
            let word = fold(&asked);
            if Terms::of(3, &word).is_none() {
                continue;
            }
            let expected: BTreeSet<(u64, u32)> = (1..)
                .zip(&texts)
                .filter(|(_, text)| fold(text).contains(&word))
                .map(|(n, _)| (5, n))
                .collect();
            let told: BTreeSet<_> = found(&index.finder(), 3, &asked).into_iter().collect();
            prop_assert_eq!(told, expected, "{:?}", asked);
        }
    }
}
