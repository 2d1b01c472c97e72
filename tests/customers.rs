//! What the desk knows of its customers: details, tags, blacklist, annotations, records.
use crate::harness::{Agent, Shop, eventually, generous, now, texts};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Fault, Mode};

fn of(conversation: &Value) -> String {
    format!("/customers/{}", conversation["customer"]["id"])
}

async fn delete(agent: &Agent, path: &str) -> crate::harness::Answer {
    let path = format!("/api/shops/1{path}");
    agent.browser.json(http::Method::DELETE, &path, &json!({})).await
}

#[tokio::test]
async fn details_are_empty_until_an_agent_enters_them_and_then_live() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let (_visitor, waits) = shop.asks(&li, "你好").await;
    let before = li.get(&of(&waits)).await["customer"].clone();
    assert_eq!(
        (&before["gender"], &before["phone"], &before["address"]),
        (&json!("unknown"), &Value::Null, &json!(""))
    );
    assert_eq!(
        (&before["channel_tags"], &before["channel_tags_at"]),
        (&json!([]), &Value::Null)
    );
    let mut listening = shop.admin.events(None).await;
    let details = json!({ "gender": "female", "phone": " +86 138-0013 ", "address": "上海市黄浦区" });
    let edited = li.patch(&of(&waits), &details).await.ok();
    assert!(edited["revision"].as_u64() > before["revision"].as_u64());
    let told = listening.until("the new revision", |frame| {
        (frame["conversation"]["customer"]["revision"] == edited["revision"]).then_some(())
    });
    told.await;
    let after = shop.admin.get(&of(&waits)).await["customer"].clone();
    assert_eq!(
        (&after["gender"], &after["phone"], &after["address"]),
        (&json!("female"), &json!("+86 138-0013"), &json!("上海市黄浦区"))
    );
    let gone = li
        .patch(&of(&waits), &json!({ "phone": "", "gender": "unknown" }))
        .await;
    gone.ok();
    assert_eq!(li.get(&of(&waits)).await["customer"]["phone"], Value::Null);
    for body in [
        json!({ "phone": "1".repeat(33) }),
        json!({ "address": "路".repeat(201) }),
    ] {
        assert_eq!(
            li.patch(&of(&waits), &body).await.refused(),
            (422, "invalid".into())
        );
    }
    let odd = li.patch(&of(&waits), &json!({ "gender": "男" })).await;
    assert_eq!(odd.refused(), (400, "malformed".into()));
}

#[tokio::test]
async fn seniors_make_tags_agents_give_them_and_they_are_counted() {
    let mut shop = Shop::open().await;
    let (li, senior) = (
        shop.agent("li", "agent").await,
        shop.agent("wang", "senior").await,
    );
    let mut listening = li.events(None).await;
    let vip = senior.post("/tags", &json!({ "name": " VIP " })).await.ok();
    assert_eq!((&vip["name"], &vip["customers"]), (&json!("VIP"), &json!(0)));
    let told = listening.until("tags have changed", |frame| {
        (frame["what"] == "changed" && frame["topic"] == "tags").then_some(())
    });
    told.await;
    let old = senior.post("/tags", &json!({ "name": "老客户" })).await.ok();
    let again = senior.post("/tags", &json!({ "name": "vip" })).await;
    assert_eq!(again.refused(), (409, "exists".into()));
    for name in ["", " ", &"签".repeat(21)] {
        let refused = senior.post("/tags", &json!({ "name": name })).await;
        assert_eq!(refused.refused(), (422, "invalid".into()), "{name:?}");
    }
    let forbidden = (403, "forbidden".to_owned());
    let tag = format!("/tags/{}", vip["id"]);
    assert_eq!(
        li.post("/tags", &json!({ "name": "x" })).await.refused(),
        forbidden
    );
    assert_eq!(li.patch(&tag, &json!({ "name": "x" })).await.refused(), forbidden);
    assert_eq!(delete(&li, &tag).await.refused(), forbidden);

    let (_first, one) = shop.asks(&li, "一").await;
    let (_second, two) = shop.asks(&li, "二").await;
    let give = async |conversation: &Value, tags: Value| {
        li.put(&format!("{}/tags", of(conversation)), &json!({ "tags": tags }))
            .await
    };
    let tagged = give(&one, json!([old["id"], vip["id"], vip["id"]])).await.ok();
    assert_eq!(
        tagged["tags"],
        json!([{ "id": vip["id"], "name": "VIP" }, { "id": old["id"], "name": "老客户" }])
    );
    give(&two, json!([vip["id"]])).await.ok();
    assert_eq!(
        give(&two, json!([999_999])).await.refused(),
        (404, "not_found".into())
    );
    let counts = async || {
        let tags = li.get("/tags").await;
        let tags = tags.as_array().unwrap();
        tags.iter()
            .map(|tag| format!("{} {}", tag["name"].as_str().unwrap(), tag["customers"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts().await, ["VIP 2", "老客户 1"]);
    // All of it is still there when the server comes back.
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    assert_eq!(counts().await, ["VIP 2", "老客户 1"]);
    assert_eq!(
        senior.patch(&tag, &json!({ "name": "贵宾" })).await.ok()["customers"],
        2
    );
    assert_eq!(
        li.conversation(&two["id"]).await.unwrap()["customer"]["tags"][0]["name"],
        "贵宾"
    );
    give(&one, json!([old["id"]])).await.ok();
    assert_eq!(counts().await, ["贵宾 1", "老客户 1"]);
    // The answer tells how many have lost it.
    assert_eq!(delete(&senior, &tag).await.ok()["customers"], 1);
    assert_eq!(delete(&senior, &tag).await.refused(), (404, "not_found".into()));
    assert_eq!(counts().await, ["老客户 1"]);
    assert_eq!(li.get(&of(&two)).await["customer"]["tags"], json!([]));
    // Twenty to a customer, two hundred to a shop.
    let mut ids = Vec::new();
    for n in 1..200 {
        let made = senior
            .post("/tags", &json!({ "name": format!("第{n}个") }))
            .await
            .ok();
        ids.push(made["id"].clone());
    }
    let full = senior.post("/tags", &json!({ "name": "多了" })).await;
    assert_eq!(full.refused(), (422, "invalid".into()));
    give(&two, json!(ids[..20])).await.ok();
    assert_eq!(
        give(&two, json!(ids[..21])).await.refused(),
        (422, "invalid".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_on_the_blacklist_does_not_enter_the_desk_until_taken_off() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let (visitor, waits) = shop.asks(&li, "刷单吗").await;
    let held = li.accept(&waits).await.ok();
    let block = async |agent: &Agent, conversation: &Value, on: bool| {
        let path = format!("{}/blocked", of(conversation));
        agent.put(&path, &json!({ "blocked": on })).await
    };
    // What another agent holds does not end by a colleague's click.
    assert_eq!(
        block(&wang, &held, true).await.refused(),
        (403, "not_owner".into())
    );
    let mut listening = shop.admin.events(None).await;
    assert_eq!(block(&li, &held, true).await.ok()["blocked"], true);
    assert_eq!(block(&li, &held, true).await.ok()["blocked"], true);
    let told = listening.until("the end of the conversation", |frame| {
        (frame["conversation"]["id"] == held["id"] && frame["conversation"]["state"] == "closed")
            .then(|| frame["conversation"].clone())
    });
    assert_eq!(told.await["last_seq"], 1, "it ends without a word");
    assert_eq!(li.conversations().await, [] as [Value; 0]);
    let (status, code) = visitor.say("b", now(), "还在吗").await.refused();
    assert_eq!((status, code.as_str()), (403, "refused"));
    let english = visitor.browser.clone().with("accept-language", "en");
    let message =
        json!({ "client_id": "c", "created_at": now(), "content": { "kind": "text", "text": "x" } });
    let said = english.post(&format!("{}messages", visitor.path), &message).await;
    assert!(
        said.json()["message"]
            .as_str()
            .unwrap()
            .contains("does not take your messages")
    );
    assert_eq!(texts(&visitor.thread().await), ["刷单吗"], "nothing was stored");

    // The platform hears that all is well, so it does not repeat.
    let nuisance = official.simulator.customer("oNuisance");
    assert!(nuisance.text("加微信").await.is_accepted());
    let theirs = shop.found(&li, "加微信").await;
    block(&wang, &theirs, true).await.ok();
    assert!(nuisance.text("加一下").await.is_accepted());
    assert!(nuisance.follow().await.is_accepted());
    shop.still_works("a nuisance").await;
    assert_eq!(texts(&shop.thread(&theirs).await), ["加微信"]);
    assert_eq!(li.get(&of(&theirs)).await["behaviours"], json!([]));

    let first = li.get("/blacklist?limit=1").await;
    let second = li
        .get(&format!(
            "/blacklist?limit=1&before={}",
            first["next"].as_str().unwrap()
        ))
        .await;
    assert_eq!(second["next"], Value::Null);
    for (page, conversation, by) in [(&first, &theirs, "wang"), (&second, &held, "li")] {
        let entry = &page["customers"][0];
        assert_eq!(entry["customer"]["id"], conversation["customer"]["id"]);
        assert!((now() - entry["at"].as_i64().unwrap()).abs() < 60_000);
        assert!(entry["by_name"].is_string(), "{by}: {entry}");
    }
    assert_eq!(
        li.browser.get("/api/shops/1/blacklist?before=x").await.refused(),
        (400, "malformed".into())
    );
    for conversation in [&held, &theirs] {
        assert_eq!(block(&li, conversation, false).await.ok()["blocked"], false);
    }
    assert_eq!(
        li.get("/blacklist").await,
        json!({ "customers": [], "next": null })
    );
    // The very message that was refused can be sent now.
    assert_eq!(visitor.say("b", now(), "还在吗").await.ok()["duplicate"], false);
    assert!(nuisance.text("抱歉").await.is_accepted());
    shop.found(&li, "还在吗").await;
    shop.found(&li, "抱歉").await;
}

#[tokio::test]
async fn an_annotation_is_open_until_somebody_solves_it() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let (_visitor, waits) = shop.asks(&li, "何时到货").await;
    let path = format!("{}/annotations", of(&waits));
    let first = li.post(&path, &json!({ "text": " 等厂家回复 " })).await.ok();
    assert_eq!(
        (&first["text"], &first["by"], &first["solved"]),
        (&json!("等厂家回复"), &json!(li.id), &Value::Null)
    );
    let second = shop.admin.post(&path, &json!({ "text": "第二条" })).await.ok();
    let one = format!("/annotations/{}", first["id"]);
    let solved = shop.admin.patch(&one, &json!({ "solved": true })).await.ok();
    assert_eq!(solved["solved"]["by"], shop.admin.id);
    // Who solved it first stays.
    assert_eq!(li.patch(&one, &json!({ "solved": true })).await.ok(), solved);
    assert_eq!(li.get(&path).await, json!([second, solved]));
    assert_eq!(li.get(&of(&waits)).await["annotations"], json!([second, solved]));
    assert_eq!(li.patch(&one, &json!({ "solved": false })).await.ok(), first);
    for text in ["", " \n", &"长".repeat(1001)] {
        let refused = li.post(&path, &json!({ "text": text })).await;
        assert_eq!(refused.refused(), (422, "invalid".into()));
    }
    let missing = li.patch("/annotations/999999", &json!({ "solved": true })).await;
    assert_eq!(missing.refused(), (404, "not_found".into()));
}

#[tokio::test]
async fn records_are_found_by_word_agent_and_time_and_lead_to_their_place() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let (visitor, waits) = shop.asks(&li, "发票怎么开").await;
    let held = li.accept(&waits).await.ok();
    li.online(true).await;
    li.say(&held, "1", "请提供 Email").await.ok();
    let between = now();
    li.close(&held).await.ok();
    visitor.say("b", now(), "invoice 发票收到了").await.ok();
    let again = shop.found(&wang, "invoice 发票收到了").await;
    wang.online(true).await;
    let again = wang.accept(&again).await.ok();
    wang.say(&again, "1", "不客气，EMAIL 已存").await.ok();
    let path = format!("{}/records", of(&held));
    let found = async |agent: &Agent, query: &str| {
        let page = agent.get(&format!("{path}?{query}")).await;
        assert_eq!((&page["more"], &page["next"]), (&json!(false), &Value::Null));
        let messages = page["messages"].as_array().unwrap().clone();
        texts(&messages)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let all = [
        "发票怎么开",
        "请提供 Email",
        "invoice 发票收到了",
        "不客气，EMAIL 已存",
    ];
    assert_eq!(found(&shop.admin, "").await, all);
    assert_eq!(found(&shop.admin, "keyword=email").await, [all[1], all[3]]);
    assert_eq!(
        found(&shop.admin, "keyword=%E5%8F%91%E7%A5%A8").await,
        [all[0], all[2]]
    );
    assert_eq!(found(&shop.admin, &format!("agent={}", li.id)).await, all[..2]);
    assert_eq!(
        found(&shop.admin, &format!("agent={}&keyword=EMAIL", wang.id)).await,
        [all[3]]
    );
    assert_eq!(found(&shop.admin, &format!("to={between}")).await, all[..2]);
    assert_eq!(
        found(&shop.admin, &format!("from={}", between + 1)).await,
        all[2..]
    );
    // Li has served her once: what Wang holds now stays Wang's until he closes it.
    assert_eq!(found(&li, "").await, all[..2]);
    wang.close(&again).await.ok();
    assert_eq!(found(&li, "").await, all);
    // Who had nothing to do with her reads nothing.
    let zhao = shop.agent("zhao", "agent").await;
    for rest in ["/records", &format!("/messages?channel={}", shop.h5)] {
        let path = format!("/api/shops/1{}{rest}", of(&held));
        let answer = zhao.browser.get(&path).await;
        assert_eq!(answer.refused(), (403, "forbidden".into()), "{rest}");
    }

    let page = shop.admin.get(&format!("{path}?limit=3")).await;
    assert_eq!(texts(page["messages"].as_array().unwrap()), all[1..]);
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        found(&shop.admin, &format!("limit=3&before={next}")).await,
        all[..1]
    );
    for query in ["agent=x", "from=x", "before=x", "limit=x"] {
        let answer = shop
            .admin
            .browser
            .get(&format!("/api/shops/1{path}?{query}"))
            .await;
        assert_eq!(answer.refused(), (400, "malformed".into()), "{query}");
    }
    let long = format!("/api/shops/1{path}?keyword={}", "x".repeat(65));
    assert_eq!(
        shop.admin.browser.get(&long).await.refused(),
        (422, "invalid".into())
    );

    // The jump: the thread around a hit, then on in both directions.
    let hit = &page["messages"][1];
    let cursor = format!("{}.{}", hit["conversation"], hit["seq"]);
    let jump = format!("{}/messages?around={cursor}&limit=1", of(&held));
    let around = shop.admin.get(&jump).await;
    assert_eq!(texts(around["messages"].as_array().unwrap()), [all[2]]);
    assert_eq!(
        (&around["more"], &around["newer"], &around["channel"]),
        (&json!(true), &json!(true), &json!(shop.h5))
    );
    let (_other, foreign) = shop.asks(&li, "别人").await;
    let wrong = format!("/api/shops/1{}/messages?around={cursor}", of(&foreign));
    assert_eq!(
        shop.admin.browser.get(&wrong).await.refused(),
        (404, "not_found".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_accounts_own_tags_are_read_when_a_conversation_opens_and_by_the_button() {
    const INFO: &str = "/cgi-bin/user/info";
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let customer = official.simulator.customer("oTagged");
    customer.file("大客户", &["星标", "上海"]);
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "在吗").await;
    let panel = async || shop.admin.get(&of(&conversation)).await["customer"].clone();
    let told = eventually("the tags", async || {
        Some(panel().await).filter(|customer| customer["channel_tags_at"].is_number())
    })
    .await;
    assert_eq!(
        told["channel_tags"],
        json!([{ "name": "星标" }, { "name": "上海" }])
    );
    assert_eq!(
        (&told["channel_remark"], &told["language"]),
        (&json!("大客户"), &json!("zh-CN"))
    );
    // The console is told that the panel it shows is old.
    let live = shop.admin.conversation(&conversation["id"]).await.unwrap();
    assert_eq!(live["customer"]["revision"], told["revision"]);

    // More messages, and another conversation within the hour, ask nothing.
    customer.text("还在吗").await;
    let open = shop.found(&shop.admin, "还在吗").await;
    let held = shop.admin.accept(&open).await.ok();
    shop.admin.close(&held).await.ok();
    customer.text("又来了").await;
    shop.found(&shop.admin, "又来了").await;
    shop.still_works("asking").await;
    assert_eq!(official.simulator.calls(INFO).len(), 1);

    // The button asks at once; a platform that does not answer leaves what is known, with its time.
    customer.file("", &["上海"]);
    let refresh = format!("{}/refresh", of(&conversation));
    official.simulator.faults().once(INFO, Fault::Errcode(48001));
    let failed = shop.admin.post(&refresh, &json!({})).await.ok();
    assert!(
        failed["refresh_failed"]
            .as_str()
            .is_some_and(|why| !why.is_empty()),
        "{failed}"
    );
    assert_eq!(failed["customer"]["channel_tags"], told["channel_tags"]);
    assert_eq!(failed["customer"]["channel_tags_at"], told["channel_tags_at"]);
    let done = shop.admin.post(&refresh, &json!({})).await.ok();
    assert_eq!(done["refresh_failed"], Value::Null);
    assert_eq!(done["customer"]["channel_tags"], json!([{ "name": "上海" }]));
    assert!(done["customer"]["channel_tags_at"].as_i64() > told["channel_tags_at"].as_i64());
    // A visitor of the web page has no such register, which is no error.
    let (_visitor, web) = shop.asks(&shop.admin, "网页").await;
    let none = shop
        .admin
        .post(&format!("{}/refresh", of(&web)), &json!({}))
        .await
        .ok();
    assert_eq!(
        (&none["refresh_failed"], &none["customer"]["channel_tags"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(official.simulator.violations(), []);
}
