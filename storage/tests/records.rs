//! Old bytes are read for ever: a chain of three versions, with the bytes each of them once wrote.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, Error, MAX_RECORD_BYTES, Options, Record, Refused, Tree, record};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Customer1 {
    nickname: String,
}
record!(Customer1, b"customer1");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Customer2 {
    nickname: String,
    vip: bool,
}
record!(Customer2, b"customer2", Customer1, |old| Customer2 {
    nickname: old.nickname,
    vip: false
});

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Customer {
    names: Vec<String>,
    level: u8,
}
// On purpose a marker that begins like an earlier one: they are compared whole.
record!(Customer, b"customer10", Customer2, |old| Customer {
    names: vec![old.nickname],
    level: u8::from(old.vip)
});

/// Written by version 1: never change these bytes.
const BYTES_1: &[u8] = b"\x09customer1\x06\xe5\xb0\x8f\xe7\x8e\x8b";
/// Written by version 2.
const BYTES_2: &[u8] = b"\x09customer2\x03Ada\x01";
/// Written by the current version.
const BYTES_3: &[u8] = b"\x0acustomer10\x02\x01a\x01b\x05";

#[test]
fn every_version_reads_its_own_bytes_and_all_older_ones() {
    let current = |names: &[&str], level| {
        Some(Customer {
            names: names.iter().map(ToString::to_string).collect(),
            level,
        })
    };
    assert_eq!(Customer::decode(BYTES_1), current(&["小王"], 0));
    assert_eq!(Customer::decode(BYTES_2), current(&["Ada"], 1));
    assert_eq!(Customer::decode(BYTES_3), current(&["a", "b"], 5));
    assert_eq!(
        Customer2::decode(BYTES_1),
        Some(Customer2 {
            nickname: "小王".into(),
            vip: false
        })
    );
}

#[test]
fn every_version_writes_what_it_always_wrote() {
    assert_eq!(
        Customer1 {
            nickname: "小王".into()
        }
        .encode()
        .unwrap(),
        BYTES_1
    );
    assert_eq!(
        Customer2 {
            nickname: "Ada".into(),
            vip: true
        }
        .encode()
        .unwrap(),
        BYTES_2
    );
    assert_eq!(
        Customer {
            names: vec!["a".into(), "b".into()],
            level: 5
        }
        .encode()
        .unwrap(),
        BYTES_3
    );
}

#[test]
fn newer_torn_and_foreign_bytes_are_refused() {
    assert_eq!(
        Customer1::decode(BYTES_2),
        None,
        "an old version does not read what is newer"
    );
    for bytes in [BYTES_1, BYTES_2, BYTES_3] {
        for cut in 0..bytes.len() {
            assert_eq!(Customer::decode(&bytes[..cut]), None);
        }
        assert_eq!(
            Customer::decode(&[bytes, b"\0"].concat()),
            None,
            "nothing may follow"
        );
    }
    assert_eq!(
        Customer::decode(b"\x0acustomer10\xfd\xff\xff\xff\xff\xff\xff\xff\xff"),
        None,
        "a huge length"
    );
    assert_eq!(Customer::decode(b"\xffx"), None);
}

#[test]
fn the_bound_is_exact() {
    let of = |length: usize| Customer1 {
        nickname: "x".repeat(length),
    };
    // One byte for the marker's length, nine for the marker, three for the length of the text.
    let fits = MAX_RECORD_BYTES - 13;
    let stored = of(fits).encode().unwrap();
    assert_eq!(stored.len(), MAX_RECORD_BYTES);
    assert_eq!(Customer1::decode(&stored), Some(of(fits)));
    assert_eq!(
        of(fits + 1).encode(),
        Err(Refused::TooLarge(MAX_RECORD_BYTES + 1))
    );
}

#[test]
fn a_store_of_the_first_version_opens_with_the_current_one() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = Db::open(folder.path(), Options::default()).unwrap();
    let old: Tree<u64, Customer1> = db.tree("customers").unwrap();
    let mut txn = db.begin();
    txn.put(
        &old,
        &1,
        &Customer1 {
            nickname: "小王".into(),
        },
    )
    .unwrap();
    db.commit(txn).unwrap();
    let new: Tree<u64, Customer> = db.tree("customers").unwrap();
    let mut txn = db.begin();
    let mut customer = txn.get(&new, &1).unwrap().unwrap();
    customer.level = 3;
    txn.put(&new, &1, &customer).unwrap();
    db.commit(txn).unwrap();
    assert_eq!(
        new.get(&1).unwrap().unwrap(),
        Customer {
            names: vec!["小王".into()],
            level: 3
        }
    );
    assert!(matches!(
        old.get(&1),
        Err(Error::Corrupt {
            tree: "customers",
            ..
        })
    ));
}
