//! The index of customers says what a scan of the trees says, whatever happens, and after a start too.
use crate::restart::{command, runtime};
use crate::shop::{SHOP, Shop, WIDGET, write};
use proptest::prelude::*;
use proptest::test_runner::Config;
use weikefu_channel::{Action, Behaviour, Inbound, Profile, What};
use weikefu_core::desk::{Command, CustomerCommand, Edit};
use weikefu_core::ids::{AgentId, ChannelId, CustomerId, Millis, ShopId};
use weikefu_core::people::{Did, Filter, People, Sight};
use weikefu_core::records::{ChannelRecord, Conversation, ConversationState, Customer, Gender, TagId};
use weikefu_core::trees::Trees;

/// A second channel, of another plugin.
const ACCOUNT: ChannelId = ChannelId(2);

/// What customers and agents do beside talking.
fn doing() -> impl Strategy<Value = Command> {
    let number = || (1..5_u32).prop_map(|number| CustomerId::of(SHOP, number));
    let action = prop::sample::select(vec![
        Action::Follow,
        Action::Unfollow,
        Action::Scan,
        Action::PageView,
    ]);
    let gender = prop::sample::select(vec![Gender::Unknown, Gender::Male, Gender::Female]);
    prop_oneof![
        3 => (0..3_u32, action, 0..9_i64, any::<bool>()).prop_map(|(peer, action, at, account)| {
            Command::Receive {
                channel: if account { ACCOUNT } else { WIDGET },
                rules: [].into(),
                inbound: Inbound {
                    peer: format!("P{peer}"),
                    dedupe: format!("{action:?}"),
                    sent_at: 1_700_000_000_000 + at,
                    what: What::Behaviour { behaviour: Behaviour { action, detail: String::new() } },
                    profile: Profile { nickname: Some(format!("王 Ann{at}")), ..Profile::default() },
                    trigger: None,
                    passive: None,
                },
            }
        }),
        2 => (number(), gender, "[ab京]{0,2}").prop_map(|(customer, gender, address)| {
            let edit = Edit {
                gender: Some(gender),
                remark: Some(format!("备注{address}")),
                phone: Some(format!("139{address}")),
                address: Some(address),
                name: None,
            };
            Command::Customer(CustomerCommand::Edit { customer, edit })
        }),
        1 => "[d-f]".prop_map(|name| Command::Customer(CustomerCommand::AddTag { name })),
        1 => (1..30_u64).prop_map(|tag| Command::Customer(CustomerCommand::RemoveTag { tag: TagId(tag) })),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let kind = prop::sample::select(vec![Action::Follow, Action::Scan, Action::PageView]);
    let maybe = |flag: bool| prop::option::weighted(if flag { 0.3 } else { 0.2 }, any::<bool>());
    let words = prop::sample::select(vec![
        "", "", "", "p1", "ANN", "王 ann3", "备注a", "139", "京", "zz",
    ]);
    let plugin = prop::sample::select(vec!["h5", "wechat", "none"]);
    let text = (words, prop::sample::select(vec!["", "", "", "A", "京"]));
    let who = (
        prop::option::weighted(0.2, (1..4_u32).prop_map(AgentId)),
        prop::option::weighted(0.2, (1..4_u32).prop_map(ChannelId)),
        prop::option::weighted(0.2, plugin),
        prop::collection::vec((1..30_u64).prop_map(TagId), 0..3),
    );
    let did = prop::option::weighted(0.3, (kind, prop::option::of(0..9_i64)));
    let gender = prop::option::weighted(0.2, Just(Gender::Female));
    (text, who, did, gender, maybe(true), maybe(false)).prop_map(
        |(text, who, did, gender, open, blacklisted)| {
            let (words, region) = text;
            let (served_by, channel, plugin, tags) = who;
            let behaviour = did.map(|(kind, since)| Did {
                kind,
                since: since.map(|since| 1_700_000_000_000 + since),
            });
            Filter {
                words: words.into(),
                region: region.into(),
                served_by,
                channel,
                plugin: plugin.map(Into::into),
                tags: if tags.len() == 1 { tags } else { Vec::new() },
                behaviour,
                gender,
                open,
                blacklisted,
                ..Filter::default()
            }
        },
    )
}

/// The same questions, asked of the trees.
struct Scan<'a> {
    trees: &'a Trees,
}

impl Scan<'_> {
    fn conversations(&self, customer: CustomerId) -> Vec<Conversation> {
        let all = self.trees.conversations.scan(&()).map(|entry| entry.unwrap().1);
        all.filter(|conversation| conversation.customer == customer)
            .collect()
    }

    fn last(&self, customer: &Customer) -> Millis {
        let conversations = self.conversations(customer.id);
        let said = conversations
            .iter()
            .filter_map(|conversation| conversation.last.as_ref());
        said.map(|last| last.at)
            .max()
            .unwrap_or(0)
            .max(customer.last_seen)
    }

    fn has_served(&self, agent: AgentId, customer: CustomerId) -> bool {
        let mut conversations = self.conversations(customer).into_iter();
        self.trees.served.first(&(customer, agent)).unwrap().is_some()
            || conversations.any(|conversation| conversation.owner == Some(agent))
    }

    fn fits(&self, customer: &Customer, filter: &Filter, sight: Sight) -> bool {
        let id = customer.id;
        let mut addresses = Vec::new();
        for entry in self.trees.identities.scan(&()) {
            let ((channel, peer), identity) = entry.unwrap();
            if identity.customer == id {
                addresses.push((channel, peer));
            }
        }
        let plugin = |channel: &ChannelId| {
            self.trees
                .channels
                .get(channel)
                .unwrap()
                .map(|known| known.plugin)
        };
        let mut texts = vec![
            customer.nickname.clone(),
            customer.name.clone(),
            customer.remark.clone(),
            customer.phone.clone().unwrap_or_default(),
            customer.details.phone.clone(),
        ];
        texts.extend(addresses.iter().map(|(_, peer)| peer.clone()));
        let mut words = filter.words.split(' ').filter(|word| !word.is_empty());
        let mentioned = words.all(|word| {
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&word.to_lowercase()))
        });
        let open: Vec<_> = self
            .conversations(id)
            .into_iter()
            .filter(|conversation| conversation.state != ConversationState::Closed)
            .collect();
        let did = |did: Did| {
            self.trees.behaviours.scan(&id).any(|entry| {
                let record = entry.unwrap().1;
                record.action == did.kind && did.since.is_none_or(|since| record.at >= since)
            })
        };
        let known = |tag: &TagId| self.trees.tags.contains(&(SHOP, *tag)).unwrap();
        let tagged = |tag: &TagId| customer.tags.contains(tag) && known(tag);
        mentioned
            && customer
                .details
                .address
                .to_lowercase()
                .contains(&filter.region.to_lowercase())
            && filter.served_by.is_none_or(|agent| self.has_served(agent, id))
            && (filter.tags.is_empty() || filter.tags.iter().any(tagged))
            && filter.channel.is_none_or(|channel| {
                addresses
                    .iter()
                    .any(|(on, _)| *on == channel && plugin(on).is_some())
            })
            && filter.plugin.as_ref().is_none_or(|wanted| {
                addresses
                    .iter()
                    .any(|(on, _)| plugin(on).as_ref() == Some(wanted))
            })
            && filter.behaviour.is_none_or(did)
            && filter
                .gender
                .is_none_or(|gender| customer.details.gender == gender)
            && filter
                .blacklisted
                .is_none_or(|wanted| customer.blocked.is_some() == wanted)
            && filter.open.is_none_or(|wanted| open.is_empty() != wanted)
            && match sight {
                Sight::All => true,
                Sight::Of(agent) => {
                    self.has_served(agent, id)
                        || open
                            .iter()
                            .any(|open| open.owner.is_none() || open.offered_to() == Some(agent))
                }
            }
    }

    fn all(&self, filter: &Filter, sight: Sight) -> Vec<(Millis, CustomerId)> {
        let customers = self.trees.customers.scan(&()).map(|entry| entry.unwrap().1);
        let mut fitting: Vec<_> = customers
            .filter(|customer| self.fits(customer, filter, sight))
            .map(|customer| (self.last(&customer), customer.id))
            .collect();
        fitting.sort_unstable();
        fitting.reverse();
        fitting
    }
}

async fn agrees(people: &People, trees: &Trees, filter: &Filter, sight: Sight) {
    let expected = Scan { trees }.all(filter, sight);
    let mut ids: Vec<_> = expected.iter().map(|(_, id)| *id).collect();
    let mut walked = Vec::new();
    let mut after = None;
    loop {
        let page = people.page(SHOP, filter, sight, after, 2).await.unwrap();
        walked.extend(page.customers.iter().map(|found| (found.last_contact, found.id)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(walked, expected, "{filter:?} {sight:?}");
    ids.sort_unstable();
    assert_eq!(people.select(SHOP, filter, sight).await.unwrap(), ids);
    assert_eq!(people.count(SHOP, filter, sight).await.unwrap(), ids.len());
}

fn with_channels(trees: &Trees) {
    let mut txn = trees.db.begin();
    for (id, plugin) in [(WIDGET, "h5"), (ACCOUNT, "wechat")] {
        let record = ChannelRecord {
            id,
            shop: SHOP,
            plugin: plugin.into(),
            name: plugin.into(),
            key: plugin.into(),
            config: "{}".into(),
            enabled: true,
            entry: true,
        };
        txn.put(&trees.channels, &id, &record).unwrap();
    }
    trees.db.commit(txn).unwrap();
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_index_says_what_the_trees_say(
        before in prop::collection::vec(prop_oneof![command(), doing()], 0..40),
        during in prop::collection::vec(prop_oneof![command(), doing()], 1..80),
        filters in prop::collection::vec(filter(), 12),
    ) {
        runtime().block_on(async {
            let shop = Shop::open();
            with_channels(&shop.trees);
            for command in before {
                let _ = shop.try_run(command).await;
            }
            let kept = People::new(&shop.engine, &shop.trees);
            kept.start();
            for (n, command) in during.into_iter().enumerate() {
                let _ = shop.try_run(command).await;
                agrees(&kept, &shop.trees, &filters[n % filters.len()], Sight::All).await;
            }
            let fresh = People::new(&shop.engine, &shop.trees);
            for people in [kept, fresh] {
                for filter in filters.iter().chain([&Filter::default()]) {
                    for sight in [Sight::All, Sight::Of(AgentId(1)), Sight::Of(AgentId(2))] {
                        agrees(&people, &shop.trees, filter, sight).await;
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn nobody_is_left_out_or_comes_twice_while_customers_move() {
    let shop = Shop::open();
    for n in 0..30 {
        shop.run(write(&format!("p{n}"), "1", "hello")).await;
    }
    let people = People::new(&shop.engine, &shop.trees);
    let everybody = Filter::default();
    let (mut seen, mut after) = (Vec::new(), None);
    for n in 0.. {
        let page = people.page(SHOP, &everybody, Sight::All, after, 5).await.unwrap();
        seen.extend(page.customers.iter().map(|found| found.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        // Somebody from a page that was read goes to the front, and somebody new comes.
        shop.run(write(&format!("p{}", 29 - n), &format!("again {n}"), "hello"))
            .await;
        shop.run(write(&format!("new {n}"), "1", "hello")).await;
    }
    let expected: Vec<_> = (1..=30)
        .rev()
        .map(|number| CustomerId::of(SHOP, number))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_shop_knows_its_own_customers_only() {
    let shop = Shop::open();
    shop.run(write("ann", "1", "hello")).await;
    let people = People::new(&shop.engine, &shop.trees);
    let other = ShopId(SHOP.0 + 1);
    assert_eq!(
        people.count(other, &Filter::default(), Sight::All).await.unwrap(),
        0
    );
    assert_eq!(
        people.count(SHOP, &Filter::default(), Sight::All).await.unwrap(),
        1
    );
}

#[tokio::test]
async fn a_filter_has_bounds_and_no_unknown_fields() {
    let fine = Filter {
        words: "王".repeat(64),
        region: "京".repeat(64),
        tags: vec![TagId(1); 20],
        ..Filter::default()
    };
    assert!(fine.check().is_ok());
    for bad in [
        Filter {
            words: "王".repeat(65),
            ..Filter::default()
        },
        Filter {
            region: "京".repeat(65),
            ..Filter::default()
        },
        Filter {
            plugin: Some("p".repeat(65)),
            ..Filter::default()
        },
        Filter {
            tags: vec![TagId(1); 21],
            ..Filter::default()
        },
    ] {
        assert_eq!(bad.check().unwrap_err().code().0, "invalid");
    }
    let read = |text: &str| serde_json::from_str::<Filter>(text);
    assert_eq!(read("{}").unwrap(), Filter::default());
    assert!(
        read(r#"{"tag":[1]}"#).is_err(),
        "a misspelt field does not mean everybody"
    );
    let kept = serde_json::to_string(&fine).unwrap();
    assert_eq!(read(&kept).unwrap(), fine);
}
