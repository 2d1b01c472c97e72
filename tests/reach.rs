//! What the platform still allows: counted, shown, kept for the agent, corrected; and texts that cost nothing
//! because they leave in the answer to a callback.
use crate::harness::{Official, Shop, eventually, text_of};
use serde_json::{Value, json};
use std::time::Duration;
use weikefu_wechat_simulator::{Answer, Customer, Inbound, Mode, Options, Via};

const SEND: &str = "/cgi-bin/message/custom/send";
const GREETING: &str = "您好，我是客服小王 ]]> <b>&";

/// A conversation as the desk shows it now.
async fn now(shop: &Shop, conversation: &Value) -> Value {
    shop.admin.conversation(&conversation["id"]).await.unwrap()
}

/// What may still be sent: how many, and the word for it.
async fn left(shop: &Shop, conversation: &Value) -> (u64, String) {
    let reach = now(shop, conversation).await["reach"].clone();
    let state = reach["state"].as_str().unwrap().to_owned();
    (reach["left"].as_u64().unwrap(), state)
}

/// The one automatic text of a conversation, once it is in this state.
async fn automatic(shop: &Shop, conversation: &Value, state: &str) -> Value {
    eventually(&format!("an automatic text that is {state}"), async || {
        let thread = shop.thread(conversation).await;
        let own = thread.into_iter().rfind(|message| message["from"] == "system");
        own.filter(|message| message["delivery"]["state"] == state)
    })
    .await
}

fn heard(customer: &Customer) -> Vec<(Via, String)> {
    let sent = customer.sent();
    sent.iter()
        .map(|sent| (sent.via, sent.text().to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_in_the_answer_to_the_callback_costs_nothing() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let (shop, official) = Shop::open_with(mode, Options::default()).await;
        shop.admin.acceptance(true, 200, GREETING).await;
        shop.admin.online(true).await;
        let customer = official.simulator.customer("oPassive");
        let callback = customer.write(Inbound::text("在吗"));
        let delivery = official.simulator.deliver(&callback).await;
        let Answer::Reply(reply) = &delivery.answer else {
            panic!("{mode}: {:?}", delivery.answer);
        };
        assert_eq!(reply.encrypted, mode != Mode::Plaintext);
        assert_eq!(heard(&customer), [(Via::Passive, GREETING.to_owned())]);
        // The platform's repetition is answered without a text.
        let again = official.simulator.deliver(&callback).await;
        assert_eq!(again.answer, Answer::Success);
        assert_eq!(heard(&customer).len(), 1);
        let conversation = shop.admin.conversations().await.remove(0);
        let said = automatic(&shop, &conversation, "accepted").await;
        assert_eq!(
            (text_of(&said), &said["delivery"]["proof"]),
            (GREETING, &json!("passive"))
        );
        assert_eq!(official.simulator.calls(SEND).len(), 0);
        assert_eq!(customer.quota().left, 5);
        assert_eq!(left(&shop, &conversation).await, (5, "open".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_on_acceptance_by_hand_is_counted() {
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    shop.admin.acceptance(false, 0, GREETING).await;
    shop.admin.online(true).await;
    let customer = official.simulator.customer("oCounted");
    assert_eq!(customer.text("在吗").await.answer, Answer::Success);
    let conversation = shop.found(&shop.admin, "在吗").await;
    shop.admin.accept(&conversation).await.ok();
    let said = automatic(&shop, &conversation, "accepted").await;
    assert_ne!(said["delivery"]["proof"], "passive");
    assert_eq!(heard(&customer), [(Via::Send, GREETING.to_owned())]);
    assert_eq!(
        (customer.quota().left, left(&shop, &conversation).await.0),
        (4, 4)
    );
}

/// A shop whose administrator holds a customer who has just written.
async fn talk(rules: Option<&str>) -> (Shop, Official, Customer, Value) {
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    if let Some(rules) = rules {
        let setting = format!("reply_rules={rules}");
        shop.weikefu
            .order(&["channel", "set", &official.channel.to_string(), "--set", &setting]);
    }
    shop.take_everybody().await;
    let customer = official.simulator.customer("oReach");
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "在吗").await;
    (shop, official, customer, conversation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sixth_answer_waits_for_the_customer_unless_the_agent_insists() {
    let (shop, official, customer, conversation) = talk(None).await;
    // Of whole seconds nobody knows which half came first: what left in the same one would count.
    official.simulator.clock().advance(Duration::from_secs(2));
    let mut events = shop.admin.events(None).await;
    for n in 1..=5 {
        assert_eq!(left(&shop, &conversation).await.0, 6 - n);
        let stored = shop.admin.say(&conversation, &n.to_string(), "答").await.ok();
        shop.admin.delivered(&conversation, &stored, "accepted").await;
    }
    assert_eq!(left(&shop, &conversation).await, (0, "spent".into()));
    let told = events.until("the last one", |frame| {
        (frame["conversation"]["reach"]["state"] == "last").then(|| frame["conversation"]["reach"].clone())
    });
    let told = told.await;
    assert_eq!((&told["left"], &told["trigger"]), (&json!(1), &json!("message")));
    let hours = (told["until"].as_i64().unwrap() - crate::harness::now()) / 3_600_000;
    assert_eq!(hours, 47, "two days less a margin");
    let refused = shop.admin.say(&conversation, "6", "答").await;
    assert_eq!(refused.refused(), (409, "reach_spent".into()));
    assert_eq!(official.simulator.calls(SEND).len(), 5, "nothing was tried");
    // The agent may know better. He does not, and hears it from the platform.
    let body = json!({ "client_id": "6", "content": { "kind": "text", "text": "答" }, "force": true });
    let path = format!("/conversations/{}/messages", conversation["id"]);
    let stored = shop.admin.post(&path, &body).await.ok();
    let failed = shop.admin.delivered(&conversation, &stored, "failed").await;
    assert_eq!(failed["delivery"]["cause"], "quota_spent");
    assert!(failed["delivery"]["reason"].as_str().unwrap().contains("45047"));
    assert_eq!(
        shop.admin.retry(&failed).await.refused(),
        (409, "reach_spent".into())
    );
    // A click opens three for a minute, a message five again.
    assert!(customer.click("KF").await.is_accepted());
    assert_eq!(left(&shop, &conversation).await, (3, "open".into()));
    assert!(customer.text("还有吗").await.is_accepted());
    assert_eq!(left(&shop, &conversation).await, (5, "open".into()));
    shop.admin.retry(&failed).await.ok();
    shop.admin.delivered(&conversation, &failed, "accepted").await;
    assert_eq!(
        (customer.quota().left, left(&shop, &conversation).await.0),
        (4, 4)
    );
    // Who leaves cannot be written to.
    customer.unfollow().await;
    assert_eq!(left(&shop, &conversation).await, (0, "closed".into()));
    let refused = shop.admin.say(&conversation, "7", "答").await;
    assert_eq!(refused.refused(), (409, "reach_closed".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platforms_refusal_corrects_the_ledger() {
    let rules = r#"[{"trigger":"message","count":9,"seconds":172800}]"#;
    let (shop, official, _customer, conversation) = talk(Some(rules)).await;
    let say = async |id: &str, state: &str| {
        let stored = shop.admin.say(&conversation, id, id).await.ok();
        shop.admin.delivered(&conversation, &stored, state).await
    };
    assert_eq!(left(&shop, &conversation).await.0, 9);
    for n in 1..=5 {
        say(&n.to_string(), "accepted").await;
    }
    let failed = say("6", "failed").await;
    assert_eq!(failed["delivery"]["cause"], "quota_spent");
    assert_eq!(left(&shop, &conversation).await, (0, "spent".into()));
    let refused = shop.admin.say(&conversation, "7", "7").await;
    assert_eq!(refused.refused(), (409, "reach_spent".into()));
    assert_eq!(official.simulator.calls(SEND).len(), 6);
    // A rule that cannot be is refused where it is set, and named.
    let order = ["channel", "set", &official.channel.to_string(), "--set"];
    for wrong in [
        r#"reply_rules=[{"trigger":"message","count":0,"seconds":60}]"#,
        "reply_rules=[7]",
    ] {
        let (code, said) = shop.weikefu.try_order(&[order.as_slice(), &[wrong]].concat());
        assert_eq!(code, 1, "{said}");
        assert!(
            said["error"]["message"].as_str().unwrap().contains("reply_rules"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_automatic_text_yields_to_the_agent_and_says_so() {
    let rules = r#"[{"trigger":"message","count":2,"seconds":172800}]"#;
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    let setting = format!("reply_rules={rules}");
    shop.weikefu
        .order(&["channel", "set", &official.channel.to_string(), "--set", &setting]);
    shop.admin.acceptance(false, 0, GREETING).await;
    shop.admin.online(true).await;
    let customer = official.simulator.customer("oYield");
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "在吗").await;
    shop.admin.accept(&conversation).await.ok();
    let said = automatic(&shop, &conversation, "suppressed").await;
    assert_eq!(said["delivery"]["suppressed"], "quota_reserved");
    assert!(said["delivery"]["reason"].as_str().unwrap().contains("保留"));
    assert_eq!(left(&shop, &conversation).await.0, 2);
    let stored = shop.admin.say(&conversation, "1", "答").await.ok();
    shop.admin.delivered(&conversation, &stored, "accepted").await;
    assert_eq!(heard(&customer), [(Via::Send, "答".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_do_not_greet_each_other_for_ever() {
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    shop.admin.acceptance(true, 200, "您好").await;
    shop.admin.online(true).await;
    let customer = official.simulator.customer("oMachine");
    for n in 0..8 {
        let text = format!("自动回复{n}");
        let delivery = customer.text(text).await;
        assert_eq!(
            matches!(delivery.answer, Answer::Reply(_)),
            n < 6,
            "{n}: {:?}",
            delivery.answer
        );
        let conversation = shop.admin.conversations().await.remove(0);
        let state = if n < 6 { "accepted" } else { "suppressed" };
        let said = automatic(&shop, &conversation, state).await;
        assert_eq!(
            said["delivery"]["suppressed"],
            if n < 6 { Value::Null } else { json!("loop") }
        );
        shop.admin.close(&conversation).await.ok();
    }
    assert_eq!(heard(&customer).len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_retries_at_once_send_once() {
    let (shop, official, customer, conversation) = talk(None).await;
    official
        .simulator
        .faults()
        .once(SEND, weikefu_wechat_simulator::Fault::Lost);
    let stored = shop.admin.say(&conversation, "1", "可能到了").await.ok();
    let unknown = shop.admin.delivered(&conversation, &stored, "unknown").await;
    let before = heard(&customer).len();
    let pressed = (0..5).map(|_| shop.admin.retry(&unknown));
    for answer in futures_util::future::join_all(pressed).await {
        // The message is on its way, or has arrived meanwhile.
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    shop.admin.delivered(&conversation, &unknown, "accepted").await;
    assert_eq!(heard(&customer).len(), before + 1);
    assert_eq!(official.simulator.violations(), []);
}
