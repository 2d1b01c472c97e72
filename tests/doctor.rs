//! `weikefu doctor messages`: what did not get out, why, and what to do, with and without a running server.
use crate::harness::{Shop, eventually};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Fault, Mode, Options};

const SEND: &str = "/cgi-bin/message/custom/send";

/// The states the doctor lists, with the exit code.
fn found(shop: &Shop) -> (i32, Vec<String>, Value) {
    let (code, report) = shop.weikefu.try_order(&["doctor", "messages"]);
    let lines = report["stuck"].as_array().unwrap();
    for line in lines {
        assert!(line["why"].as_str().unwrap().chars().count() > 3, "{line}");
        assert!(line["next"].as_str().unwrap().chars().count() > 5, "{line}");
        assert_eq!(line["shop"], 1);
    }
    let states = lines
        .iter()
        .map(|line| line["state"].as_str().unwrap().to_owned());
    (code, states.collect(), report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stuck_is_listed_with_reason_and_next_step() {
    let (mut shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    shop.admin.acceptance(true, 200, "").await;
    shop.admin.online(true).await;
    assert_eq!(found(&shop).0, 0);
    let customer = official.simulator.customer("oDoctor");
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "在吗").await;
    let say = async |id: &str, state: &str| {
        let stored = shop.admin.say(&conversation, id, id).await.ok();
        shop.admin.delivered(&conversation, &stored, state).await
    };
    say("1", "accepted").await;
    official.simulator.faults().once(SEND, Fault::Lost);
    let unknown = say("2", "unknown").await;
    official.simulator.faults().once(SEND, Fault::Errcode(45015));
    let failed = say("3", "failed").await;
    let (code, states, report) = found(&shop);
    assert_eq!(
        (code, states),
        (7, vec!["unknown".to_owned(), "failed".to_owned()])
    );
    assert_eq!(report["stuck"][0]["seq"], unknown["seq"]);
    assert_eq!(report["stuck"][1]["seq"], failed["seq"]);
    assert_eq!(
        (&report["stuck"][1]["cause"], &report["serving"]),
        (&json!("window_closed"), &json!(true))
    );
    let said = shop.weikefu.english(&["doctor", "messages", "--shop", "1"]);
    assert!(
        said.code == 7 && said.out.contains("unknown") && said.out.contains("Next:"),
        "{said:?}"
    );
    assert!(said.out.is_ascii(), "{said:?}");
    let (code, _) = shop.weikefu.try_order(&["doctor", "messages", "--shop", "9"]);
    assert_eq!(code, 1);
    // One that is sent again and arrives is no trouble any more.
    assert!(customer.text("在的").await.is_accepted());
    shop.admin.retry(&failed).await.ok();
    shop.admin.delivered(&conversation, &failed, "accepted").await;
    assert_eq!(found(&shop).1, ["unknown"]);
    // Killed while a message is being handed over.
    official
        .simulator
        .faults()
        .once(SEND, Fault::Slow(std::time::Duration::from_secs(8)));
    let stored = shop.admin.say(&conversation, "4", "4").await.ok();
    shop.admin.delivered(&conversation, &stored, "sending").await;
    shop.weikefu.kill();
    let (code, states, report) = found(&shop);
    assert_eq!(
        (code, states),
        (7, vec!["sending".to_owned(), "unknown".to_owned()])
    );
    assert_eq!(report["serving"], false);
    shop.weikefu.start_again().await;
    let states = eventually("unknown after the start", async || {
        let (_, states, _) = found(&shop);
        (states == ["unknown", "unknown"]).then_some(())
    });
    states.await;
    shop.admin.delivered(&conversation, &stored, "unknown").await;
}
