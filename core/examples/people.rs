//! Prints what 100,000 customers cost: `cargo run --release -p weikefu-core --example people`.
//!
//! Each has an address, a conversation, an agent, three behaviours; some have tags, a phone number, an address. The
//! floor is a walk over as many strings of the same length in one vector, in the same run.
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use weikefu_channel::Action;
use weikefu_core::desk::Change;
use weikefu_core::engine::Engine;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, CustomerId, ShopId};
use weikefu_core::people::{Did, Filter, People, Sight};
use weikefu_core::records::{BehaviourRecord, Customer, Gender, Tag, TagId};
use weikefu_core::trees::Trees;
use weikefu_storage::{Db, Options};

const SHOP: ShopId = ShopId(1);
const CUSTOMERS: u32 = 100_000;
const ROUNDS: usize = 200;
const T: i64 = 1_800_000_000_000;

fn customer(n: u32) -> Customer {
    let mut customer = Customer::new(CustomerId::of(SHOP, n), T + i64::from(n) * 977);
    customer.nickname = format!("微信用户小明{n}");
    customer.remark = if n.is_multiple_of(5) {
        "爱吃辣，老客户介绍".into()
    } else {
        String::new()
    };
    customer.details.phone = format!("138{:08}", u64::from(n) * 7919 % 100_000_000);
    customer.details.address = ["上海市黄浦区", "北京市朝阳区", "广东省深圳市", ""][n as usize % 4].into();
    customer.details.gender = [Gender::Female, Gender::Male, Gender::Unknown][n as usize % 3];
    customer.tags = (1..=10)
        .filter(|tag| u64::from(n) % (tag * 3) == 0)
        .map(TagId)
        .collect();
    customer
}

fn fill(trees: &Trees) -> Result<(), Box<dyn Error>> {
    let mut txn = trees.db.begin();
    for n in 1..=10 {
        let tag = Tag {
            id: TagId(n),
            name: n.to_string(),
            customers: 0,
            created: T,
        };
        trees.write(&mut txn, &Change::Tag(SHOP, tag))?;
    }
    trees.db.commit(txn)?;
    for first in (1..=CUSTOMERS).step_by(500) {
        let mut txn = trees.db.begin();
        for n in first..(first + 500).min(CUSTOMERS + 1) {
            let known = customer(n);
            let id = known.id;
            let peer = format!("oAbCdEfGhIjKlMnOpQrSt{n:07}");
            trees.write(&mut txn, &Change::Identity(ChannelId(1 + n % 2), peer, id))?;
            trees.write(&mut txn, &Change::Customer(known))?;
            let conversation = ConversationId::of(SHOP, n);
            trees.write(&mut txn, &Change::Served(id, AgentId(1 + n % 30), conversation))?;
            for (at, action) in [Action::Follow, Action::Scan, Action::MenuClick]
                .into_iter()
                .enumerate()
            {
                let record = BehaviourRecord {
                    action,
                    detail: "store_1".into(),
                    at: T + at as i64,
                    channel: Some(ChannelId(1)),
                };
                trees.write(&mut txn, &Change::Behaviour(id, at as u64, record))?;
            }
        }
        trees.db.commit(txn)?;
    }
    Ok(())
}

fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!("{what:<28} p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99));
}

/// What is asked, with its name.
fn questions() -> Vec<(&'static str, Filter)> {
    let words = |words: &str| Filter {
        words: words.into(),
        ..Filter::default()
    };
    vec![
        ("everybody", Filter::default()),
        ("words, most", words("小明")),
        ("words, one", words("oabcdefghijklmnopqrst0077777")),
        ("words, nobody", words("没有这个人")),
        ("phone", words("1380007")),
        (
            "region",
            Filter {
                region: "深圳".into(),
                ..Filter::default()
            },
        ),
        (
            "tags",
            Filter {
                tags: vec![TagId(10), TagId(9)],
                ..Filter::default()
            },
        ),
        (
            "served by",
            Filter {
                served_by: Some(AgentId(7)),
                ..Filter::default()
            },
        ),
        (
            "channel",
            Filter {
                channel: Some(ChannelId(2)),
                ..Filter::default()
            },
        ),
        (
            "behaviour, nobody",
            Filter {
                behaviour: Some(Did {
                    kind: Action::PageView,
                    since: Some(T),
                }),
                ..Filter::default()
            },
        ),
        (
            "gender + tag + words",
            Filter {
                gender: Some(Gender::Female),
                tags: vec![TagId(1)],
                words: "介绍 77".into(),
                ..Filter::default()
            },
        ),
        (
            "contact + region + served",
            Filter {
                contact_from: Some(T + 50_000_000),
                region: "上海".into(),
                served_by: Some(AgentId(3)),
                ..Filter::default()
            },
        ),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Runtime::new()?.block_on(measure())
}

async fn measure() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    {
        let (db, _) = Db::open(folder.path(), Options::default())?;
        fill(&Trees::open(&db)?)?;
        db.close()?;
    }
    let (db, _) = Db::open(folder.path(), Options::default())?;
    let trees = Trees::open(&db)?;
    let (effects, _kept) = mpsc::unbounded_channel();
    let engine = Engine::start(trees.clone(), effects)?;
    let before = memory_mib();
    let started = Instant::now();
    let people = People::new(&engine, &trees);
    let everybody = people.count(SHOP, &Filter::default(), Sight::All).await?;
    println!(
        "{everybody} customers: ready after {:.2} s",
        started.elapsed().as_secs_f64()
    );
    println!(
        "memory {before:.0} MiB before, {:.0} MiB after (the store's cache included)",
        memory_mib()
    );

    let floor: Vec<String> = (0..CUSTOMERS).map(|n| format!("{n:080}")).collect();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        black_box(floor.iter().filter(|text| text.contains("不在里面")).count());
        times.push(began.elapsed());
    }
    print("floor: walk over strings", times);
    for (what, filter) in questions() {
        for sight in [Sight::All, Sight::Of(AgentId(7))] {
            let whose = if sight == Sight::All { "" } else { ", agent" };
            let (mut counts, mut pages) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let began = Instant::now();
                black_box(people.count(SHOP, &filter, sight).await?);
                counts.push(began.elapsed());
                let began = Instant::now();
                black_box(people.page(SHOP, &filter, sight, None, 50).await?);
                pages.push(began.elapsed());
            }
            print(&format!("count {what}{whose}"), counts);
            print(&format!("page  {what}{whose}"), pages);
        }
    }
    Ok(())
}
