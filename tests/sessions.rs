//! Logging in, staying logged in, and ending.
use crate::harness::{Agent, Browser, CHOSEN, Shop, Weikefu, eventually};
use serde_json::json;

async fn login(browser: &Browser, login: &str, password: &str) -> crate::harness::Answer {
    let given = json!({ "login": login, "password": password });
    browser.post("/api/login", &given).await
}

#[tokio::test]
async fn a_login_opens_a_session_whose_cookie_scripts_cannot_read() {
    let shop = Shop::open().await;
    let browser = Browser::new(shop.weikefu.address());
    let answer = login(&browser, " Admin ", CHOSEN).await;
    let session = answer.ok();
    assert_eq!(session["agent"]["login"], "admin");
    assert_eq!(
        session["shops"],
        json!([{ "id": 1, "name": "测试店铺", "role": "administrator" }])
    );
    assert_eq!(session["must_change_password"], false);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let mut parts = cookie.split("; ");
    let token = parts.next().unwrap().strip_prefix("wk_session=").unwrap();
    assert!(token.len() >= 40, "{token}");
    let flags: Vec<&str> = parts.collect();
    assert_eq!(flags, ["Path=/", "HttpOnly", "SameSite=Strict"]);
    assert_eq!(answer.headers["cache-control"], "no-store");

    let secure = login(
        &browser.clone().with("x-forwarded-proto", "https"),
        "admin",
        CHOSEN,
    )
    .await;
    assert!(
        secure.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("; Secure")
    );

    let again = Agent::of(shop.weikefu.address(), &answer);
    assert_eq!(again.browser.get("/api/session").await.ok(), session);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_are_told_in_the_same_words() {
    let shop = Shop::open().await;
    let browser = Browser::new(shop.weikefu.address());
    let wrong = login(&browser, "admin", "wrong password").await;
    let unknown = login(&browser, "nobody", "wrong password").await;
    assert_eq!(wrong.refused(), (401, "bad_credentials".into()));
    assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body));
    assert!(!wrong.headers.contains_key("set-cookie"));
    // Neither a long nor an impossible one is another case.
    for (name, password) in [
        ("", ""),
        ("a b", "x"),
        ("admin", &"x".repeat(5000)),
        (&"y".repeat(5000), "x"),
    ] {
        assert_eq!(
            login(&browser, name, password).await.body,
            wrong.body,
            "{} {}",
            name.len(),
            password.len()
        );
    }
    let english = login(&browser.with("accept-language", "en-GB"), "admin", "wrong").await;
    assert!(
        english.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("Wrong login")
    );
}

#[tokio::test]
async fn guessing_becomes_slow_for_one_login_and_for_one_address() {
    let shop = Shop::open().await;
    let browser = Browser::new(shop.weikefu.address());
    for _ in 0..5 {
        assert_eq!(login(&browser, "admin", "guess").await.status, 401);
    }
    let throttled = login(&browser, "ADMIN", CHOSEN).await;
    assert_eq!(throttled.refused(), (429, "too_many_attempts".into()));
    let wait = throttled.json()["retry_after_s"].as_u64().unwrap();
    assert_eq!(throttled.headers["retry-after"], wait.to_string());
    assert!((1..=60).contains(&wait));
    // Somebody else is not held up, and a session that is open goes on.
    assert_eq!(login(&browser, "another", "guess").await.status, 401);
    assert_eq!(shop.admin.browser.get("/api/session").await.status, 200);
    eventually("the wait is over", async || {
        let answer = login(&browser, "admin", CHOSEN).await;
        (answer.status == 200).then_some(())
    })
    .await;

    // Behind a proxy on this machine the address is the one the proxy names.
    let far = browser
        .clone()
        .with("x-forwarded-for", "198.51.100.1, 203.0.113.7");
    for n in 0..5 {
        assert_eq!(login(&far, &format!("guess{n}"), "guess").await.status, 401);
    }
    assert_eq!(login(&far, "admin", CHOSEN).await.status, 429);
    let elsewhere = browser.with("x-forwarded-for", "203.0.113.7, 203.0.113.8");
    assert_eq!(login(&elsewhere, "admin", CHOSEN).await.status, 200);
}

#[tokio::test]
async fn another_sites_page_cannot_log_anybody_in() {
    let shop = Shop::open().await;
    let given = json!({ "login": "admin", "password": CHOSEN });
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", ""] {
        let browser = Browser::new(shop.weikefu.address()).with("origin", origin);
        assert_eq!(
            browser.post("/api/login", &given).await.refused(),
            (403, "csrf".into()),
            "{origin}"
        );
    }
    let browser = Browser::new(shop.weikefu.address());
    for mime in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let headers = [("content-type", mime)];
        let answer = browser.try_send(http::Method::POST, "/api/login", &headers, given.to_string());
        assert_eq!(answer.await.unwrap().refused(), (403, "csrf".into()), "{mime}");
    }
    // Neither can it listen to the events with the visitor's cookie.
    let foreign = shop.admin.browser.clone().with("origin", "https://evil.example");
    assert!(foreign.try_socket("/api/shops/1/events").await.is_err());
    assert!(shop.admin.browser.try_socket("/api/shops/1/events").await.is_ok());
}

#[tokio::test]
async fn logging_out_ends_the_session_and_only_this_one() {
    let shop = Shop::open().await;
    let other = Agent::login(shop.weikefu.address(), "admin", CHOSEN).await;
    let answer = other.browser.post("/api/logout", &json!({})).await;
    assert_eq!(answer.status, 204);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("wk_session=;") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    assert_eq!(
        other.browser.get("/api/session").await.refused(),
        (401, "unauthenticated".into())
    );
    assert_eq!(shop.admin.browser.get("/api/session").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let shop = Shop::open().await;
    let other = Agent::login(shop.weikefu.address(), "admin", CHOSEN).await;
    let mut listening = other.events(None).await;
    let change = async |old: &str, new: &str| {
        let passwords = json!({ "old": old, "new": new });
        shop.admin.browser.post("/api/session/password", &passwords).await
    };
    for (new, why) in [
        ("short", "too short"),
        (CHOSEN, "the same"),
        (&"x".repeat(129), "too long"),
    ] {
        let answer = change(CHOSEN, new).await;
        assert_eq!(answer.refused(), (422, "invalid".into()), "{why}");
        assert!(answer.json()["fields"]["new"].is_string(), "{why}");
    }
    let answer = change("not the old one", "a brand new password").await;
    assert_eq!(answer.refused(), (422, "invalid".into()));
    assert!(answer.json()["fields"]["old"].is_string());
    let changed = change(CHOSEN, "a brand new password").await;
    let mine = Agent::of(shop.weikefu.address(), &changed);
    assert_eq!(mine.browser.get("/api/session").await.status, 200);
    assert_eq!(other.browser.get("/api/session").await.status, 401);
    assert_eq!(shop.admin.browser.get("/api/session").await.status, 401);
    let browser = Browser::new(shop.weikefu.address());
    assert_eq!(login(&browser, "admin", CHOSEN).await.status, 401);
    assert_eq!(login(&browser, "admin", "a brand new password").await.status, 200);
    // The open socket of the session that ended is told within a tick.
    let bye = listening
        .until("bye", |frame| (frame["type"] == "bye").then(|| frame.clone()))
        .await;
    assert_eq!(bye["code"], "unauthenticated");
    assert_eq!(listening.next().await, None);
}

#[tokio::test]
async fn an_administrator_resets_a_password_from_the_command_line() {
    let shop = Shop::open().await;
    let agent = shop.agent("li", "agent").await;
    let made = shop.weikefu.order(&["agent", "passwd", "li"]);
    assert_eq!(made["agent"], agent.id);
    assert_eq!(agent.browser.get("/api/session").await.status, 401);
    let one_time = made["one_time_password"].as_str().unwrap();
    let again = Agent::first_login(shop.weikefu.address(), "li", one_time).await;
    assert_eq!(again.desk().await["me"]["id"], agent.id);
    // It was good for one change only.
    assert_eq!(
        login(&Browser::new(shop.weikefu.address()), "li", one_time)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn sessions_outlive_a_restart_and_no_password_or_token_lies_in_the_store() {
    let (mut weikefu, password) = Weikefu::with_shop();
    weikefu.start();
    let admin = Agent::first_login(weikefu.address(), "admin", &password).await;
    weikefu.kill();
    weikefu.start_again().await;
    assert_eq!(admin.browser.get("/api/session").await.status, 200);
    weikefu.stop();
    let token = admin
        .browser
        .header("cookie")
        .strip_prefix("wk_session=")
        .unwrap();
    for secret in [password.as_str(), CHOSEN, token] {
        assert_eq!(
            weikefu.files_with(secret.as_bytes()),
            [] as [std::path::PathBuf; 0],
            "in clear"
        );
    }
}
