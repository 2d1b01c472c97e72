//! A platform that repeats itself and does not keep its order.
use crate::harness::{Dice, Shop, generous, text_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use weikefu_wechat_simulator::{Callback, Clock, Customer, Inbound, Mode, Options, Storm};

const CUSTOMERS: usize = 50;

fn standing() -> Options {
    let now = crate::harness::now() / 1000 - 3600;
    Options {
        clock: Clock::standing_at(u64::try_from(now).unwrap()),
        ..generous()
    }
}

/// Every thread of the channel by its customer, whom each text names: `<customer> <number>`.
async fn threads(shop: &Shop) -> BTreeMap<usize, Vec<(usize, Value)>> {
    let mut threads = BTreeMap::new();
    for conversation in shop.admin.conversations().await {
        let messages = shop.thread(&conversation).await;
        let seqs: Vec<u64> = messages
            .iter()
            .map(|message| message["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, (1..=messages.len() as u64).collect::<Vec<_>>(), "no gaps");
        let mut whose = BTreeSet::new();
        let numbered = messages
            .into_iter()
            .map(|message| {
                let (customer, number) = text_of(&message).split_once(' ').unwrap();
                whose.insert(customer.parse::<usize>().unwrap());
                (number.parse::<usize>().unwrap(), message.clone())
            })
            .collect();
        assert_eq!(whose.len(), 1, "a thread belongs to one customer");
        assert!(
            threads.insert(whose.pop_first().unwrap(), numbered).is_none(),
            "one thread a customer"
        );
    }
    threads
}

fn people(official: &crate::harness::Official) -> Vec<Customer> {
    (0..CUSTOMERS)
        .map(|n| official.simulator.customer(&format!("oStorm{n:04}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callbacks_out_of_order_a_third_of_them_twice() {
    let mut dice = Dice::thrown("storm");
    let (shop, official) = Shop::open_with(Mode::Secure, standing()).await;
    shop.take_everybody().await;
    let people = people(&official);
    let mut written = vec![0; CUSTOMERS];
    let (mut callbacks, mut times) = (Vec::new(), BTreeMap::new());
    for n in 0..667 {
        // Everybody writes at least once; no two messages of one customer have the same time.
        let who = if n < CUSTOMERS {
            n
        } else {
            dice.below(CUSTOMERS as u64) as usize
        };
        let callback = people[who].write(Inbound::text(format!("{who} {}", written[who])));
        times.insert((who, written[who]), callback.create_time);
        callbacks.push(callback);
        written[who] += 1;
        official
            .simulator
            .clock()
            .advance(std::time::Duration::from_secs(1));
    }
    let storm = Storm {
        seed: dice.below(u64::MAX),
        duplicates: 333,
        parallel: 32,
    };
    let deliveries = official.simulator.storm(callbacks, storm).await;
    assert_eq!(deliveries.len(), 1000);
    for (index, delivery) in &deliveries {
        assert!(delivery.is_accepted(), "{index}: {delivery:?}");
    }
    let threads = threads(&shop).await;
    assert_eq!(threads.len(), CUSTOMERS);
    for (who, mut thread) in threads {
        // In the order of the platform's time the customer's words stand as they were written, each once.
        thread.sort_by_key(|(_, message)| message["sent_at"].as_i64().unwrap());
        let numbers: Vec<usize> = thread.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..written[who]).collect::<Vec<_>>(), "customer {who}");
        for (number, message) in &thread {
            let sent_at = message["sent_at"].as_u64().unwrap();
            assert_eq!(
                sent_at,
                times[&(who, *number)] * 1000,
                "customer {who}, message {number}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_one_after_another_is_read_in_that_order() {
    let dice = Dice::thrown("order");
    let (shop, official) = Shop::open_with(Mode::Compatible, generous()).await;
    shop.take_everybody().await;
    let mut writing = tokio::task::JoinSet::new();
    for (who, customer) in people(&official).into_iter().enumerate() {
        let (simulator, mut dice) = (official.simulator.clone(), dice.of_its_own(who as u64));
        writing.spawn(async move {
            let mut earlier: Vec<Callback> = Vec::new();
            for number in 0..13 {
                let callback = customer.write(Inbound::text(format!("{who} {number}")));
                assert!(simulator.deliver(&callback).await.is_accepted());
                earlier.push(callback);
                // A third are followed by one that was delivered before, now or long ago.
                if dice.below(2) == 0 {
                    let again = &earlier[dice.below(earlier.len() as u64) as usize];
                    assert!(simulator.deliver(again).await.is_accepted());
                }
            }
        });
    }
    while let Some(done) = writing.join_next().await {
        done.unwrap();
    }
    let threads = threads(&shop).await;
    assert_eq!(threads.len(), CUSTOMERS);
    for (who, thread) in threads {
        let numbers: Vec<usize> = thread.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..13).collect::<Vec<_>>(), "customer {who}");
        let times: Vec<i64> = thread
            .iter()
            .map(|(_, message)| message["sent_at"].as_i64().unwrap())
            .collect();
        assert!(times.is_sorted());
    }
}
