//! A record that cannot be read stops what needs it, and nothing else.
use crate::shop::{SHOP, Shop, WIDGET, write};
use weikefu_core::desk::{Command, CustomerCommand, Desk, Edit};
use weikefu_core::ids::{ConversationId, CustomerId, ShopId};
use weikefu_core::rebuild::rebuild;
use weikefu_core::trees::Number;
use weikefu_storage::{Key, Tree};

/// Puts bytes of another kind in the place of a record.
fn damage<K: Key>(shop: &Shop, tree: &'static str, key: &K) {
    let tree: Tree<K, Number> = shop.trees.db.tree(tree).unwrap();
    let mut txn = shop.trees.db.begin();
    txn.put(&tree, key, &Number(7)).unwrap();
    shop.trees.db.commit(txn).unwrap();
}

async fn refused(shop: &Shop, command: Command) -> &'static str {
    shop.try_run(command).await.unwrap_err().code().0
}

fn rename(customer: CustomerId) -> Command {
    let edit = Edit {
        name: Some("王".into()),
        ..Edit::default()
    };
    Command::Customer(CustomerCommand::Edit { customer, edit })
}

#[tokio::test]
async fn a_damaged_record_refuses_its_command_and_the_desk_goes_on() {
    let shop = Shop::open();
    let agent = shop.agent(1).await;
    let gone = shop.served(agent, "gone").await;
    let epoch = shop.desk().await.conversation(gone).unwrap().epoch;
    let customer = shop.desk().await.conversation(gone).unwrap().customer;
    let close = |conversation: ConversationId, epoch| Command::Close {
        agent,
        senior: false,
        conversation,
        epoch,
    };
    shop.run(close(gone, epoch)).await;
    let served = shop.served(agent, "other").await;
    damage(&shop, "customers", &customer);

    // Whatever reads the record is refused, again and again, and leaves nothing behind.
    let before = shop.desk().await;
    for n in 0..3 {
        let dedupe = format!("again{n}");
        assert_eq!(
            refused(&shop, write("gone", &dedupe, "在吗")).await,
            "record_damaged"
        );
        assert_eq!(refused(&shop, rename(customer)).await, "record_damaged");
    }
    assert_eq!(shop.desk().await, before);
    assert_eq!(rebuild(&shop.trees, SHOP).unwrap(), before);
    // Everybody else is served, here and in other shops.
    shop.sent(agent, served, "还在").await;
    shop.written("new", "first").await;
    let other = ShopId(4);
    shop.engine.execute(other, Command::Join { agent }).await.unwrap();
    assert_eq!(rebuild(&shop.trees, SHOP).unwrap(), shop.desk().await);
}

#[tokio::test]
async fn a_decision_that_had_begun_is_undone() {
    let shop = Shop::open();
    let agent = shop.agent(1).await;
    shop.run(Command::Configure {
        agent,
        settings: weikefu_core::desk::AgentSettings::accepting(true, 5, "您好"),
    })
    .await;
    // The greeting asks the ledger of the address after the message has been put.
    damage(&shop, "reaches", &(WIDGET, "p".to_owned()));
    let before = shop.desk().await;
    assert_eq!(
        refused(&shop, write("p", "first", "在吗")).await,
        "record_damaged"
    );
    assert_eq!(shop.desk().await, before, "as if it had not come");
    assert_eq!(shop.engine.feed(SHOP).unwrap().last(), before.last_event());
    let fine = shop.written("q", "first").await;
    assert_eq!(fine.owner, Some(agent));
    assert_eq!(rebuild(&shop.trees, SHOP).unwrap(), shop.desk().await);
}

#[tokio::test]
async fn a_start_does_without_what_is_damaged() {
    let shop = Shop::open();
    let agent = shop.agent(1).await;
    let lost = shop.served(agent, "lost").await;
    let kept = shop.served(agent, "kept").await;
    damage(&shop, "conversations", &lost);
    let shop = shop.restart().await;
    shop.engine.keep_time().await.unwrap();
    let open = |desk: &Desk| desk.open().map(|open| open.id).collect::<Vec<_>>();
    assert_eq!(shop.engine.look(SHOP, open).await.unwrap(), [kept]);
    shop.sent(agent, kept, "还在").await;
    // The customer whose conversation is gone begins a new one.
    let fresh = shop.written("lost", "again").await;
    assert!(fresh.id > kept);
}
