//! What is live is what is stored, before and after a restart.
use crate::shop::{SHOP, Shop, WIDGET};
use proptest::prelude::*;
use proptest::test_runner::Config;
use weikefu_channel::{Action, Behaviour, Content, Inbound, Profile, ReplyRule, Trigger, What, Words};
use weikefu_core::desk::{AgentSettings, Command, CustomerCommand, DeliveryResult, Edit};
use weikefu_core::ids::{AgentId, ConversationId, CustomerId};
use weikefu_core::rebuild::rebuild;
use weikefu_core::records::{DeliveryState, ShopSettings, TagId};

/// Commands with small numbers, so that many of them hit something.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    let agent = || (1..4_u32).prop_map(AgentId);
    let conversation = || (1..6_u32).prop_map(|number| ConversationId::of(SHOP, number));
    let content = || "[a-c好]{0,3}".prop_map(Content::text);
    let what = prop_oneof![
        5 => content().prop_map(|content| What::Message { content }),
        1 => Just(What::Behaviour { behaviour: Behaviour { action: Action::Follow, detail: String::new() } }),
    ];
    let result = prop_oneof![
        Just(DeliveryResult::Accepted {
            upstream: None,
            proof: None
        }),
        Just(DeliveryResult::Unknown {
            reason: Words::new("没有应答", "no answer")
        }),
        Just(DeliveryResult::Queued),
    ];
    prop_oneof![
        8 => (0..4_u32, 0..9_u32, what).prop_map(|(peer, id, what)| Command::Receive {
            channel: WIDGET,
            rules: [ReplyRule::new(Trigger::Message, 5, 172_800)].into(),
            inbound: Inbound {
                peer: format!("p{peer}"),
                dedupe: id.to_string(),
                sent_at: 1_800_000_000_000,
                what,
                profile: Profile::default(), trigger: None, passive: None },
        }),
        3 => agent().prop_map(|agent| Command::Join { agent }),
        1 => agent().prop_map(|agent| Command::Leave { agent }),
        1 => agent().prop_map(|agent| Command::Suspend { agent }),
        4 => (agent(), any::<bool>()).prop_map(|(agent, online)| Command::SetOnline { agent, online }),
        1 => (agent(), 0..3_u32).prop_map(|(agent, limit)| Command::Configure {
            agent, settings: AgentSettings::accepting(true, limit, "您好"),
        }),
        2 => (agent(), agent(), conversation(), 1..4_u32).prop_map(|(agent, to, conversation, epoch)| {
            Command::Offer { agent, senior: true, conversation, epoch, to, note: "请接".into() }
        }),
        2 => (agent(), conversation(), 1..4_u32).prop_map(|(agent, conversation, epoch)| Command::Take {
            agent, conversation, epoch,
        }),
        2 => (agent(), any::<bool>()).prop_map(|(agent, open)| Command::SetPage { agent, open }),
        1 => Just(Command::Started),
        1 => (10..20_u32).prop_map(|transfer_seconds| Command::ConfigureShop {
            settings: ShopSettings { transfer_seconds, nobody_text: "稍等".into(), ..ShopSettings::default() },
        }),
        3 => (agent(), conversation(), 1..4_u32).prop_map(|(agent, conversation, epoch)| Command::Accept {
            agent, conversation, epoch,
        }),
        3 => (agent(), conversation(), 1..5_u32).prop_map(|(agent, conversation, epoch)| Command::Close {
            agent, senior: true, conversation, epoch,
        }),
        4 => (agent(), conversation(), "[a-d]", content()).prop_map(
            |(agent, conversation, client_id, content)| Command::Send {
                agent, conversation, client_id, content, force: false,
            }
        ),
        2 => (conversation(), 1..6_u32)
            .prop_map(|(conversation, seq)| Command::Delivering { conversation, seq }),
        2 => (conversation(), 1..6_u32, result)
            .prop_map(|(conversation, seq, result)| Command::Delivered { conversation, seq, result }),
        1 => (1..4_u32, "[a-c]").prop_map(|(number, name)| {
            let edit = Edit { name: Some(name), ..Edit::default() };
            Command::Customer(CustomerCommand::Edit { customer: CustomerId::of(SHOP, number), edit })
        }),
        1 => "[a-c]".prop_map(|name| Command::Customer(CustomerCommand::AddTag { name })),
        1 => (1..4_u32, 1..20_u64).prop_map(|(number, tag)| Command::Customer(CustomerCommand::SetTags {
            customer: CustomerId::of(SHOP, number), tags: vec![TagId(tag)],
        })),
        1 => (1..4_u32, any::<bool>()).prop_map(|(number, blocked)| Command::Customer(CustomerCommand::Block {
            agent: AgentId(1), senior: true, customer: CustomerId::of(SHOP, number), blocked,
        })),
    ]
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_restart_changes_nothing(
        first in prop::collection::vec(command(), 1..80),
        second in prop::collection::vec(command(), 1..20),
    ) {
        runtime().block_on(async {
            let shop = Shop::open();
            for command in first {
                let _ = shop.try_run(command).await;
            }
            let live = shop.desk().await;
            assert_eq!(rebuild(&shop.trees, SHOP).unwrap(), live);
            check_indexes(&shop).await;
            let shop = shop.restart().await;
            assert_eq!(shop.desk().await, live);
            assert_eq!(shop.engine.feed(SHOP).unwrap().last(), live.last_event());
            for command in second {
                let _ = shop.try_run(command).await;
            }
            assert_eq!(rebuild(&shop.trees, SHOP).unwrap(), shop.desk().await);
            check_indexes(&shop).await;
        });
    }
}

/// What a start, the outbox and the chat records find their way by.
async fn check_indexes(shop: &Shop) {
    let open: Vec<_> = shop
        .trees
        .open
        .scan(&SHOP)
        .map(|entry| entry.unwrap().0.1)
        .collect();
    let desk = shop.desk().await;
    let mut live: Vec<_> = desk.open().map(|conversation| conversation.id).collect();
    live.sort();
    assert_eq!(open, live, "only what is open is read at a start");
    let histories: Vec<_> = shop
        .trees
        .histories
        .scan(&())
        .map(|entry| entry.unwrap().0)
        .collect();
    let mut known: Vec<_> = shop
        .trees
        .conversations
        .scan(&())
        .map(|entry| entry.unwrap().1)
        .map(|conversation| (conversation.customer, conversation.id))
        .collect();
    known.sort();
    assert_eq!(histories, known);
    let entries: Vec<_> = shop
        .trees
        .outbox
        .scan(&())
        .map(|entry| entry.unwrap().0)
        .collect();
    let under_way: Vec<_> = shop
        .trees
        .messages
        .scan(&())
        .map(Result::unwrap)
        .filter(|(_, message)| {
            message.delivery.as_ref().is_some_and(|delivery| {
                matches!(delivery.state, DeliveryState::Queued | DeliveryState::Sending)
            })
        })
        .map(|(place, _)| place)
        .collect();
    assert_eq!(entries, under_way);
}
