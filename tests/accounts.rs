//! An administrator's work with accounts, and what becomes of those who lose a right: over HTTP, at once, live.
use crate::harness::{Agent, Browser, CHOSEN, Shop, Socket, eventually};
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Adds an agent as the console does; who has logged in and chosen a password.
async fn hire(shop: &Shop, login: &str, role: &str) -> Agent {
    let new = json!({ "login": login, "nickname": login, "role": role });
    let made = shop.admin.post("/agents", &new).await.ok();
    let password = made["password"].as_str().unwrap();
    let agent = Agent::first_login(shop.weikefu.address(), login, password).await;
    agent.acceptance(false, 10, "").await;
    agent
}

/// Waits for the last word on a socket, which comes within a second and is the last.
async fn farewell(socket: &mut Socket, since: Instant) -> String {
    let code = socket
        .until("bye", |frame| {
            (frame["type"] == "bye").then(|| frame["code"].as_str().unwrap().to_owned())
        })
        .await;
    assert!(socket.next().await.is_none(), "closed after bye");
    let took = since.elapsed();
    assert!(took < Duration::from_secs(1), "{code} after {took:?}");
    code
}

async fn change(shop: &Shop, id: u64, body: Value) -> crate::harness::Answer {
    shop.admin.patch(&format!("/agents/{id}"), &body).await
}

async fn remove(shop: &Shop, id: u64) {
    let path = format!("/api/shops/1/agents/{id}");
    let gone = shop.admin.browser.json(Method::DELETE, &path, &json!({})).await;
    assert_eq!(gone.status, 204);
}

#[tokio::test]
async fn an_administrator_hires_renames_and_lets_go() {
    let shop = Shop::open().await;
    let new = json!({ "login": "Li.Wei", "nickname": "小李", "name": "李伟", "role": "senior" });
    let made = shop.admin.post("/agents", &new).await.ok();
    let id = made["agent"]["id"].as_u64().unwrap();
    assert_eq!(made["agent"]["login"], "li.wei");
    assert_eq!(made["agent"]["must_change_password"], true);
    let password = made["password"].as_str().unwrap();
    let li = Agent::first_login(shop.weikefu.address(), "li.wei", password).await;
    let me = li.browser.get("/api/session").await.ok();
    assert_eq!(me["agent"]["name"], "李伟");
    assert_eq!(me["shops"][0]["role"], "senior");

    let renamed = change(&shop, id, json!({ "nickname": "李经理", "name": "" }))
        .await
        .ok();
    assert_eq!(
        (&renamed["nickname"], &renamed["name"]),
        (&json!("李经理"), &json!(""))
    );
    let listed = shop.admin.get("/agents").await;
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1], renamed);
    assert!(!shop.admin.get("/agents").await.to_string().contains(password));

    for (body, field) in [
        (
            json!({ "login": "li.wei", "nickname": "x", "role": "agent" }),
            "login",
        ),
        (
            json!({ "login": "a b", "nickname": "x", "role": "agent" }),
            "login",
        ),
        (
            json!({ "login": "fine", "nickname": "", "role": "agent" }),
            "nickname",
        ),
        (
            json!({ "login": "fine", "nickname": "x", "name": "长".repeat(33), "role": "agent" }),
            "name",
        ),
    ] {
        let refused = shop.admin.post("/agents", &body).await;
        assert_eq!(refused.refused(), (422, "invalid".into()), "{body}");
        assert!(refused.json()["fields"][field].is_string(), "{body}");
    }
    assert_eq!(shop.admin.get("/agents").await.as_array().unwrap().len(), 2);

    remove(&shop, id).await;
    assert_eq!(li.browser.get("/api/session").await.status, 401);
    assert_eq!(
        change(&shop, id, json!({ "nickname": "x" })).await.refused().0,
        404
    );
    // The login is free again, for somebody who has nothing of the other.
    let again = shop.admin.post("/agents", &new).await.ok();
    assert!(again["agent"]["id"].as_u64().unwrap() > id);
    // Nobody administers a shop from outside it, nor leaves it without an administrator.
    for body in [json!({ "role": "senior" }), json!({ "disabled": true })] {
        let refused = change(&shop, shop.admin.id, body).await.refused();
        assert_eq!(refused, (409, "last_administrator".into()));
    }
}

#[tokio::test]
async fn whoever_loses_a_right_is_cut_off_within_a_second() {
    let shop = Shop::open().await;
    let li = hire(&shop, "li", "agent").await;
    let path = format!("/agents/{}", li.id);
    // Several pages of one person, all of which end.
    for (what, code) in [("logout", "unauthenticated"), ("password", "unauthenticated")] {
        let page = Agent::login(shop.weikefu.address(), "li", CHOSEN).await;
        let mut sockets = vec![page.events(None).await, page.events(None).await];
        for socket in &mut sockets {
            socket
                .until("hello", |frame| (frame["type"] == "hello").then_some(()))
                .await;
        }
        let since = Instant::now();
        let done = shop.admin.post(&format!("{path}/{what}"), &json!({})).await;
        assert!(done.status.is_success(), "{what}");
        assert_eq!(page.browser.get("/api/shops/1/desk").await.status, 401, "{what}");
        for socket in &mut sockets {
            assert_eq!(farewell(socket, since).await, code, "{what}");
        }
        if what == "password" {
            let one_time = done.ok()["password"].as_str().unwrap().to_owned();
            Agent::first_login(shop.weikefu.address(), "li", &one_time).await;
        }
    }
    // A role that changes, up or down: the page has to begin again.
    for role in ["senior", "agent"] {
        let page = Agent::login(shop.weikefu.address(), "li", CHOSEN).await;
        let mut socket = page.events(None).await;
        socket
            .until("hello", |frame| (frame["type"] == "hello").then_some(()))
            .await;
        let since = Instant::now();
        change(&shop, li.id, json!({ "role": role })).await.ok();
        assert_eq!(farewell(&mut socket, since).await, "role_changed");
        assert_eq!(page.browser.get("/api/shops/1/desk").await.status, 200);
    }
    // Disabled: no word, no login, and the same words as for a wrong password.
    let page = Agent::login(shop.weikefu.address(), "li", CHOSEN).await;
    let mut socket = page.events(None).await;
    socket
        .until("hello", |frame| (frame["type"] == "hello").then_some(()))
        .await;
    let since = Instant::now();
    change(&shop, li.id, json!({ "disabled": true })).await.ok();
    assert_eq!(page.browser.get("/api/session").await.status, 401);
    assert_eq!(farewell(&mut socket, since).await, "disabled");
    let given = json!({ "login": "li", "password": CHOSEN });
    let refused = Browser::new(shop.weikefu.address())
        .post("/api/login", &given)
        .await;
    assert_eq!(refused.refused(), (401, "bad_credentials".into()));
    change(&shop, li.id, json!({ "disabled": false })).await.ok();
    let page = Agent::login(shop.weikefu.address(), "li", CHOSEN).await;
    // Removed.
    let mut socket = page.events(None).await;
    socket
        .until("hello", |frame| (frame["type"] == "hello").then_some(()))
        .await;
    let since = Instant::now();
    remove(&shop, li.id).await;
    assert_eq!(farewell(&mut socket, since).await, "removed");
}

#[tokio::test]
async fn customers_of_a_disabled_agent_wait_again_and_a_restart_keeps_it_so() {
    let mut shop = Shop::open().await;
    let li = hire(&shop, "li", "agent").await;
    li.online(true).await;
    let (_, first) = shop.asks(&li, "第一位").await;
    let (_, second) = shop.asks(&li, "第二位").await;
    li.accept(&first).await.ok();
    li.accept(&second).await.ok();
    let mut live = shop.admin.events(None).await;
    change(&shop, li.id, json!({ "disabled": true })).await.ok();
    // The others see both wait, live.
    let mut seen = std::collections::BTreeSet::new();
    live.until("both wait", |frame| {
        let conversation = &frame["conversation"];
        if conversation["state"] == "waiting" {
            seen.insert(conversation["id"].as_u64().unwrap());
        }
        (seen.len() == 2).then_some(())
    })
    .await;
    let agents = shop.admin.get("/agents").await;
    assert_eq!(
        (&agents[1]["online"], &agents[1]["active"]),
        (&json!(false), &json!(0))
    );
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    let waiting = shop.admin.conversations().await;
    assert_eq!(waiting.len(), 2);
    assert!(
        waiting
            .iter()
            .all(|one| one["state"] == "waiting" && one["owner"].is_null())
    );
    // Those of one who is removed go to whoever takes customers.
    change(&shop, li.id, json!({ "disabled": false })).await.ok();
    let li = Agent::login(shop.weikefu.address(), "li", CHOSEN).await;
    li.online(true).await;
    li.accept(&waiting[0]).await.ok();
    remove(&shop, li.id).await;
    let back = shop.admin.conversation(&waiting[0]["id"]).await.unwrap();
    assert_eq!(back["state"], "waiting");
}

#[tokio::test]
async fn an_account_of_several_shops_is_changed_by_who_administers_all_of_them() {
    let shop = Shop::open().await;
    let made = shop.weikefu.order(&["shop", "add", "二店", "--login", "boss2"]);
    let password = made["administrator"]["one_time_password"].as_str().unwrap();
    let mut boss2 = Agent::first_login(shop.weikefu.address(), "boss2", password).await;
    boss2.shop = 2;
    let li = hire(&shop, "li", "agent").await;
    // A login somebody else has: refused without a word of whose it is.
    let new = json!({ "login": "li", "nickname": "x", "role": "agent" });
    let refused = boss2.post("/agents", &new).await;
    assert_eq!(refused.refused(), (422, "invalid".into()));
    let said = refused.json()["fields"]["login"].as_str().unwrap().to_owned();
    assert!(said.contains("占用") && !said.contains("测试店铺"), "{said}");
    shop.weikefu.order(&["agent", "add", "li", "--shop", "2"]);

    let listed = shop.admin.get("/agents").await;
    assert_eq!(listed[1]["manageable"], false);
    let id = li.id;
    for (method, path, body) in [
        (Method::PATCH, format!("/agents/{id}"), json!({ "nickname": "x" })),
        (
            Method::PATCH,
            format!("/agents/{id}"),
            json!({ "disabled": true, "role": "senior" }),
        ),
        (Method::POST, format!("/agents/{id}/password"), json!({})),
        (Method::POST, format!("/agents/{id}/logout"), json!({})),
    ] {
        for (boss, shop) in [(&shop.admin, 1), (&boss2, 2)] {
            let path = format!("/api/shops/{shop}{path}");
            let refused = boss.browser.json(method.clone(), &path, &body).await.refused();
            assert_eq!(refused, (403, "shared_account".into()), "{method} {path}");
        }
    }
    // What concerns one's own shop only is one's own affair.
    assert_eq!(
        change(&shop, id, json!({ "role": "senior" })).await.ok()["role"],
        "senior"
    );
    remove(&shop, id).await;
    let session = li.browser.get("/api/session").await.ok();
    assert_eq!(
        session["shops"],
        json!([{ "id": 2, "name": "二店", "role": "agent" }])
    );
    assert_eq!(boss2.get("/agents").await[1]["manageable"], true);
}

#[tokio::test]
async fn the_other_pages_of_a_person_end_by_one_button() {
    let shop = Shop::open().await;
    let other = Agent::login(shop.weikefu.address(), "admin", CHOSEN).await;
    let mut socket = other.events(None).await;
    socket
        .until("hello", |frame| (frame["type"] == "hello").then_some(()))
        .await;
    let since = Instant::now();
    let ended = shop
        .admin
        .browser
        .post("/api/session/others/end", &json!({}))
        .await;
    assert_eq!(ended.ok(), json!({ "ended": 1 }));
    assert_eq!(farewell(&mut socket, since).await, "unauthenticated");
    assert_eq!(other.browser.get("/api/session").await.status, 401);
    assert_eq!(shop.admin.browser.get("/api/session").await.status, 200);
}

#[tokio::test]
async fn live_events_bring_an_agent_only_what_he_may_read() {
    let shop = Shop::open().await;
    let [li, wang, senior] = [
        hire(&shop, "li", "agent").await,
        hire(&shop, "wang", "agent").await,
        hire(&shop, "senior", "senior").await,
    ];
    li.online(true).await;
    let (visitor, talk) = shop.asks(&li, "你好").await;
    li.accept(&talk).await.ok();
    let mut sockets = Vec::new();
    for agent in [&li, &wang, &senior, &shop.admin] {
        sockets.push(agent.events(None).await);
    }
    visitor
        .say("s1", crate::harness::now(), "我的密码是 secret-word")
        .await
        .ok();
    li.say(&talk, "c1", "别告诉别人 secret-word").await.ok();
    // The last thing everybody may see: a customer who waits.
    let (_, marker) = shop.asks(&li, "marker").await;
    for (who, socket) in ["li", "wang", "senior", "admin"].iter().zip(&mut sockets) {
        let mut secrets = 0;
        socket
            .until("the marker", |frame| {
                if frame.to_string().contains("secret-word") {
                    secrets += 1;
                }
                let conversation = &frame["conversation"];
                (conversation["id"] == marker["id"]).then_some(())
            })
            .await;
        assert_eq!(secrets > 0, *who != "wang", "{who}");
    }
}

#[tokio::test]
async fn pictures_are_redrawn_and_bombs_refused() {
    let shop = Shop::open().await;
    let browser = &shop.admin.browser;
    for bytes in [&b""[..], b"<svg/>", b"\x89PNG\r\n\x1a\nbroken"] {
        let refused = browser.avatar(bytes).await;
        assert_eq!(refused.refused(), (422, "invalid".into()));
        assert!(refused.json()["fields"]["avatar"].is_string());
    }
    let large = vec![0; (5 << 20) + 1];
    assert_eq!(browser.avatar(&large).await.refused(), (413, "too_large".into()));
    let forged = browser.clone().with("x-weikefu-csrf", "wrong");
    assert_eq!(forged.avatar(b"x").await.refused(), (403, "csrf".into()));
    assert_eq!(
        browser.get("/api/session").await.ok()["agent"]["avatar"],
        Value::Null
    );
}

#[tokio::test]
async fn channels_are_made_and_changed_by_their_schema() {
    let shop = Shop::open().await;
    let plugins = shop.admin.get("/plugins").await;
    let wechat = plugins
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "wechat")
        .unwrap();
    assert_eq!(wechat["names"]["zh-CN"], "微信公众号");
    assert_eq!(wechat["schema"]["properties"]["app_secret"]["writeOnly"], true);
    let settings = json!({
        "app_id": "wx0123456789abcdef", "app_secret": "sealed-app-secret", "token": "atoken",
        "encoding_aes_key": "A".repeat(43), "api_base": "http://127.0.0.1:1",
    });
    for (change, field) in [
        (json!({ "app_id": null }), "app_id"),
        (json!({ "encoding_aes_key": "short" }), "encoding_aes_key"),
        (json!({ "mode": "other" }), "mode"),
        (json!({ "app_id": 5 }), "app_id"),
        (json!({ "nonsense": "x" }), "settings"),
    ] {
        let mut wrong = settings.clone();
        for (name, value) in change.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        let body = json!({ "plugin": "wechat", "settings": wrong });
        let refused = shop.admin.post("/channels", &body).await;
        assert_eq!(refused.refused(), (422, "invalid".into()), "{change}");
        assert!(refused.json()["fields"][field].is_string(), "{}", refused.json());
        assert!(!refused.json().to_string().contains("sealed-app-secret"));
    }
    let body = json!({ "plugin": "wechat", "name": "旗舰店公众号", "settings": settings });
    let made = shop.admin.post("/channels", &body).await.ok();
    assert_eq!(made["name"], "旗舰店公众号");
    assert_eq!(made["settings"]["app_id"], "wx0123456789abcdef");
    assert_eq!(made["settings"]["app_secret"], Value::Null);
    assert_eq!(
        made["secrets_set"],
        json!(["app_secret", "encoding_aes_key", "token"])
    );
    let callback = made["callback"].as_str().unwrap();
    assert!(callback.starts_with("/c/") && callback.ends_with("/callback"));
    let path = format!("/channels/{}", made["id"]);
    // A secret that is not named stays; nothing shows it.
    let changed = shop
        .admin
        .patch(
            &path,
            &json!({ "name": "新名", "settings": { "kf_account": null } }),
        )
        .await;
    assert_eq!(changed.ok()["secrets_set"], made["secrets_set"]);
    let off = shop.admin.patch(&path, &json!({ "enabled": false })).await.ok();
    assert_eq!(off["enabled"], false);
    for text in [shop.admin.get("/channels").await, changed.ok(), off] {
        assert!(!text.to_string().contains("sealed-app-secret"));
        assert!(!text.to_string().contains("sealed:"));
    }
    // The widget: what goes onto the shop's pages, and a setting that shows at once.
    let listed = shop.admin.get("/channels").await;
    let h5 = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["plugin"] == "h5")
        .unwrap();
    let key = shop.path.trim_matches('/').trim_start_matches("c/");
    assert_eq!(
        h5["snippet"],
        format!("<script async src=\"{{origin}}/w/loader.js\" data-app=\"{key}\"></script>")
    );
    let path = format!("/channels/{}", h5["id"]);
    shop.admin
        .patch(&path, &json!({ "settings": { "title": "茶舍客服" } }))
        .await
        .ok();
    eventually("the new title", async || {
        let shown = shop.admin.browser.get(&format!("{}entry", shop.path)).await;
        (shown.status == 200 && shown.json()["title"] == "茶舍客服").then_some(())
    })
    .await;
}
