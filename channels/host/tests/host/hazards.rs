//! Panics, refusals and sudden ends.
use crate::support::{begin, counts, open, open_with, outgoing, text, trick};
use serde_json::json;
use std::time::Duration;
use weikefu_channel::{Cause, Content, Error, Health};
use weikefu_channel_host::Limits;

async fn refused(config: serde_json::Value, limits: Limits) -> Error {
    match open_with(config, limits).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_panic_fails_one_call() {
    let (instance, memory) = open().await;
    let error = trick(&instance, "panic").await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Panic, "the plugin panicked: as it was told to")
    );
    assert_eq!(counts(&instance).await.0, 2);
    let (_, line) = memory.logs.lock().unwrap()[0].clone();
    assert!(
        line.contains("plugin/src/lib.rs:") && line.contains("as it was told to"),
        "{line}"
    );
}

#[tokio::test]
async fn five_panics_end_in_quarantine() {
    let (instance, memory) = open().await;
    assert_eq!(text(&instance, "spawn-panic").await, "spawned");
    for _ in 0..4 {
        assert!(!instance.quarantined());
        assert_eq!(trick(&instance, "panic").await.unwrap_err().kind, Cause::Panic);
    }
    assert!(instance.quarantined());
    let error = trick(&instance, "echo").await.unwrap_err();
    assert_eq!(error.kind, Cause::Retryable);
    let status = memory.status.lock().unwrap().clone();
    assert_eq!((status.len(), status[0].0), (1, Health::Degraded));
    assert!(
        status[0].1.zh.contains("已停用") && status[0].1.en.is_ascii(),
        "{status:?}"
    );
    assert!(error.words().zh.contains("已停用"), "{error:?}");
    assert!(instance.close().await);
}

#[tokio::test]
async fn opening_can_fail_in_every_way() {
    let usual = Limits::default;
    let error = refused(json!({ "mode": "refuse" }), usual()).await;
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Config, "mode: is not one of the good ones")
    );
    assert_eq!(
        error.words().zh,
        "mode：不是可用的取值",
        "both languages cross the boundary"
    );
    let error = refused(json!({ "mode": "panic" }), usual()).await;
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Panic, "the plugin panicked: no opening today")
    );
    let error = refused(json!({ "boom": 1 }), usual()).await;
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Panic, "the plugin panicked: boom")
    );
    let error = refused(json!({ "number": "hunter2" }), usual()).await;
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Config, "number: expected u32")
    );
    let error = refused(json!(null), usual()).await;
    assert_eq!(error.kind, Cause::Config);
    let hasty = Limits {
        open: Duration::from_millis(50),
        ..usual()
    };
    assert_eq!(
        refused(json!({ "mode": "hang" }), hasty).await.kind,
        Cause::Retryable
    );
    // The library has taken no harm.
    assert_eq!(counts(&open().await.0).await.0, 1);
}

#[tokio::test]
async fn the_end_comes_cleanly_with_a_hundred_calls_pending() {
    let (instance, _memory) = open().await;
    let sends: Vec<_> = (0..50)
        .map(|_| {
            begin(instance.send(outgoing(Content::text("hang"))))
                .map_err(drop)
                .unwrap()
        })
        .collect();
    let sleeps: Vec<_> = (0..50)
        .map(|_| begin(trick(&instance, "sleep?ms=1000000")).map_err(drop).unwrap())
        .collect();
    counts(&instance).await;
    assert!(instance.close().await);
    for send in sends {
        assert_eq!(send.await.unwrap_err().kind, Cause::Unknown);
    }
    for sleep in sleeps {
        assert_eq!(sleep.await.unwrap_err().kind, Cause::Retryable);
    }
    assert!(instance.close().await, "closing twice is closing once");
}

#[tokio::test]
async fn a_panic_at_the_end_stays_inside() {
    let (instance, memory) = open_with(json!({ "mode": "drop" }), Limits::default())
        .await
        .unwrap();
    assert!(instance.close().await);
    assert!(memory.logs.lock().unwrap()[0].1.contains("as it was told to"));
}

#[tokio::test]
async fn a_plugin_that_does_not_end_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let until = dir.path().join("go");
    let soon = Duration::from_millis(50);
    let limits = Limits {
        receive: soon,
        close: soon,
        ..Limits::default()
    };
    let (instance, _memory) = open_with(json!({}), limits).await.unwrap();
    trick(&instance, &format!("block?until={}", until.display()))
        .await
        .unwrap_err();
    assert!(!instance.close().await);
    std::fs::write(&until, "").unwrap();
    while !instance.close().await {}
}

#[tokio::test]
async fn chatter_is_cut_short() {
    let (instance, memory) = open().await;
    assert_eq!(text(&instance, "chatter?lines=5000").await, "said");
    let lines = memory.logs.lock().unwrap().len();
    assert!((200..1000).contains(&lines), "{lines}");
}
