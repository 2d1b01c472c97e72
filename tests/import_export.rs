//! Tables of customers, tags and quick replies: out, in, and out again.
use crate::harness::{Agent, Answer, Shop, now};
use http::Method;
use serde_json::{Value, json};
use std::fmt::Write;

async fn import(agent: &Agent, what: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let path = format!("/api/shops/1/imports/{what}");
    let headers = [("content-type", "application/octet-stream")];
    agent
        .browser
        .try_send(Method::POST, &path, &headers, bytes.into())
        .await
        .unwrap()
}

async fn export(agent: &Agent, what: &str) -> Vec<u8> {
    let answer = agent.browser.get(&format!("/api/shops/1/exports/{what}")).await;
    assert!(
        answer.status.is_success(),
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    answer.body.to_vec()
}

/// Created, changed, unchanged.
fn counts(report: &Value) -> [u64; 3] {
    ["created", "changed", "unchanged"].map(|name| report[name].as_u64().unwrap())
}

const TABLE: &str = "昵称,备注,性别,手机,地址,标签,openid,备用\n\
    张三,\"两行\n备注\",男,013800138000,上海,VIP;老客户,visitor-1,x\n\
    =1+1,@all,女,1e20,-路,\"vip；a\\;b\",visitor-2,\n\
    😀,,,,,,visitor-3,\n";

#[tokio::test]
async fn customers_come_in_once_and_go_out_as_they_came() {
    let shop = Shop::open().await;
    let dry = import(&shop.admin, "customers?dry=true", TABLE).await.ok();
    assert_eq!(
        (counts(&dry), &dry["applied"], &dry["dry"]),
        ([3, 0, 0], &json!(false), &json!(true))
    );
    assert_eq!(
        (&dry["made"], &dry["ignored"]),
        (&json!(["VIP", "老客户", "a;b"]), &json!(["备用"]))
    );
    assert_eq!(shop.admin.get("/tags").await, json!([]));
    let done = import(&shop.admin, "customers", TABLE).await.ok();
    assert_eq!((counts(&done), &done["applied"]), ([3, 0, 0], &json!(true)));
    let again = import(&shop.admin, "customers", TABLE).await.ok();
    assert_eq!((counts(&again), &again["made"]), ([0, 0, 3], &json!([])));
    let tags = shop.admin.get("/tags").await;
    let counted: Vec<&Value> = tags
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["customers"])
        .collect();
    assert_eq!(counted, [&json!(2), &json!(1), &json!(1)]);

    let listed: Value = serde_json::from_slice(&export(&shop.admin, "customers?format=json").await).unwrap();
    assert_eq!(
        (
            &listed[0]["phone"],
            &listed[0]["remark"],
            &listed[1]["name"],
            &listed[1]["tags"]
        ),
        (
            &json!("013800138000"),
            &json!("两行\n备注"),
            &json!("=1+1"),
            &json!(["VIP", "a;b"])
        )
    );
    assert!(listed[0]["first_seen"].as_str().unwrap().ends_with("+08:00"));
    for format in ["csv", "xlsx", "json"] {
        let query = format!("customers?format={format}");
        let before = export(&shop.admin, &query).await;
        let report = import(&shop.admin, "customers", before.clone()).await.ok();
        assert_eq!(counts(&report), [0, 0, 3], "{format}: {report}");
        if format != "xlsx" {
            assert_eq!(export(&shop.admin, &query).await, before, "{format}");
        }
    }
    let csv = String::from_utf8(export(&shop.admin, "customers").await).unwrap();
    assert!(
        csv.starts_with('\u{feff}') && csv.contains("\"'=1+1\"") && csv.contains("\"'013800138000\""),
        "{csv}"
    );
    // One cell changed in a spreadsheet changes one customer.
    let edited = csv.replace("😀", "笑脸");
    assert_eq!(
        counts(&import(&shop.admin, "customers", edited).await.ok()),
        [0, 1, 2]
    );
    // Selected, or found by a filter.
    let found = export(
        &shop.admin,
        "customers?format=json&filter=%7B%22words%22%3A%22visitor-2%22%7D",
    )
    .await;
    let found: Value = serde_json::from_slice(&found).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let unknown = "/api/shops/1/exports/customers?filter=%7B%22word%22%3A%22x%22%7D";
    assert_eq!(
        shop.admin.browser.get(unknown).await.refused(),
        (400, "malformed".into())
    );
}

#[tokio::test]
async fn a_wrong_row_is_named_and_nothing_is_taken_in() {
    let shop = Shop::open().await;
    let table = "编号,昵称,性别,电话,渠道,openid\n\
        ,好,,,,visitor-1\n,,,,,\n,坏,什么,,,visitor-2\n77,谁,,,,\n,再来,,,,visitor-1\n,长,,123456789012345678901234567890123,,visitor-3\n,无,,,,\n,别家,,,没有这个渠道,visitor-4\n";
    for query in ["customers?dry=true", "customers"] {
        let report = import(&shop.admin, query, table).await.ok();
        assert_eq!(
            (&report["applied"], &report["error_count"]),
            (&json!(false), &json!(6))
        );
        let errors = report["errors"].as_array().unwrap();
        let named: Vec<(u64, &str)> = errors
            .iter()
            .map(|error| (error["line"].as_u64().unwrap(), error["column"].as_str().unwrap()))
            .collect();
        assert_eq!(
            named,
            [
                (4, "性别"),
                (5, "编号"),
                (6, "openid"),
                (7, "电话"),
                (8, "openid"),
                (9, "渠道")
            ]
        );
        assert!(
            errors
                .iter()
                .all(|error| error["text"].as_str().unwrap().ends_with('。'))
        );
    }
    let none: Value = serde_json::from_slice(&export(&shop.admin, "customers?format=json").await).unwrap();
    assert_eq!(none, json!([]));
    for (bytes, code) in [
        (b"".to_vec(), (422, "invalid")),
        (b"x,y\n1,2\n".to_vec(), (422, "invalid")),
        (b"PK\x03\x04nonsense".to_vec(), (422, "invalid")),
        (vec![b'a'; (10 << 20) + 1], (413, "too_large")),
    ] {
        let refused = import(&shop.admin, "customers", bytes).await.refused();
        assert_eq!(refused, (code.0, code.1.to_owned()));
    }
    shop.still_works("坏文件").await;
}

#[tokio::test]
async fn an_imported_customer_is_the_one_who_writes() {
    let shop = Shop::open().await;
    let (visitor, conversation) = shop.asks(&shop.admin, "在吗").await;
    let known: Value = serde_json::from_slice(&export(&shop.admin, "customers?format=json").await).unwrap();
    assert_eq!(known[0]["number"], conversation["customer"]["number"]);
    let openid = known[0]["openid"].as_str().unwrap();
    let table = format!("openid,昵称,标签\n{openid},老王,熟客\n");
    let report = import(&shop.admin, "customers", table).await.ok();
    assert_eq!(counts(&report), [0, 1, 0]);
    visitor.say("b", now(), "还在吗").await.ok();
    let seen = shop.found(&shop.admin, "还在吗").await;
    assert_eq!(
        (&seen["customer"]["name"], &seen["customer"]["tags"][0]["name"]),
        (&json!("老王"), &json!("熟客"))
    );
}

#[tokio::test]
async fn tables_are_for_seniors_and_many_are_tagged_by_who_may() {
    let shop = Shop::open().await;
    let (li, senior) = (
        shop.agent("li", "agent").await,
        shop.agent("zhao", "senior").await,
    );
    let forbidden = (403, "forbidden".to_owned());
    assert_eq!(import(&li, "customers", TABLE).await.refused(), forbidden);
    assert_eq!(
        li.browser.get("/api/shops/1/exports/customers").await.refused(),
        forbidden
    );
    assert_eq!(
        import(&senior, "quick-replies", "内容\n您好\n").await.refused(),
        forbidden
    );
    let mut table = "昵称,openid\n".to_owned();
    for at in 0..2_300 {
        writeln!(table, "客户{at},v{at}").unwrap();
    }
    assert_eq!(
        counts(&import(&senior, "customers", table).await.ok()),
        [2_300, 0, 0]
    );
    assert_eq!(
        import(&senior, "tags", "标签\nVIP\n新客\nvip\n").await.ok()["created"],
        2
    );
    assert_eq!(
        import(&senior, "tags", "标签\nVip\n新客\n").await.ok()["changed"],
        1
    );
    let tags = senior.get("/tags").await;
    let (vip, new) = (&tags[0]["id"], &tags[1]["id"]);
    // By a filter, in parts that go on from where they ended.
    let mut wanted = json!({ "filter": {}, "add": [vip] });
    assert_eq!(li.post("/customers/tags", &wanted).await.refused(), forbidden);
    let first = senior.post("/customers/tags", &wanted).await.ok();
    assert_eq!(
        (&first["matched"], &first["done"], &first["changed"]),
        (&json!(2_300), &json!(2_000), &json!(2_000))
    );
    wanted["after"] = first["next"].clone();
    let rest = senior.post("/customers/tags", &wanted).await.ok();
    assert_eq!(
        (&rest["done"], &rest["changed"], &rest["next"]),
        (&json!(2_300), &json!(300), &Value::Null)
    );
    let again = senior
        .post("/customers/tags", &json!({ "filter": {}, "add": [vip] }))
        .await
        .ok();
    assert_eq!(
        (&again["changed"], &again["unchanged"]),
        (&json!(0), &json!(2_000))
    );
    let one = senior.get(&format!("/tags/{vip}")).await;
    assert_eq!(one["customers"], 2_300);
    // An agent names customers he may read.
    let (_visitor, his) = shop.asks(&li, "我的").await;
    let his = &his["customer"]["id"];
    let swap = json!({ "ids": [his], "add": [new], "remove": [vip] });
    assert_eq!(li.post("/customers/tags", &swap).await.ok()["changed"], 1);
    let stranger = json!({ "ids": [his.as_u64().unwrap() - 1], "add": [new] });
    assert_eq!(li.post("/customers/tags", &stranger).await.refused(), forbidden);
    let elsewhere = json!({ "ids": [1], "add": [new] });
    assert_eq!(
        senior.post("/customers/tags", &elsewhere).await.refused(),
        (404, "not_found".into())
    );
    // Deleting tells how many lose it; who did it all is kept.
    let path = format!("/api/shops/1/tags/{vip}");
    let gone = senior.browser.json(Method::DELETE, &path, &json!({})).await.ok();
    assert_eq!(
        (&gone["name"], &gone["customers"]),
        (&json!("Vip"), &json!(2_300))
    );
    let deeds = senior.get("/deeds?limit=2").await;
    assert_eq!(
        (&deeds["rows"][0]["kind"], &deeds["rows"][1]["about"]),
        (&json!("remove_tag"), &json!("+新客 -Vip"))
    );
    assert_eq!(deeds["rows"][1]["by_name"], "li");
}

#[tokio::test]
async fn quick_replies_go_round_in_every_form() {
    let shop = Shop::open().await;
    let table = "文件夹,标题,内容\n物流,发货,=1+1\n,,\"两行\n文字\"\n";
    let dry = import(&shop.admin, "quick-replies?dry=true", table).await.ok();
    assert_eq!((counts(&dry), &dry["made"]), ([2, 0, 0], &json!(["物流"])));
    assert_eq!(
        counts(&import(&shop.admin, "quick-replies", table).await.ok()),
        [2, 0, 0]
    );
    for format in ["csv", "xlsx", "json"] {
        let out = export(&shop.admin, &format!("quick-replies?format={format}")).await;
        assert_eq!(
            counts(&import(&shop.admin, "quick-replies", out).await.ok()),
            [0, 0, 2],
            "{format}"
        );
    }
}

#[tokio::test]
async fn the_command_line_moves_tables_with_and_without_a_server() {
    let mut shop = Shop::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("in.csv"), TABLE).unwrap();
    let dry = shop
        .weikefu
        .order(&["import", "customers", &file("in.csv"), "--dry-run"]);
    assert_eq!((counts(&dry), &dry["applied"]), ([3, 0, 0], &json!(false)));
    let done = shop.weikefu.order(&["import", "customers", &file("in.csv")]);
    assert_eq!((counts(&done), &done["applied"]), ([3, 0, 0], &json!(true)));
    for name in ["served.csv", "served.xlsx", "served.json"] {
        let told = shop.weikefu.order(&["export", "customers", "--out", &file(name)]);
        assert_eq!((&told["rows"], &told["file"]), (&json!(3), &json!(file(name))));
    }
    let served = export(&shop.admin, "customers").await;
    assert_eq!(std::fs::read(file("served.csv")).unwrap(), served);
    // The same on the store itself.
    shop.weikefu.stop();
    shop.weikefu
        .order(&["export", "customers", "--out", &file("alone.csv")]);
    assert_eq!(std::fs::read(file("alone.csv")).unwrap(), served);
    for name in ["served.csv", "served.xlsx", "served.json"] {
        let again = shop.weikefu.order(&["import", "customers", &file(name)]);
        assert_eq!(counts(&again), [0, 0, 3], "{name}");
    }
    let tags = shop.weikefu.say(&["export", "tags"]);
    assert!(tags.code == 0 && tags.out.contains("\"老客户\",1,"), "{tags:?}");
    std::fs::write(file("bad.csv"), "昵称,性别,openid\n甲,男,v1\n乙,什么,v2\n").unwrap();
    let said = shop.weikefu.say(&["import", "customers", &file("bad.csv")]);
    assert!(said.code == 1 && said.out.contains("第 3 行“性别”"), "{said:?}");
    let missing = shop.weikefu.say(&["import", "customers", &file("none.csv")]);
    assert!(
        missing.code == 1 && missing.err.contains("none.csv"),
        "{missing:?}"
    );
    // Nothing stays behind in the data folder.
    let left = std::fs::read_dir(shop.weikefu.data()).unwrap();
    let left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!left.iter().any(|name| name.starts_with("table-")), "{left:?}");
}
