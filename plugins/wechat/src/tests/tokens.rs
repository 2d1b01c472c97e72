//! The access token: fetched once, kept, renewed once, never in a loop.
use super::*;

#[test]
fn one_token_for_everybody_and_over_restarts() {
    let stage = Stage::new();
    let account = stage.open();
    for _ in 0..5 {
        stage.send(&account, Content::text("x")).unwrap();
    }
    drop(account);
    let account = stage.open();
    stage.send(&account, Content::text("x")).unwrap();
    let expected = json!({ "grant_type": "client_credential", "appid": APP, "secret": "s3cret", "force_refresh": false });
    assert_eq!(stage.bodies("stable_token"), [expected]);
    assert_eq!(stage.fake.status().unwrap().0, Health::Healthy);

    // Another account's token is not taken over.
    drop(account);
    let other = Stage {
        settings: stage.settings.clone(),
        ..stage
    }
    .with("app_id", "wxother");
    let _account = other.open();
    assert_eq!(other.calls("stable_token").len(), 2);
}

#[test]
fn many_at_once_fetch_one_token() {
    let stage = Stage::new();
    let account = Rc::new(stage.open());
    stage.fake.advance(Duration::from_hours(3));
    for peer in 0..50 {
        let account = account.clone();
        stage.fake.host().spawn(async move {
            account
                .sender
                .send(&format!("o{peer}"), &Content::text("x"))
                .await
                .unwrap();
        });
    }
    stage.fake.settle();
    assert_eq!(
        (stage.calls("stable_token").len(), stage.calls("send").len()),
        (2, 50)
    );
}

#[test]
fn it_is_renewed_before_it_ends() {
    let stage = Stage::new();
    let account = stage.open();
    stage.fake.advance(Duration::from_mins(109));
    stage.send(&account, Content::text("x")).unwrap();
    assert_eq!(stage.calls("stable_token").len(), 1);
    stage.fake.advance(Duration::from_mins(6));
    // The platform is busy: the old one still works.
    stage.refuse("stable_token", -1);
    stage.send(&account, Content::text("x")).unwrap();
    assert!(stage.calls("send")[1].url.ends_with("=T-1"));
    assert_eq!(stage.calls("stable_token").len(), 2);
    stage.fake.advance(Duration::from_mins(1));
    stage.send(&account, Content::text("x")).unwrap();
    assert!(stage.calls("send")[2].url.ends_with("=T-2"));
}

#[test]
fn a_short_lived_token_is_not_fetched_for_every_call() {
    let stage = Stage::new();
    for _ in 0..3 {
        let answer = json!({ "access_token": "S", "expires_in": 300 });
        stage.answer("stable_token", Response::json(200, &answer));
    }
    let account = stage.open();
    for _ in 0..10 {
        stage.send(&account, Content::text("x")).unwrap();
    }
    assert_eq!(stage.calls("stable_token").len(), 1);
    stage.fake.advance(Duration::from_mins(1));
    stage.send(&account, Content::text("x")).unwrap();
    assert_eq!(stage.calls("stable_token").len(), 2);
}

#[test]
fn a_refused_token_is_replaced_once() {
    for code in [40001, 40014, 42001] {
        let stage = Stage::new();
        let account = stage.open();
        stage.refuse("send", code);
        stage.send(&account, Content::text("x")).unwrap();
        let urls: Vec<_> = stage
            .calls("send")
            .into_iter()
            .map(|request| request.url)
            .collect();
        assert!(urls[0].ends_with("=T-1") && urls[1].ends_with("=T-2"), "{urls:?}");

        stage.refuse("send", code);
        stage.refuse("send", code);
        let error = stage.send(&account, Content::text("x")).unwrap_err();
        assert_eq!(error.kind, Cause::Auth);
        assert_eq!(
            (stage.calls("send").len(), stage.calls("stable_token").len()),
            (4, 3)
        );
        assert_eq!(stage.fake.status().unwrap().0, Health::Degraded);
        // Works again: says so.
        stage.send(&account, Content::text("x")).unwrap();
        assert_eq!(stage.fake.status().unwrap(), (Health::Healthy, Words::default()));
    }
}

#[test]
fn wrong_credentials_do_not_loop() {
    let stage = Stage::new();
    for code in [40001, 40001] {
        stage.refuse("stable_token", code);
    }
    let account = stage.open();
    assert_eq!(stage.fake.status().unwrap().0, Health::Degraded);
    for _ in 0..10 {
        let error = stage.send(&account, Content::text("x")).unwrap_err();
        assert_eq!(error.kind, Cause::Auth);
        assert!(!error.to_string().contains("s3cret"));
    }
    assert_eq!(
        (stage.calls("stable_token").len(), stage.calls("send").len()),
        (1, 0)
    );
    stage.fake.advance(Duration::from_secs(31));
    stage.send(&account, Content::text("x")).unwrap_err();
    assert_eq!(stage.calls("stable_token").len(), 2);
    stage.fake.advance(Duration::from_secs(31));
    stage.send(&account, Content::text("x")).unwrap();
    assert_eq!(stage.fake.status().unwrap().0, Health::Healthy);
}

#[test]
fn the_refused_address_is_on_the_card() {
    let stage = Stage::new();
    let body = json!({ "errcode": 40164, "errmsg": "invalid ip 203.0.113.7, not in whitelist rid: 1" });
    stage.answer("stable_token", Response::json(200, &body));
    let _account = stage.open();
    let (health, words) = stage.fake.status().unwrap();
    assert_eq!(health, Health::Degraded);
    assert!(
        words.zh.contains("203.0.113.7") && words.zh.contains("白名单"),
        "{words:?}"
    );
    assert!(
        words.en.contains("203.0.113.7") && words.en.contains("whitelist") && words.en.contains("40164"),
        "{words:?}"
    );
}

#[test]
fn an_unreachable_platform_does_not_keep_the_account_closed() {
    let stage = Stage::new();
    stage.answer("stable_token", Err(Error::new(Cause::Retryable, "no route")));
    let account = stage.open();
    let error = stage.send(&account, Content::text("x")).unwrap_err();
    assert_eq!(error.kind, Cause::Retryable);
    stage.fake.advance(Duration::from_secs(31));
    stage.send(&account, Content::text("x")).unwrap();
}

#[test]
fn nothing_secret_is_logged() {
    let stage = Stage::new();
    let account = stage.open();
    stage.refuse("send", 40001);
    stage.refuse("stable_token", 40125);
    stage.send(&account, Content::text("x")).unwrap_err();
    let said = format!("{:?}{:?}", stage.fake.logs(), stage.fake.status());
    for secret in ["s3cret", "T-1", TOKEN] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn many_refused_at_once_fetch_one_token() {
    let stage = Stage::new();
    let account = Rc::new(stage.open());
    for peer in 0..20 {
        stage.refuse("send", 42001);
        let account = account.clone();
        stage.fake.host().spawn(async move {
            account
                .sender
                .send(&format!("o{peer}"), &Content::text("x"))
                .await
                .unwrap();
        });
    }
    stage.fake.settle();
    assert_eq!(
        (stage.calls("stable_token").len(), stage.calls("send").len()),
        (2, 40)
    );
}
