//! The API: tokens, media, users, faults, and the order in which things are refused.

#![allow(clippy::unwrap_used, reason = "helpers of the tests unwrap too")]

mod common;

use std::time::Duration;

use common::{Api, account, standing};
use serde_json::json;
use weikefu_wechat_simulator::{Fault, Kind, Mode, Simulator, Violation, sample};

const SEND: &str = "/cgi-bin/message/custom/send";

async fn start() -> (Simulator, Api) {
    let simulator = Simulator::start(account(Mode::Secure), standing()).await.unwrap();
    let api = Api::of(&simulator);
    (simulator, api)
}

#[tokio::test]
async fn credentials_are_checked_one_by_one() {
    let (_simulator, api) = start().await;
    let good = account(Mode::Secure);
    let path = "/cgi-bin/stable_token";
    let cases = [
        (
            json!({ "grant_type": "client_credential", "appid": good.app_id, "secret": good.secret }),
            0,
        ),
        (json!({ "appid": good.app_id, "secret": good.secret }), 40035),
        (
            json!({ "grant_type": "password", "appid": good.app_id, "secret": good.secret }),
            40035,
        ),
        (
            json!({ "grant_type": "client_credential", "secret": good.secret }),
            41002,
        ),
        (
            json!({ "grant_type": "client_credential", "appid": good.app_id }),
            41004,
        ),
        (
            json!({ "grant_type": "client_credential", "appid": "wx0", "secret": good.secret }),
            40013,
        ),
        (
            json!({ "grant_type": "client_credential", "appid": good.app_id, "secret": "no" }),
            40125,
        ),
        (
            json!({ "grant_type": "client_credential", "appid": good.app_id, "secret": good.secret, "x": 1 }),
            40035,
        ),
        (
            json!({ "grant_type": "client_credential", "appid": good.app_id, "secret": good.secret,
                 "force_refresh": "true" }),
            40035,
        ),
    ];
    for (body, code) in cases {
        assert_eq!(api.post(path, body.to_string()).await.errcode(), code, "{body}");
    }
    assert_eq!(api.get(path).await.errcode(), 43002);
    assert_eq!(api.post(path, "").await.errcode(), 44002);
    assert_eq!(
        api.post(path, "grant_type=client_credential").await.errcode(),
        47001
    );
    let plain = format!(
        "/cgi-bin/token?grant_type=client_credential&appid={}&secret=",
        good.app_id
    );
    assert_eq!(
        api.get(&format!("{plain}{}", good.secret)).await.json()["expires_in"],
        7200
    );
    assert_eq!(api.get(&plain).await.errcode(), 41004);
    assert_eq!(
        api.post(&format!("{plain}{}", good.secret), "{}").await.errcode(),
        43001
    );
    assert_eq!(api.get("/cgi-bin/nothing").await.errcode(), 40066);
}

#[tokio::test]
async fn a_token_expires_with_the_clock_and_can_be_taken_away() {
    let (simulator, api) = start().await;
    let token = api.token().await;
    assert_eq!(api.token().await, token);
    let path = |token: &str| format!("/cgi-bin/getcallbackip?access_token={token}");
    assert!(api.get(&path(&token)).await.json()["ip_list"][0].is_string());
    assert_eq!(api.get("/cgi-bin/getcallbackip").await.errcode(), 41001);
    assert_eq!(api.get(&path("made-up")).await.errcode(), 40014);
    simulator.clock().advance(Duration::from_hours(2));
    assert_eq!(api.get(&path(&token)).await.errcode(), 42001);
    let second = api.token().await;
    assert_ne!(second, token);
    simulator.kill_tokens();
    assert_eq!(api.get(&path(&second)).await.errcode(), 40001);
    assert_eq!(simulator.calls("/cgi-bin/stable_token").len(), 3);
}

#[tokio::test]
async fn uploads_come_back_and_films_as_a_link() {
    let (simulator, api) = start().await;
    let token = api.token().await;
    for kind in [Kind::Image, Kind::Voice, Kind::Thumb] {
        let id = api.upload(&token, kind).await;
        let got = api
            .get(&format!("/cgi-bin/media/get?access_token={token}&media_id={id}"))
            .await;
        assert_eq!(got.body, sample(kind), "{kind:?}");
        assert!(
            got.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment; filename=")
        );
    }
    let id = api.upload(&token, Kind::Video).await;
    let path = format!("/cgi-bin/media/get?access_token={token}&media_id={id}");
    let url = api.get(&path).await.json()["video_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let local = url.strip_prefix(&simulator.api_base()).unwrap();
    assert_eq!(api.get(local).await.body, sample(Kind::Video));
    simulator.clock().advance(Duration::from_hours(72));
    let token = api.token().await;
    let late = api
        .get(&format!("/cgi-bin/media/get?access_token={token}&media_id={id}"))
        .await;
    assert_eq!(late.errcode(), 40007);
    assert_eq!(late.headers["content-type"], "text/plain");
}

#[tokio::test]
async fn uploads_are_refused_for_what_is_wrong_with_them() {
    let (_simulator, api) = start().await;
    let token = api.token().await;
    let upload = |kind: &'static str, bytes: Vec<u8>| {
        let (api, token) = (&api, &token);
        async move { api.upload_bytes(token, kind, &bytes).await.errcode() }
    };
    let big = |kind, size| {
        let mut bytes = sample(kind).to_vec();
        bytes.resize(size, 0);
        bytes
    };
    assert_eq!(upload("picture", vec![1]).await, 40004);
    assert_eq!(upload("image", b"<svg/>".to_vec()).await, 40005);
    assert_eq!(upload("image", vec![]).await, 41005);
    assert_eq!(
        upload("image", big(Kind::Image, 10 * 1024 * 1024 + 1)).await,
        40009
    );
    assert_eq!(
        upload("voice", big(Kind::Voice, 2 * 1024 * 1024 + 1)).await,
        40010
    );
    assert_eq!(
        upload("video", big(Kind::Video, 10 * 1024 * 1024 + 1)).await,
        40011
    );
    assert_eq!(upload("thumb", big(Kind::Thumb, 64 * 1024 + 1)).await, 40012);
    assert_eq!(upload("video", vec![0; 25 * 1024 * 1024]).await, 45001);
    let path = format!("/cgi-bin/media/upload?access_token={token}&type=image");
    assert_eq!(api.post(&path, sample(Kind::Image)).await.errcode(), 41005);
    for (form, code) in [
        (
            "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: image/png",
            41005,
        ),
        (
            "Content-Disposition: form-data; name=\"media\"\r\nContent-Type: image/png",
            41005,
        ),
        (
            "Content-Disposition: form-data; name=\"media\"; filename=\"a\"",
            41005,
        ),
    ] {
        let body = format!("--b0\r\n{form}\r\n\r\nGIF89a\r\n--b0--\r\n");
        let got = api
            .try_post(&path, "multipart/form-data; boundary=b0", body)
            .await
            .unwrap();
        assert_eq!(got.errcode(), code, "{form}");
    }
}

#[tokio::test]
async fn a_user_has_no_name() {
    let (simulator, api) = start().await;
    let token = api.token().await;
    let info = |openid: &str, more: &str| {
        let path = format!("/cgi-bin/user/info?access_token={token}&openid={openid}{more}");
        let api = &api;
        async move { api.get(&path).await }
    };
    simulator.customer("oFollower").set_nickname("小明");
    let _ = simulator
        .customer("oScanned")
        .write(weikefu_wechat_simulator::Inbound::subscribe(Some("store_1")));
    let _ = simulator.stranger("oStranger");
    let follower = info("oFollower", "&lang=zh_CN").await.json();
    assert_eq!(
        (&follower["subscribe"], &follower["nickname"]),
        (&json!(1), &json!(""))
    );
    assert_eq!(info("oScanned", "").await.json()["qr_scene_str"], "store_1");
    assert_eq!(
        info("oStranger", "").await.json(),
        json!({ "subscribe": 0, "openid": "oStranger" })
    );
    assert_eq!(info("oNobody", "").await.errcode(), 40003);
    assert_eq!(info("oFollower", "&lang=xx").await.errcode(), 40035);
    assert_eq!(info("oFollower", "&extra=1").await.errcode(), 40035);
}

#[tokio::test]
async fn faults_come_in_order_and_lost_sends_are_processed() {
    let (simulator, api) = start().await;
    let token = api.token().await;
    let customer = simulator.customer("oA");
    let _ = customer.write(weikefu_wechat_simulator::Inbound::text("hi"));
    let faults = simulator.faults();
    faults.once(SEND, Fault::Errcode(-1));
    faults.once(SEND, Fault::Http(502));
    faults.once(SEND, Fault::Garbage("<html>".into()));
    assert_eq!(api.text(&token, "oA", "1").await, -1);
    let path = format!("{SEND}?access_token={token}");
    let body = r#"{"touser":"oA","msgtype":"text","text":{"content":"lost"}}"#;
    assert_eq!(api.post(&path, body).await.status, 502);
    assert_eq!(api.post(&path, body).await.body, "<html>");
    assert!(customer.sent().is_empty());
    faults.once(SEND, Fault::Lost);
    faults.once(SEND, Fault::Cut);
    assert!(api.try_post(&path, "application/json", body).await.is_none());
    assert!(api.try_post(&path, "application/json", body).await.is_none());
    assert_eq!(
        customer.sent().len(),
        1,
        "a lost answer is not a lost message, a cut request is"
    );
    assert_eq!(customer.sent()[0].text(), "lost");
    faults.once(SEND, Fault::TokenGone);
    assert_eq!(api.text(&token, "oA", "2").await, 40001);
    faults.always(SEND, Fault::Errcode(45009));
    let token = api.token().await;
    assert_eq!(api.text(&token, "oA", "3").await, 45009);
    faults.clear_all();
    assert_eq!(api.text(&token, "oA", "4").await, 0);
    let codes: Vec<_> = simulator
        .calls(SEND)
        .into_iter()
        .map(|call| call.errcode)
        .collect();
    assert_eq!(
        codes,
        [
            Some(-1),
            None,
            None,
            None,
            None,
            Some(40001),
            Some(45009),
            Some(0)
        ]
    );
}

#[tokio::test]
async fn a_slow_answer_is_processed_first_and_overlaps_are_noticed() {
    let (simulator, api) = start().await;
    let token = api.token().await;
    let customer = simulator.customer("oA");
    let _ = customer.write(weikefu_wechat_simulator::Inbound::text("hi"));
    simulator
        .faults()
        .once(SEND, Fault::Slow(Duration::from_mins(10)));
    let slow = api.text(&token, "oA", "slow");
    let then = async {
        let sent = customer.wait_for_sent(1).await.unwrap();
        assert_eq!(sent[0].text(), "slow");
        assert!(simulator.violations().is_empty());
        assert_eq!(api.text(&token, "oA", "next").await, 0);
    };
    tokio::select! {
        _ = slow => panic!("answered before its time"),
        () = then => {}
    }
    assert_eq!(simulator.violations(), [Violation::OverlappingSends("oA".into())]);
    assert_eq!(customer.sent().len(), 2);
}
