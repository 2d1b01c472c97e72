//! Annotations of the shop and the blacklist: looked for, solved, deleted, exported, taken off.
use crate::harness::{Agent, Answer, Shop, generous, now};
use http::Method;
use serde_json::{Value, json};
use weikefu_wechat_simulator::Mode;

async fn delete(agent: &Agent, rest: &str) -> Answer {
    let path = format!("/api/shops/1{rest}");
    agent.browser.json(Method::DELETE, &path, &json!({})).await
}

async fn annotate(agent: &Agent, conversation: &Value, text: &str) -> Value {
    let path = format!("/customers/{}/annotations", conversation["customer"]["id"]);
    agent.post(&path, &json!({ "text": text })).await.ok()
}

fn texts(page: &Value) -> Vec<&str> {
    let rows = page["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| row["annotation"]["text"].as_str().unwrap())
        .collect()
}

/// Only the selected rows leave, only those one may see, and none as a formula.
async fn only_the_rows_one_may_see_leave(senior: &Agent, wang: &Agent, refund: &Value) {
    let export = |query: String| format!("/api/shops/1/annotations/export?{query}");
    let selected = senior.browser.get(&export(format!("ids={}", refund["id"]))).await;
    assert_eq!(selected.headers["content-type"], "text/csv; charset=utf-8");
    let csv = String::from_utf8(selected.body.to_vec()).unwrap();
    assert!(
        csv.starts_with('\u{feff}') && csv.contains("\"'=要退款\""),
        "{csv}"
    );
    assert!(
        !csv.contains("回电话") && csv.contains("张三丰") && csv.lines().count() == 2,
        "{csv}"
    );
    let not_his = wang.browser.get(&export(format!("ids={}", refund["id"]))).await;
    assert_eq!(String::from_utf8_lossy(&not_his.body).lines().count(), 1);
    let book = senior.browser.get(&export("format=xlsx".into())).await;
    assert!(book.body.starts_with(b"PK"));
    let listed = senior.browser.get(&export("format=json".into())).await.ok();
    assert_eq!(
        (listed[0]["text"].as_str(), listed.as_array().unwrap().len()),
        (Some("回电话"), 2)
    );
    assert_eq!(
        senior.browser.get(&export("format=pdf".into())).await.refused(),
        (422, "invalid".into())
    );
}

#[tokio::test]
async fn annotations_are_found_solved_exported_and_deleted_by_who_may() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let senior = shop.agent("zhao", "senior").await;
    let (_one, first) = shop.asks(&li, "一").await;
    let (_two, second) = shop.asks(&li, "二").await;
    let path = format!("/customers/{}", first["customer"]["id"]);
    li.patch(&path, &json!({ "name": "张三丰" })).await.ok();
    li.accept(&first).await.ok();
    wang.accept(&second).await.ok();
    let mut live = senior.events(None).await;
    let refund = annotate(&li, &first, "=要退款").await;
    live.until("annotations have changed", |frame| {
        (frame["topic"] == "annotations").then_some(())
    })
    .await;
    let call = annotate(&wang, &second, "回电话").await;
    // A senior sees all, an agent those of customers he has to do with and his own.
    assert_eq!(texts(&senior.get("/annotations").await), ["回电话", "=要退款"]);
    assert_eq!(texts(&li.get("/annotations").await), ["=要退款"]);
    assert_eq!(texts(&wang.get("/annotations").await), ["回电话"]);
    // By nickname, by the author's account, by openid; by state, agent, time.
    let all = senior.get("/annotations").await;
    let openid = all["rows"][0]["openid"].as_str().unwrap().to_owned();
    assert!(all["rows"][0]["place"].is_string() || all["rows"][0]["place"].is_object());
    let later = now() + 60_000;
    for (query, expected) in [
        ("words=%E4%B8%89%E4%B8%B0".to_owned(), vec!["=要退款"]),
        ("words=wang".to_owned(), vec!["回电话"]),
        (format!("words={openid}"), vec!["回电话"]),
        ("words=nobody".to_owned(), vec![]),
        ("state=solved".to_owned(), vec![]),
        ("state=open".to_owned(), vec!["回电话", "=要退款"]),
        (format!("agent={}", li.id), vec!["=要退款"]),
        (format!("from={later}"), vec![]),
        (format!("to={later}"), vec!["回电话", "=要退款"]),
    ] {
        let page = senior.get(&format!("/annotations?{query}")).await;
        assert_eq!(texts(&page), expected, "{query}");
    }
    // Page after page.
    let page = senior.get("/annotations?limit=1").await;
    assert_eq!(texts(&page), ["回电话"]);
    let next = senior
        .get(&format!("/annotations?limit=1&after={}", page["next"]))
        .await;
    assert_eq!((texts(&next), &next["next"]), (vec!["=要退款"], &Value::Null));
    for bad in ["state=x", "agent=x", "after=x", "limit=x"] {
        let answer = senior
            .browser
            .get(&format!("/api/shops/1/annotations?{bad}"))
            .await;
        assert_eq!(answer.refused(), (400, "malformed".into()), "{bad}");
    }

    // Another agent's customer: neither solved nor deleted.
    let theirs = format!("/annotations/{}", refund["id"]);
    let forbidden = (403, "forbidden".to_owned());
    assert_eq!(
        wang.patch(&theirs, &json!({ "solved": true })).await.refused(),
        forbidden
    );
    assert_eq!(delete(&wang, &theirs).await.refused(), forbidden);
    let many = json!({ "ids": [refund["id"], call["id"]] });
    assert_eq!(wang.post("/annotations/delete", &many).await.refused(), forbidden);
    let solved = li.patch(&theirs, &json!({ "solved": true })).await.ok();
    assert_eq!(solved["solved"]["by"], li.id);
    assert_eq!(texts(&senior.get("/annotations?state=solved").await), ["=要退款"]);
    li.patch(&theirs, &json!({ "solved": false })).await.ok();
    assert_eq!(texts(&senior.get("/annotations?state=solved").await), [""; 0]);

    only_the_rows_one_may_see_leave(&senior, &wang, &refund).await;

    // One's own, then many as a senior; a second time is no error.
    assert_eq!(
        delete(&wang, &format!("/annotations/{}", call["id"])).await.ok()["deleted"],
        1
    );
    let gone = senior.post("/annotations/delete", &many).await.ok();
    assert_eq!(gone, json!({ "deleted": 1, "missing": 1 }));
    assert_eq!(texts(&senior.get("/annotations").await), [""; 0]);
    let deeds = senior.get("/deeds").await;
    assert_eq!(
        (&deeds["rows"][0]["kind"], &deeds["rows"][0]["by"]),
        (&json!("delete_annotations"), &json!(senior.id))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_off_the_blacklist_can_write_again() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let fan = official.simulator.customer("oBlack");
    assert!(fan.text("我是粉丝").await.is_accepted());
    let on_wechat = shop.found(&shop.admin, "我是粉丝").await;
    let (visitor, on_page) = shop.asks(&shop.admin, "我在网页").await;
    let ids = [
        on_wechat["customer"]["id"].clone(),
        on_page["customer"]["id"].clone(),
    ];
    for id in &ids {
        let blocked = json!({ "blocked": true });
        shop.admin
            .put(&format!("/customers/{id}/blocked"), &blocked)
            .await
            .ok();
    }
    let names = async |query: &str| {
        let page = shop.admin.get(&format!("/blacklist?{query}")).await;
        let rows = page["customers"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["customer"]["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, [ids[1].clone(), ids[0].clone()]);
    assert_eq!(names("words=oBlack").await, [ids[0].clone()]);
    assert_eq!(names("agent=999").await, [Value::Null; 0]);
    assert_eq!(names(&format!("from={}", now() + 60_000)).await, [Value::Null; 0]);
    assert_eq!(
        names(&format!("to={}&agent={}", now() + 60_000, shop.admin.id))
            .await
            .len(),
        2
    );
    fan.text("听得到吗").await;
    drop(visitor.say("a", now(), "听得到吗").await);
    assert_eq!(shop.admin.conversations().await, [Value::Null; 0]);
    let removed = shop
        .admin
        .post("/blacklist/remove", &json!({ "ids": [ids[0], ids[1], 1] }))
        .await
        .ok();
    assert_eq!(removed, json!({ "removed": 2, "missing": 1 }));
    assert_eq!(
        shop.admin
            .post("/blacklist/remove", &json!({ "ids": [] }))
            .await
            .refused(),
        (422, "invalid".into())
    );
    assert_eq!(names("").await, [Value::Null; 0]);
    assert!(fan.text("我回来了").await.is_accepted());
    visitor.say("b", now(), "我也回来了").await.ok();
    for (text, id) in [("我回来了", &ids[0]), ("我也回来了", &ids[1])] {
        assert_eq!(&shop.found(&shop.admin, text).await["customer"]["id"], id);
    }
}
