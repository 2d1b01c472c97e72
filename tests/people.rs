//! The list of customers: finding them, seeing no more than one may, and beginning to talk with one.
use crate::harness::{Agent, Shop, eventually, generous, now, texts};
use http::Method;
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Inbound, Mode, Options};

fn of(conversation: &Value) -> String {
    format!("/customers/{}", conversation["customer"]["id"])
}

async fn rows(agent: &Agent, query: &str) -> Vec<Value> {
    let page = agent.get(&format!("/customers?{query}")).await;
    let rows = page["rows"].as_array().unwrap().clone();
    let count = agent.get(&format!("/customers/count?{query}")).await;
    if !query.contains("limit") {
        assert_eq!(count["count"], rows.len(), "{query}");
    }
    rows
}

async fn numbers(agent: &Agent, query: &str) -> Vec<u64> {
    let rows = rows(agent, query).await;
    rows.iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

async fn contact(agent: &Agent, conversation: &Value, body: Value) -> crate::harness::Answer {
    agent.post(&format!("{}/contact", of(conversation)), &body).await
}

#[tokio::test]
async fn customers_are_found_by_what_is_known_of_them_and_stay_found_after_a_crash() {
    let mut shop = Shop::open().await;
    let (li, senior) = (
        shop.agent("li", "agent").await,
        shop.agent("wang", "senior").await,
    );
    let (_a, ann) = shop.asks(&li, "甲").await;
    let (_b, bob) = shop.asks(&li, "乙").await;
    let (_c, eve) = shop.asks(&li, "丙").await;
    li.accept(&ann).await.ok();
    senior.accept(&bob).await.ok();
    let details = json!({ "name": "王小明 Ann", "remark": "爱吃辣", "phone": "138-0013", "gender": "female",
        "address": "上海市黄浦区" });
    li.patch(&of(&ann), &details).await.ok();
    let tag = senior.post("/tags", &json!({ "name": "VIP" })).await.ok();
    senior
        .put(&format!("{}/tags", of(&bob)), &json!({ "tags": [tag["id"]] }))
        .await
        .ok();
    senior
        .put(&format!("{}/blocked", of(&eve)), &json!({ "blocked": true }))
        .await
        .ok();
    let openid = senior.get(&of(&bob)).await["customer"]["openid"]
        .as_str()
        .unwrap()
        .to_uppercase();

    let table = async |senior: &Agent| {
        let bobs = format!("words={openid}");
        let tagged = format!("tags={},999999", tag["id"]);
        let served = format!("served_by={}", senior.id);
        let channel = format!("channel={}", shop.h5);
        for (query, wanted) in [
            ("", vec![3, 2, 1]),
            ("words=ann", vec![1]),
            ("words=%E5%B0%8F%E6%98%8E%20ann", vec![1]),
            ("words=%E7%88%B1%E5%90%83", vec![1]),
            ("words=0013", vec![1]),
            ("words=nobody", vec![]),
            (&bobs, vec![2]),
            (&tagged, vec![2]),
            ("tags=999999", vec![]),
            (&served, vec![2]),
            (&channel, vec![3, 2, 1]),
            ("channel=999", vec![]),
            ("plugin=h5", vec![3, 2, 1]),
            ("plugin=wechat", vec![]),
            ("gender=female", vec![1]),
            ("region=%E9%BB%84%E6%B5%A6", vec![1]),
            ("blacklisted=true", vec![3]),
            ("blacklisted=false", vec![2, 1]),
            ("open=true", vec![2, 1]),
            ("open=true&gender=unknown", vec![2]),
            ("behaviour=scan", vec![]),
            ("contact_to=1000", vec![]),
            ("contact_from=1000", vec![3, 2, 1]),
        ] {
            assert_eq!(numbers(senior, query).await, wanted, "{query}");
        }
    };
    table(&senior).await;
    let row = rows(&senior, "words=ann").await.remove(0);
    assert_eq!(
        (&row["name"], &row["phone"]),
        (&json!("王小明 Ann"), &json!("138-0013"))
    );
    assert_eq!(
        (&row["last_agent"], &row["last_agent_name"]),
        (&json!(li.id), &json!("li"))
    );
    assert_eq!(row["open"]["owner"], li.id);
    assert_eq!(row["open"]["conversation"], ann["id"]);
    assert_eq!(row["channels"][0]["id"], shop.h5);
    assert_eq!(row["contact"]["possible"], true);
    let blocked = rows(&senior, "blacklisted=true").await.remove(0);
    assert_eq!(blocked["contact"]["code"], "customer_blacklisted");
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    table(&senior).await;

    for bad in [
        "gender=x",
        "behaviour=dance",
        "open=2",
        "tags=a",
        "limit=x",
        "after=1",
        "channel=-1",
    ] {
        let refused = senior.browser.get(&format!("/api/shops/1/customers?{bad}")).await;
        assert_eq!(refused.refused(), (400, "malformed".into()), "{bad}");
    }
    let long = format!("/api/shops/1/customers/count?words={}", "a".repeat(65));
    assert_eq!(senior.browser.get(&long).await.refused(), (422, "invalid".into()));
}

#[tokio::test]
async fn an_agent_sees_and_counts_only_customers_he_has_to_do_with() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let (_a, ann) = shop.asks(&li, "甲").await;
    let (_b, bob) = shop.asks(&li, "乙").await;
    let (_c, _waits) = shop.asks(&li, "丙").await;
    let ann = li.accept(&ann).await.ok();
    wang.accept(&bob).await.ok();
    assert_eq!(numbers(&shop.admin, "").await, [3, 2, 1]);
    assert_eq!(numbers(&li, "").await, [3, 1]);
    assert_eq!(numbers(&wang, "").await, [3, 2]);
    let query = format!("served_by={}", li.id);
    assert_eq!(
        numbers(&wang, &query).await,
        [] as [u64; 0],
        "no count tells what others do"
    );
    // What was served stays known after it is closed; a stranger's stays unknown.
    li.close(&ann).await.ok();
    assert_eq!(numbers(&li, "").await, [3, 1]);
    assert_eq!(numbers(&wang, "").await, [3, 2]);
    let forbidden = (403, "forbidden".to_owned());
    let strange = format!("/api/shops/1{}", of(&ann));
    let refused = wang.browser.get(&format!("{strange}/behaviours")).await;
    assert_eq!(refused.refused(), forbidden);
    assert_eq!(contact(&wang, &ann, json!({})).await.refused(), forbidden);
    // Another shop has none of them, and a place of its list is no place of ours.
    let made = shop
        .weikefu
        .order(&["shop", "add", "别人的店", "--login", "other"]);
    let password = made["administrator"]["one_time_password"].as_str().unwrap();
    let mut other = Agent::first_login(shop.weikefu.address(), "other", password).await;
    other.shop = 2;
    assert_eq!(rows(&other, "").await, [] as [Value; 0]);
    let place = shop.admin.get("/customers?limit=1").await["next"].clone();
    let path = format!("/api/shops/2/customers?after={}", place.as_str().unwrap());
    assert_eq!(
        other.browser.get(&path).await.refused(),
        (400, "malformed".into())
    );
}

#[tokio::test]
async fn pages_follow_each_other_while_customers_move() {
    let shop = Shop::open().await;
    let mut visitors = Vec::new();
    for n in 1..=9 {
        visitors.push(shop.asks(&shop.admin, &format!("第{n}")).await.0);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    for n in 0.. {
        let page = shop.admin.get(&format!("/customers?limit=2&after={after}")).await;
        let rows = page["rows"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["number"].as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = next.to_owned();
        // One of those already seen comes to the front.
        visitors[8 - n]
            .say(&format!("again{n}"), now(), "又来了")
            .await
            .ok();
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let first = rows(&shop.admin, "limit=1").await;
    assert_eq!(first.len(), 1);
}

#[tokio::test]
async fn a_visitor_is_contacted_once_and_everybody_else_hears_why_not() {
    let shop = Shop::open().await;
    let (li, senior) = (
        shop.agent("li", "agent").await,
        shop.agent("wang", "senior").await,
    );
    let (visitor, ann) = shop.asks(&li, "在吗").await;
    // One that waits is taken.
    let taken = contact(&li, &ann, json!({})).await.ok();
    assert_eq!((&taken["id"], &taken["owner"]), (&ann["id"], &json!(li.id)));
    let held = contact(&senior, &ann, json!({})).await;
    assert_eq!(held.refused(), (409, "held_by_other".into()));
    assert!(
        held.json()["message"].as_str().unwrap().contains("「li」"),
        "{held:?}"
    );
    li.close(&taken).await.ok();

    li.online(false).await;
    assert_eq!(
        contact(&li, &ann, json!({})).await.refused(),
        (409, "agent_offline".into())
    );
    li.online(true).await;
    let elsewhere = contact(&li, &ann, json!({ "channel": 999 })).await;
    assert_eq!(elsewhere.refused(), (409, "no_address".into()));
    let entry = format!("/entries/{}", shop.h5);
    shop.admin.put(&entry, &json!({ "on": false })).await.ok();
    assert_eq!(
        contact(&li, &ann, json!({})).await.refused(),
        (409, "entry_off".into())
    );
    assert_eq!(rows(&li, "").await[0]["contact"]["code"], "entry_off");
    shop.admin.put(&entry, &json!({ "on": true })).await.ok();
    senior
        .put(&format!("{}/blocked", of(&ann)), &json!({ "blocked": true }))
        .await
        .ok();
    assert_eq!(
        contact(&li, &ann, json!({})).await.refused(),
        (409, "customer_blacklisted".into())
    );
    senior
        .put(&format!("{}/blocked", of(&ann)), &json!({ "blocked": false }))
        .await
        .ok();

    // Everybody presses at once: one begins it, the same agent gets the same one again.
    let pressing = [&li, &senior, &li, &senior].map(|agent| contact(agent, &ann, json!({})));
    let answers = futures_util::future::join_all(pressing).await;
    let begun: Vec<Value> = answers
        .iter()
        .filter(|it| it.status == 200)
        .map(crate::harness::Answer::ok)
        .collect();
    assert!(
        begun
            .iter()
            .all(|it| it["id"] == begun[0]["id"] && it["owner"] == begun[0]["owner"])
    );
    let lost = answers.iter().filter(|it| it.status != 200);
    assert!(lost.clone().count() == 2 && lost.into_iter().all(|it| it.refused().1 == "held_by_other"));
    assert_ne!(begun[0]["id"], ann["id"]);
    assert_eq!(
        (&begun[0]["last_seq"], &begun[0]["state"]),
        (&json!(0), &json!("active"))
    );

    let owner = if begun[0]["owner"] == li.id { &li } else { &senior };
    let (mut socket, _) = visitor.connect(None).await;
    let sent = owner.say(&begun[0], "a", "货到了").await.ok();
    assert_eq!(sent["seq"], 1);
    let heard = socket.until("the message", |frame| {
        (frame["message"]["content"]["text"] == "货到了").then_some(())
    });
    heard.await;
    visitor.say("b", now(), "谢谢").await.ok();
    let all = shop.thread(&begun[0]).await;
    assert_eq!(texts(&all), ["在吗", "货到了", "谢谢"]);
    assert_eq!(all[2]["conversation"], begun[0]["id"], "the answer goes on in it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_platform_that_counts_the_ledger_decides() {
    let (mut shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    let li = shop.agent("li", "senior").await;
    let customer = official.simulator.customer("oContact");
    assert!(customer.text("在吗").await.is_accepted());
    let waits = shop.found(&li, "在吗").await;
    let open = li.accept(&waits).await.ok();
    let row = rows(&li, "words=ocontact").await.remove(0);
    assert_eq!(
        (&row["contact"]["possible"], &row["contact"]["left"]),
        (&json!(true), &json!(5))
    );
    assert!(row["contact"]["until"].as_i64().unwrap() > now() + 47 * 3_600_000);
    for n in 0..5 {
        let sent = li.say(&open, &format!("m{n}"), "好").await.ok();
        li.delivered(&open, &sent, "accepted").await;
    }
    li.close(&open).await.ok();
    assert_eq!(
        contact(&li, &waits, json!({})).await.refused(),
        (409, "reach_spent".into())
    );
    // Of somebody else some are left, and are after a crash too.
    let customer = official.simulator.customer("oMore");
    assert!(customer.text("还在吗").await.is_accepted());
    let waits = shop.found(&li, "还在吗").await;
    let open = li.accept(&waits).await.ok();
    li.close(&open).await.ok();
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    li.online(true).await;
    let begun = contact(&li, &waits, json!({ "channel": official.channel }))
        .await
        .ok();
    let sent = li.say(&begun, "x", "您好").await.ok();
    li.delivered(&begun, &sent, "accepted").await;
    li.close(&begun).await.ok();
    assert!(customer.unfollow().await.is_accepted());
    assert_eq!(
        contact(&li, &waits, json!({})).await.refused(),
        (409, "customer_unfollowed".into())
    );
    let row = rows(&li, "words=omore").await.remove(0);
    assert_eq!(row["contact"]["code"], "customer_unfollowed");
    // Somebody who has only been somewhere cannot be written to.
    let walks = official.simulator.customer("oWalks");
    let there = walks.write(Inbound::position(31.2, 121.5));
    assert!(official.simulator.deliver(&there).await.is_accepted());
    let row = eventually("the walker", async || rows(&li, "words=oWalks").await.pop()).await;
    assert_eq!(row["contact"]["code"], "reach_closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behaviours_are_kept_with_time_and_place_and_read_in_pages() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let customer = official.simulator.customer("oActs");
    assert!(customer.follow().await.is_accepted());
    for what in [
        Inbound::scan("store_1"),
        Inbound::click("KF"),
        Inbound::view("https://shop.example/"),
        Inbound::position(31.2, 121.5),
    ] {
        let callback = customer.write(what);
        assert!(official.simulator.deliver(&callback).await.is_accepted());
    }
    let row = eventually("the customer", async || {
        rows(&shop.admin, "words=oacts").await.pop()
    })
    .await;
    let path = format!("/customers/{}/behaviours", row["id"]);
    let all = shop.admin.get(&path).await;
    let kinds = |page: &Value| -> Vec<String> {
        let rows = page["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        kinds(&all),
        ["location", "menu_view", "menu_click", "scan", "follow"]
    );
    assert!(all["next"].is_null());
    for row in all["rows"].as_array().unwrap() {
        assert_eq!(row["channel"]["id"], official.channel);
        assert!(row["at"].as_i64().unwrap() > 0);
    }
    assert_eq!(all["rows"][3]["detail"], "store_1");
    let first = shop.admin.get(&format!("{path}?limit=2")).await;
    let next = first["next"].as_str().unwrap().to_owned();
    let second = shop.admin.get(&format!("{path}?limit=2&before={next}")).await;
    let next = second["next"].as_str().unwrap().to_owned();
    let third = shop.admin.get(&format!("{path}?limit=2&before={next}")).await;
    assert!(third["next"].is_null());
    let walked: Vec<String> = [first, second, third].iter().flat_map(kinds).collect();
    assert_eq!(walked, kinds(&all));
    assert_eq!(
        kinds(&shop.admin.get(&format!("{path}?kind=scan")).await),
        ["scan"]
    );
    for (query, found) in [
        ("behaviour=scan", 1),
        ("behaviour=unfollow", 0),
        ("behaviour=follow&behaviour_since=1000", 1),
        ("behaviour=follow&behaviour_since=99999999999999", 0),
    ] {
        assert_eq!(rows(&shop.admin, query).await.len(), found, "{query}");
    }
    let nobody = shop
        .admin
        .browser
        .json(Method::GET, "/api/shops/1/customers/1/behaviours", &json!({}))
        .await;
    assert_eq!(nobody.refused(), (404, "not_found".into()));
}
