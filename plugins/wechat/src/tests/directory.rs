//! The register: tags by name, the remark, the language; and what happens when the platform does not tell.
use super::*;

fn follower(tags: &serde_json::Value) -> Result<Response> {
    let info = json!({ "subscribe": 1, "openid": "oAbC", "nickname": "", "sex": 0, "language": "zh_CN",
                       "remark": "大客户", "tagid_list": tags });
    Response::json(200, &info)
}

fn names(tags: &[(i64, &str)]) -> Result<Response> {
    let tags: Vec<_> = tags
        .iter()
        .map(|(id, name)| json!({ "id": id, "name": name, "count": 1 }))
        .collect();
    Response::json(200, &json!({ "tags": tags }))
}

fn card(stage: &Stage, account: &WeChat) -> Result<Card> {
    stage.fake.run(account.card("oAbC".into()))
}

#[test]
fn tags_come_by_name_and_names_are_asked_for_once_a_minute() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer("info", follower(&json!([101, 2])));
    stage.answer("get", names(&[(2, "星标组"), (101, "老客户"), (102, "新客户")]));
    let told = card(&stage, &account).unwrap();
    assert_eq!(told.tags, ["老客户", "星标组"], "in the platform's order");
    assert_eq!(
        (told.remark.as_str(), told.language.as_deref()),
        ("大客户", Some("zh-CN"))
    );
    let asked = &stage.calls("info")[0];
    assert_eq!(asked.method, "GET");
    assert_eq!(asked.query("openid").as_deref(), Some("oAbC"));
    assert!(asked.query("access_token").is_some());

    stage.answer("info", follower(&json!([102])));
    assert_eq!(card(&stage, &account).unwrap().tags, ["新客户"]);
    assert_eq!(stage.calls("get").len(), 1, "the names are remembered");
    // One that is not known is asked for at once; an old list is not trusted.
    stage.answer("info", follower(&json!([103])));
    stage.answer("get", names(&[(103, "刚建的")]));
    assert_eq!(card(&stage, &account).unwrap().tags, ["刚建的"]);
    stage.fake.advance(Duration::from_mins(2));
    stage.answer("info", follower(&json!([103])));
    stage.answer("get", names(&[(103, "改名了")]));
    assert_eq!(card(&stage, &account).unwrap().tags, ["改名了"]);
    // Deleted between the two calls: no name, no tag.
    stage.answer("info", follower(&json!([104])));
    stage.answer("get", names(&[]));
    assert_eq!(card(&stage, &account).unwrap().tags, [] as [&str; 0]);
    // Nothing to name, nothing to ask.
    stage.answer("info", follower(&json!([])));
    card(&stage, &account).unwrap();
    assert_eq!(stage.calls("get").len(), 4);
}

#[test]
fn half_an_answer_is_none_and_the_account_stays_healthy() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer(
        "info",
        Response::json(200, &json!({ "subscribe": 0, "openid": "oAbC" })),
    );
    assert_eq!(card(&stage, &account).unwrap_err().kind, Cause::Rejected);
    stage.refuse("info", 48001);
    assert!(card(&stage, &account).unwrap_err().words().zh.contains("权限"));
    stage.answer("info", follower(&json!([2])));
    stage.refuse("get", 45009);
    assert_eq!(card(&stage, &account).unwrap_err().kind, Cause::RateLimited);
    stage.answer("info", follower(&json!(["x", null, 7.5])));
    assert_eq!(card(&stage, &account).unwrap().tags, [] as [&str; 0]);
    assert_eq!(stage.fake.status().unwrap().0, Health::Healthy);
    // A token at fault is renewed once.
    stage.refuse("info", 42001);
    stage.answer("info", follower(&json!([])));
    stage.fake.advance(Duration::from_mins(1));
    card(&stage, &account).unwrap();
    assert_eq!(stage.calls("stable_token").len(), 2);
}
