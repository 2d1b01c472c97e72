//! The switches of the entries: off, nothing comes in; on again, everything does, without a restart.
use crate::harness::{Agent, Browser, Shop, Visitor, generous, now, texts};
use serde_json::{Value, json};
use weikefu_wechat_simulator::Mode;

async fn switch(agent: &Agent, channel: u64, on: bool) -> crate::harness::Answer {
    agent
        .put(&format!("/entries/{channel}"), &json!({ "on": on }))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_official_account_takes_nothing_and_answers_success() {
    let (mut shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let li = shop.agent("li", "agent").await;
    let customer = official.simulator.customer("oShut");
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&li, "在吗").await;
    let entries = li.get("/entries").await;
    assert!(
        entries
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry["on"] == true),
        "{entries}"
    );
    let refused = switch(&li, official.channel, false).await.refused();
    assert_eq!(refused, (403, "forbidden".into()));
    let missing = switch(&shop.admin, 999, false).await.refused();
    assert_eq!(missing, (404, "not_found".into()));

    let mut listening = li.events(None).await;
    let off = switch(&shop.admin, official.channel, false).await.ok();
    assert_eq!(
        (&off["id"], &off["on"]),
        (&json!(official.channel), &json!(false))
    );
    let told = listening.until("channels have changed", |frame| {
        (frame["what"] == "changed" && frame["topic"] == "channels").then_some(())
    });
    told.await;
    let closed = async |shop: &Shop, text: &str| {
        assert!(customer.text(text).await.is_accepted());
        assert!(customer.follow().await.is_accepted());
        assert_eq!(texts(&shop.thread(&conversation).await), ["在吗"]);
        let path = format!("/customers/{}", conversation["customer"]["id"]);
        assert_eq!(shop.admin.get(&path).await["behaviours"], json!([]));
        // The other entry is not touched.
        shop.still_works(text).await;
    };
    closed(&shop, "关门了").await;
    // It stays off over a restart.
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    closed(&shop, "还关着").await;
    switch(&shop.admin, official.channel, true).await.ok();
    assert!(customer.text("开门了").await.is_accepted());
    assert_eq!(texts(&shop.thread(&conversation).await), ["在吗", "开门了"]);
}

#[tokio::test]
async fn a_closed_web_entry_is_not_drawn_and_an_open_panel_is_told() {
    let shop = Shop::open().await;
    let address = shop.weikefu.address();
    let (visitor, waits) = shop.asks(&shop.admin, "你好").await;
    let (mut socket, _) = visitor.connect(None).await;
    let entry = format!("{}entry", shop.path);
    let page = Browser::new(address);
    assert_eq!(page.get(&entry).await.headers["cache-control"], "no-cache");
    let stored = now();
    visitor.say("kept", stored, "之前的").await.ok();

    // A page without sockets waits for the next message.
    let last = visitor.thread().await.pop().unwrap()["cursor"].clone();
    let path = format!("{}poll?after={}", shop.path, last.as_str().unwrap());
    let polling = visitor.browser.get(&path);
    let switching = async { switch(&shop.admin, shop.h5, false).await.ok() };
    let (polled, _) = futures_util::future::join(polling, switching).await;
    let closed = (403, "closed".to_owned());
    let told = socket
        .until("the closing", |frame| {
            (frame["type"] == "error").then(|| frame.clone())
        })
        .await;
    assert_eq!(told["code"], "closed");
    assert_eq!(polled.refused(), closed);
    assert!(told["message"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(page.get(&entry).await.refused(), closed);
    let session = Visitor::session(address, &shop.path, &json!({ "page": { "url": "https://a/" } })).await;
    assert_eq!(session.refused(), closed);
    assert_eq!(visitor.say("b", now(), "有人吗").await.refused(), closed);
    let (_socket, first) = visitor.try_connect(None).await.unwrap();
    assert_eq!(
        (&first["type"], &first["code"]),
        (&json!("error"), &json!("closed"))
    );
    assert_eq!(texts(&shop.thread(&waits).await), ["你好", "之前的"]);

    // On again: at once, for everybody, with everything that was there.
    switch(&shop.admin, shop.h5, true).await.ok();
    assert_eq!(page.get(&entry).await.status, 200);
    visitor.say("b", now(), "有人吗").await.ok();
    let (_socket, welcome) = visitor.connect(None).await;
    let messages: &Vec<Value> = welcome["messages"].as_array().unwrap();
    assert_eq!(texts(messages), ["你好", "之前的", "有人吗"]);
}
