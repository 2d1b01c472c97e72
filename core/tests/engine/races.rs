//! Many at once.
use crate::shop::{SHOP, Shop, WIDGET, write};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use weikefu_channel::{Cursor, Stored};
use weikefu_core::accounts::Accounts;
use weikefu_core::desk::{Command, Desk, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::history::{self, Part};
use weikefu_core::ids::AgentId;
use weikefu_core::records::StoredContent;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_two_who_accept_exactly_one_wins() {
    const AGENTS: u32 = 32;
    let shop = Shop::open();
    for agent in 1..=AGENTS {
        shop.agent(agent).await;
    }
    for round in 0..10 {
        let conversation = shop.written(&format!("p{round}"), "1").await;
        let start = Arc::new(Barrier::new(AGENTS as usize));
        let mut pressing = JoinSet::new();
        for agent in 1..=AGENTS {
            let (engine, start) = (shop.engine.clone(), Arc::clone(&start));
            pressing.spawn(async move {
                start.wait().await;
                let accept = Command::Accept {
                    agent: AgentId(agent),
                    conversation: conversation.id,
                    epoch: conversation.epoch,
                };
                (AgentId(agent), engine.execute(SHOP, accept).await)
            });
        }
        let mut winners = Vec::new();
        for (agent, answer) in pressing.join_all().await {
            match answer {
                Ok(Reply::Conversation(taken)) => {
                    assert_eq!(taken.owner, Some(agent));
                    winners.push(agent);
                }
                Err(Refusal::ConversationTaken) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(winners.len(), 1);
        let desk = shop.desk().await;
        assert_eq!(
            desk.conversation(conversation.id).unwrap().owner,
            Some(winners[0])
        );
    }
}

#[tokio::test]
async fn who_was_disabled_does_not_come_online_by_what_he_asked_before() {
    let shop = Shop::open();
    let accounts = Accounts::new(shop.trees.clone());
    let (account, _) = accounts.add("li", "小李", "").unwrap();
    let agent = shop.agent(account.id.0).await;
    shop.run(Command::SetOnline { agent, online: false }).await;
    // The request has passed the door; then the account is disabled, and only then the desk decides it.
    accounts.set_disabled(agent, true).unwrap();
    shop.run(Command::Suspend { agent }).await;
    let late = shop.try_run(Command::SetOnline { agent, online: true }).await;
    assert!(matches!(late, Err(Refusal::Forbidden)), "{late:?}");
    let page = shop.try_run(Command::SetPage { agent, open: true }).await;
    assert!(page.is_ok() && !shop.desk().await.agent(agent).unwrap().is_online());
    accounts.set_disabled(agent, false).unwrap();
    shop.run(Command::SetOnline { agent, online: true }).await;
    assert!(shop.desk().await.agent(agent).unwrap().is_online());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_third_are_repetitions_and_each_is_stored_once_in_order() {
    const CUSTOMERS: usize = 50;
    const MESSAGES: usize = 20;
    let shop = Shop::open();
    let mut writing = JoinSet::new();
    for customer in 0..CUSTOMERS {
        let engine = shop.engine.clone();
        writing.spawn(async move {
            let peer = format!("p{customer}");
            let mut places = Vec::new();
            for number in 0..MESSAGES {
                let send = || engine.execute(SHOP, write(&peer, &number.to_string(), &number.to_string()));
                let mut answers = vec![stored(send().await)];
                if number % 2 == 0 {
                    // The platform did not hear the answer, or was too impatient to wait for it.
                    let (one, other) = tokio::join!(send(), send());
                    answers.extend([stored(one), stored(other)]);
                }
                let place = answers[0].cursor.unwrap();
                assert!(answers.iter().all(|answer| answer.cursor == Some(place)));
                assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
                places.push(place);
            }
            (peer, places)
        });
    }
    for (peer, places) in writing.join_all().await {
        let find = move |desk: &Desk| desk.conversation_with(WIDGET, &peer).cloned();
        let conversation = shop.engine.look(SHOP, find).await.unwrap().unwrap();
        let page = history::thread(&shop.trees, conversation.customer, WIDGET, Part::Newest, 200).unwrap();
        let found: Vec<(Cursor, StoredContent)> = page
            .messages
            .into_iter()
            .map(|(id, seq, message)| {
                (
                    Cursor {
                        conversation: id.0,
                        seq,
                    },
                    message.content,
                )
            })
            .collect();
        let expected: Vec<(Cursor, StoredContent)> = places
            .into_iter()
            .enumerate()
            .map(|(number, place)| (place, StoredContent::Text(number.to_string())))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(conversation.unread as usize, MESSAGES);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repetition_in_the_same_group_is_seen() {
    let shop = Shop::open();
    let mut writing = JoinSet::new();
    for _ in 0..64 {
        let engine = shop.engine.clone();
        writing.spawn(async move { stored(engine.execute(SHOP, write("p", "1", "hello")).await) });
    }
    let answers = writing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert_eq!(shop.trees.messages.scan(&()).count(), 1);
}

/// More than one transaction can hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_long_messages_at_once_are_stored() {
    let shop = Shop::open();
    let text: Arc<str> = "长".repeat(15_000).into();
    let mut writing = JoinSet::new();
    for customer in 0..300 {
        let (engine, text) = (shop.engine.clone(), Arc::clone(&text));
        writing.spawn(async move {
            let command = write(&format!("p{customer}"), "1", &text);
            stored(engine.execute(SHOP, command).await)
        });
    }
    let answers = writing.join_all().await;
    assert!(answers.iter().all(|answer| !answer.duplicate));
    assert_eq!(shop.desk().await.open().count(), 300);
}

fn stored(answer: Result<Reply, Refusal>) -> Stored {
    match answer {
        Ok(Reply::Stored(stored)) => stored,
        other => panic!("{other:?}"),
    }
}
