//! Who observes the engine hears of every commit, once, and before anybody else.
use crate::shop::{SHOP, Shop, write};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use weikefu_core::desk::{Change, Command};
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::records::StoredContent;

fn texts(changes: &[Change]) -> Vec<String> {
    let text = |change: &Change| match change {
        Change::Message(_, _, message) => match &message.content {
            StoredContent::Text(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    changes.iter().filter_map(text).collect()
}

#[tokio::test]
async fn from_a_known_moment_everything_is_heard_once() {
    let shop = Shop::open();
    shop.run(write("ann", "1", "before")).await;
    let (observer, mut heard) = mpsc::unbounded_channel();
    shop.engine.observe(observer).await.unwrap();
    let stored = shop.trees.messages.scan(&()).count();
    assert_eq!(stored, 1, "what was before lies in the trees");
    assert!(heard.try_recv().is_err(), "and is not told again");

    for n in 0..3 {
        shop.run(write("ann", &format!("after {n}"), &format!("after {n}")))
            .await;
        // Nobody waits here: the observer heard before the sender had an answer.
        let changes = heard.try_recv().unwrap();
        assert_eq!(texts(&changes), [format!("after {n}")]);
    }
}

#[tokio::test]
async fn what_is_refused_or_changes_nothing_is_not_told() {
    let shop = Shop::open();
    shop.run(write("ann", "1", "hello")).await;
    let (observer, mut heard) = mpsc::unbounded_channel();
    shop.engine.observe(observer).await.unwrap();
    let refused = Command::Accept {
        agent: AgentId(9),
        conversation: ConversationId::of(SHOP, 77),
        epoch: 1,
    };
    assert!(shop.try_run(refused).await.is_err());
    shop.run(write("ann", "1", "hello")).await;
    assert!(heard.try_recv().is_err(), "a repetition stores nothing");
}

#[tokio::test]
async fn an_observer_that_has_gone_holds_nobody_up_and_the_other_hears_all() {
    let shop = Shop::open();
    let (gone, nobody) = mpsc::unbounded_channel();
    let (observer, mut heard) = mpsc::unbounded_channel();
    shop.engine.observe(gone).await.unwrap();
    shop.engine.observe(observer).await.unwrap();
    drop(nobody);
    let mut senders = JoinSet::new();
    for n in 0..50 {
        let engine = shop.engine.clone();
        let command = write(&format!("p{n}"), "1", &format!("text {n}"));
        senders.spawn(async move { engine.execute(SHOP, command).await.unwrap() });
    }
    senders.join_all().await;
    let mut all = Vec::new();
    while let Ok(changes) = heard.try_recv() {
        assert!(!changes.is_empty());
        all.extend(texts(&changes));
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 50);
}
