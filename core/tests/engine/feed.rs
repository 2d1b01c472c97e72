//! Nobody misses an event, and nobody gets one twice.
use crate::shop::{SHOP, Shop};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use weikefu_core::desk::{Event, Happening};
use weikefu_core::feed::{Feed, Subscription};
use weikefu_core::ids::ChannelId;

/// Events a feed keeps.
const KEPT: u64 = 4096;

fn event(n: u64) -> Event {
    let what = Happening::Channel {
        channel: ChannelId(1),
        healthy: true,
        text: weikefu_channel::Words::default(),
    };
    Event { n, what }
}

fn missed(subscription: &Subscription) -> Option<Vec<u64>> {
    let missed = subscription.missed.as_ref()?;
    Some(missed.iter().map(|published| published.event.n).collect())
}

#[test]
fn a_listener_gets_exactly_what_it_misses() {
    let feed = Feed::new(10);
    assert_eq!(missed(&feed.subscribe(10)), Some(vec![]));
    assert_eq!(missed(&feed.subscribe(9)), None, "from before the start: reload");
    assert_eq!(
        missed(&feed.subscribe(11)),
        None,
        "from a future that a restored backup undid"
    );
    feed.publish((11..=20).map(event).collect());
    for after in 10..=20 {
        let subscription = feed.subscribe(after);
        assert_eq!(missed(&subscription), Some((after + 1..=20).collect()));
        assert_eq!(subscription.last, 20);
    }
    for after in [0, 9, 21, u64::MAX] {
        assert_eq!(missed(&feed.subscribe(after)), None);
    }
}

#[test]
fn what_reaches_too_far_back_is_not_half_answered() {
    let feed = Feed::new(0);
    let last = KEPT + 900;
    for n in 1..=last {
        feed.publish(vec![event(n)]);
    }
    assert_eq!(missed(&feed.subscribe(899)), None);
    assert_eq!(missed(&feed.subscribe(900)), Some((901..=last).collect()));
    assert_eq!(feed.last(), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_is_no_gap_between_missed_and_live() {
    let feed = Arc::new(Feed::new(0));
    let mut listeners = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let feed = Arc::clone(&feed);
        listeners.spawn(async move {
            let mut have = 0;
            let mut subscriptions = 0;
            while have < KEPT {
                let mut subscription = feed.subscribe(have);
                subscriptions += 1;
                for published in subscription.missed.expect("all of it is kept") {
                    assert_eq!(published.event.n, have + 1);
                    have += 1;
                }
                assert_eq!(subscription.last, have);
                // A short connection, so that there are many seams.
                for _ in 0..50 {
                    if have == KEPT {
                        break;
                    }
                    match subscription.live.recv().await {
                        Ok(published) => {
                            assert_eq!(published.event.n, have + 1);
                            have += 1;
                        }
                        // Too slow: come again with the number it has.
                        Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => panic!("the feed has ended"),
                    }
                }
            }
            subscriptions
        });
    }
    let publisher = std::thread::spawn(move || {
        let mut next = 1;
        for size in (1..8).cycle() {
            let end = (next + size).min(KEPT + 1);
            feed.publish((next..end).map(event).collect());
            next = end;
            if next > KEPT {
                break;
            }
            std::thread::yield_now();
        }
    });
    let subscriptions = listeners.join_all().await;
    publisher.join().unwrap();
    assert!(subscriptions.iter().all(|count| *count >= 1));
}

#[tokio::test]
async fn the_engine_publishes_what_it_stored() {
    let shop = Shop::open();
    let feed = shop.engine.feed(SHOP).unwrap();
    let agent = shop.agent(1).await;
    let conversation = shop.served(agent, "p").await;
    shop.sent(agent, conversation, "hello").await;
    let last = shop.desk().await.last_event();
    assert!(last >= 6);
    assert_eq!(missed(&feed.subscribe(0)), Some((1..=last).collect()));
    assert_eq!(missed(&feed.subscribe(last - 2)), Some(vec![last - 1, last]));
    drop(feed);

    let shop = shop.restart().await;
    let feed = shop.engine.feed(SHOP).unwrap();
    assert_eq!(feed.last(), last);
    assert_eq!(
        missed(&feed.subscribe(last)),
        Some(vec![]),
        "nothing happened meanwhile"
    );
    assert_eq!(
        missed(&feed.subscribe(last - 1)),
        None,
        "what was live before the restart is gone: reload"
    );
    shop.sent(agent, conversation, "again").await;
    let now = shop.desk().await.last_event();
    assert_eq!(missed(&feed.subscribe(last)), Some((last + 1..=now).collect()));
}
