//! Quick replies (A5.9): rights of the two boxes, the live event, tables in and out.
use crate::harness::{Agent, Shop};
use http::Method;
use serde_json::{Value, json};

const NOTHING: Value = Value::Null;

async fn boxes(agent: &Agent) -> Value {
    agent.get("/quick-replies").await
}

async fn import(agent: &Agent, shelf: &str, mime: &str, bytes: impl Into<Vec<u8>>) -> crate::harness::Answer {
    let path = format!("/api/shops/1/quick-replies/{shelf}/import");
    let headers = [("content-type", mime)];
    let sent = agent
        .browser
        .try_send(Method::POST, &path, &headers, bytes.into());
    sent.await.unwrap()
}

async fn delete(agent: &Agent, rest: &str) -> crate::harness::Answer {
    let path = format!("/api/shops/1/quick-replies/{rest}");
    agent.browser.json(Method::DELETE, &path, &json!({})).await
}

#[tokio::test]
async fn administrators_change_what_is_shared_and_everybody_what_is_his() {
    let shop = Shop::open().await;
    let agent = shop.agent("li", "agent").await;
    let senior = shop.agent("wang", "senior").await;
    let folder = shop
        .admin
        .post("/quick-replies/shared/folders", &json!({ "name": "物流" }))
        .await
        .ok();
    let shared = json!({ "folder": folder["id"], "title": "发货", "text": "今天发出" });
    let shared = shop
        .admin
        .post("/quick-replies/shared/replies", &shared)
        .await
        .ok();
    let mine = agent
        .post("/quick-replies/mine/replies", &json!({ "text": "您好" }))
        .await
        .ok();
    for reader in [&agent, &senior, &shop.admin] {
        let seen = boxes(reader).await;
        assert_eq!(seen["shared"]["folders"][0]["replies"][0], shared);
        let own = if reader.id == agent.id {
            json!([mine])
        } else {
            json!([])
        };
        assert_eq!(seen["mine"]["replies"], own);
    }
    let forbidden = (403, "forbidden".to_owned());
    for (method, rest) in [
        (Method::POST, "folders".to_owned()),
        (Method::PATCH, format!("folders/{}", folder["id"])),
        (Method::DELETE, format!("folders/{}", folder["id"])),
        (Method::POST, "replies".to_owned()),
        (Method::PATCH, format!("replies/{}", shared["id"])),
        (Method::DELETE, format!("replies/{}", shared["id"])),
        (Method::PUT, "order".to_owned()),
        (Method::GET, "export".to_owned()),
        (Method::POST, "import".to_owned()),
    ] {
        for who in [&agent, &senior] {
            let path = format!("/api/shops/1/quick-replies/shared/{rest}");
            let answer = who.browser.json(method.clone(), &path, &json!({})).await;
            assert_eq!(answer.refused(), forbidden, "{method} {rest}");
        }
    }
    // The number of somebody else's reply is nothing in one's own box.
    let path = format!("/quick-replies/mine/replies/{}", mine["id"]);
    let refused = senior.patch(&path, &json!({ "text": "x" })).await.refused();
    assert_eq!(refused, (404, "not_found".into()));
    agent.patch(&path, &json!({ "title": "问候" })).await.ok();
    assert_eq!(
        boxes(&agent).await["mine"]["replies"][0],
        json!({ "id": mine["id"], "title": "问候", "text": "您好" })
    );
    delete(&agent, &format!("mine/replies/{}", mine["id"])).await.ok();
    delete(&shop.admin, &format!("shared/folders/{}", folder["id"]))
        .await
        .ok();
    let empty = json!({ "folders": [], "replies": [] });
    assert_eq!(boxes(&agent).await, json!({ "mine": empty, "shared": empty }));
}

#[tokio::test]
async fn a_change_is_told_and_an_order_holds() {
    let shop = Shop::open().await;
    let agent = shop.agent("li", "agent").await;
    let mut live = agent.events(None).await;
    let mut ids = Vec::new();
    for text in ["一", "二", "三"] {
        let added = shop
            .admin
            .post("/quick-replies/shared/replies", &json!({ "text": text }))
            .await
            .ok();
        ids.push(added["id"].clone());
        live.until("the news of it", |frame| {
            (frame["what"] == "changed" && frame["topic"] == "quick_replies").then_some(())
        })
        .await;
    }
    let folder = shop
        .admin
        .post("/quick-replies/shared/folders", &json!({ "name": "常用" }))
        .await
        .ok();
    let order =
        json!({ "folders": [{ "id": folder["id"], "replies": [ids[2]] }], "replies": [ids[1], ids[0]] });
    for _ in 0..2 {
        assert_eq!(
            shop.admin.put("/quick-replies/shared/order", &order).await.ok(),
            NOTHING
        );
        let seen = boxes(&agent).await["shared"].clone();
        assert_eq!(seen["folders"][0]["replies"][0]["text"], "三");
        assert_eq!(seen["replies"][0]["text"], "二");
    }
    // Somebody added one meanwhile: the order of the old picture must not lose it.
    shop.admin
        .post("/quick-replies/shared/replies", &json!({ "text": "四" }))
        .await
        .ok();
    let refused = shop
        .admin
        .put("/quick-replies/shared/order", &order)
        .await
        .refused();
    assert_eq!(refused, (409, "stale".into()));
}

#[tokio::test]
async fn tables_go_out_and_come_in_whole_or_not_at_all() {
    let shop = Shop::open().await;
    let agent = shop.agent("li", "agent").await;
    let table = "文件夹,标题,内容\n物流,发货,=1+1\n,,\"两行\n文字\"\n";
    let done = import(&shop.admin, "shared", "text/csv; charset=utf-8", table)
        .await
        .ok();
    assert_eq!(done, json!({ "added": 2, "skipped": 0, "folders": 1 }));
    let path = "/api/shops/1/quick-replies/shared/export";
    let out = shop.admin.browser.get(path).await;
    assert_eq!(out.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        out.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert!(out.body.starts_with(b"\xef\xbb\xbf"));
    assert!(String::from_utf8_lossy(&out.body).contains("\"'=1+1\""));
    let done = import(&agent, "mine", "text/csv", out.body.to_vec()).await.ok();
    assert_eq!(done["added"], 2);
    let seen = boxes(&agent).await;
    assert_eq!(seen["mine"]["folders"][0]["replies"][0]["text"], "=1+1");
    assert_eq!(seen["mine"]["replies"][0]["text"], "两行\n文字");

    let wrong = import(
        &agent,
        "mine",
        "text/csv",
        "内容\n好\n,\n\"\",x\n标题\n".to_owned() + &"长".repeat(2_001),
    )
    .await;
    assert_eq!(wrong.refused(), (422, "invalid".into()));
    assert!(
        wrong.json()["message"].as_str().unwrap().contains("行"),
        "{}",
        wrong.json()
    );
    let json = r#"[{"folder":"新","text":"甲"}]"#;
    assert_eq!(
        import(&agent, "mine", "application/json", json).await.ok()["folders"],
        1
    );
    let picture = import(&agent, "mine", "image/png", "x").await.refused();
    assert_eq!(picture, (422, "invalid".into()));
    let large = import(&agent, "mine", "text/csv", vec![b'a'; (1 << 20) + 1])
        .await
        .refused();
    assert_eq!(large, (413, "too_large".into()));
    assert_eq!(
        boxes(&agent).await["mine"]["folders"].as_array().unwrap().len(),
        2
    );
}
