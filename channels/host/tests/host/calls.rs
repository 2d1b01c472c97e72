//! Calls that work, calls that are late, cancelled or too many.
use crate::support::{Memory, begin, counts, fixture, library, open, open_with, outgoing, text, trick};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use weikefu_channel::{Cause, Content, Health, Level, Notice, Receipt, Request, Service, ServiceState};
use weikefu_channel_host::{Instance, Library, Limits, Trust};

#[tokio::test]
async fn every_call_reaches_its_method() {
    let (instance, memory) = open().await;
    assert_eq!(instance.name(), "fixture-1");
    let receipt = instance.send(outgoing(Content::text("你好"))).await;
    assert_eq!(
        receipt,
        Ok(Receipt {
            upstream: Some("你好".into()),
            proof: None,
        })
    );
    let refused = instance
        .send(outgoing(Content::Image { media: None }))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Cause::Unsupported);
    instance.typing("peer-1").await.unwrap();
    instance.alarm("refresh").await.unwrap();
    let service = Service {
        state: ServiceState::Waiting,
        agent: None,
    };
    instance
        .notice(Notice {
            peer: "p".into(),
            service,
        })
        .await
        .unwrap();
    let said = [(Level::Info, "peer-1".into()), (Level::Info, "p Waiting".into())];
    assert_eq!(*memory.logs.lock().unwrap(), said);
    assert_eq!(
        *memory.status.lock().unwrap(),
        [(Health::Degraded, ("refresh", "refresh").into())]
    );
    let request = Request::get("echo")
        .header("x-a", "1")
        .with_body(b"body".to_vec());
    let response = instance.receive(request).await.unwrap();
    assert_eq!(
        (response.header_value("X-A"), &*response.body),
        (Some("1"), &b"body"[..])
    );
    assert!(instance.close().await);
    let closed = instance.typing("p").await.unwrap_err();
    assert_eq!(closed.kind, Cause::Retryable);
}

#[tokio::test]
async fn unknown_operations_and_unreadable_heads_are_errors() {
    let (instance, _memory) = open().await;
    let call = async |op, head: &str| {
        let answer = instance
            .call(op, head.into(), Vec::new(), Duration::from_secs(10))
            .await;
        answer.map_err(|e| e.kind)
    };
    assert_eq!(call("orders.list", "{}").await, Err(Cause::Unsupported));
    assert_eq!(call("", "").await, Err(Cause::Unsupported));
    assert_eq!(call("channel.send", "{").await, Err(Cause::Internal));
    assert_eq!(call("channel.send", "").await, Err(Cause::Internal));
    assert_eq!(call("webhooks.receive", "[1]").await, Err(Cause::Internal));
    assert_eq!(call("channel.open", "{}").await, Err(Cause::Internal));
    assert_eq!(
        call("channel.typing", r#"{"peer":"p","new":1}"#).await.unwrap().0,
        b"{}"
    );
    // A refused head is quoted by its place, never by its content.
    let leak = instance.call(
        "channel.typing",
        br#"{"peer":{"s":"hunter2"}}"#.to_vec(),
        Vec::new(),
        Duration::MAX,
    );
    assert!(!leak.await.unwrap_err().message.contains("hunter2"));
}

#[tokio::test]
async fn bodies_from_nothing_to_32_mib() {
    let (instance, _memory) = open().await;
    for size in [0, 1, 32 << 20] {
        let response = instance
            .receive(Request::get("echo").with_body(vec![9; size]))
            .await
            .unwrap();
        assert!(response.body.len() == size && response.body.iter().all(|byte| *byte == 9));
    }
    let more = instance
        .receive(Request::get("echo").with_body(vec![0; (32 << 20) + 1]))
        .await
        .unwrap_err();
    assert_eq!(more.kind, Cause::Rejected);
    let more = trick(&instance, &format!("big?bytes={}", (32 << 20) + 1))
        .await
        .unwrap_err();
    assert_eq!(
        (more.kind, more.message.contains("larger")),
        (Cause::Internal, true)
    );
    assert_eq!(trick(&instance, "head").await.unwrap_err().kind, Cause::Internal);
    assert_eq!(trick(&instance, "big?bytes=5").await.unwrap().body.len(), 5);
}

#[tokio::test]
async fn a_late_answer_is_dropped_and_the_next_call_gets_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let until = dir.path().join("go");
    let (instance, _memory) = open().await;
    let head = json!({ "url": format!("block?until={}", until.display()) }).to_string();
    let late = instance
        .call(
            "webhooks.receive",
            head.into(),
            Vec::new(),
            Duration::from_millis(50),
        )
        .await;
    assert_eq!(late.unwrap_err().kind, Cause::Retryable);
    std::fs::write(&until, "").unwrap();
    assert_eq!(counts(&instance).await.0, 2);
}

#[tokio::test]
async fn a_send_that_may_have_happened_is_unknown_one_that_cannot_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let until = dir.path().join("go");
    let limits = Limits {
        send: Duration::from_millis(50),
        ..Limits::default()
    };
    let (instance, _memory) = open_with(json!({}), limits).await.unwrap();
    let sent = begin(instance.send(outgoing(Content::text("hang"))))
        .map_err(drop)
        .unwrap();
    // A call behind it: the plugin has it by now.
    counts(&instance).await;
    assert_eq!(sent.await.unwrap_err().kind, Cause::Unknown);
    // The thread is kept busy, so that the next message is never taken out of the mailbox.
    let block = format!("block?until={}", until.display());
    let blocked = begin(trick(&instance, &block)).map_err(drop).unwrap();
    let waiting = instance.send(outgoing(Content::text("hi"))).await;
    assert_eq!(waiting.unwrap_err().kind, Cause::Retryable);
    std::fs::write(&until, "").unwrap();
    assert_eq!(blocked.await.unwrap().body, b"late");
}

#[tokio::test]
async fn a_storm_of_cancellations_leaves_nothing_behind() {
    let (instance, _memory) = open().await;
    for _ in 0..20 {
        let storm: Vec<_> = (0..50)
            .map(|_| begin(trick(&instance, "hang")).map_err(drop).unwrap())
            .collect();
        // A call behind them in the mailbox: all fifty hang by now.
        counts(&instance).await;
        drop(storm);
    }
    assert_eq!(counts(&instance).await.2, 1000);
}

#[tokio::test]
async fn a_full_mailbox_answers_at_once_and_sockets_wait() {
    let dir = tempfile::tempdir().unwrap();
    let until = dir.path().join("go");
    let limits = Limits {
        mailbox: 3,
        ..Limits::default()
    };
    let (instance, _memory) = open_with(json!({}), limits).await.unwrap();
    let block = format!("block?until={}", until.display());
    let blocked = begin(trick(&instance, &block)).map_err(drop).unwrap();
    let mut waiting = Vec::new();
    let refused = loop {
        match begin(trick(&instance, "echo")) {
            Ok(call) => waiting.push(call),
            Err(answer) => break answer,
        }
        assert!(waiting.len() <= 4, "one may have been taken out before the block");
    };
    assert_eq!(refused.unwrap_err().kind, Cause::Retryable);
    let closing = begin(instance.socket_closed(5)).map_err(drop).unwrap();
    std::fs::write(&until, "").unwrap();
    assert_eq!(blocked.await.unwrap().body, b"late");
    for call in waiting {
        call.await.unwrap();
    }
    closing.await.unwrap();
    assert_eq!(text(&instance, "sockets").await, r#"["5 closed"]"#);
}

#[tokio::test]
async fn the_messages_of_a_socket_stay_in_order() {
    let (instance, memory) = open().await;
    instance
        .socket_opened(1, Request::get("ws?token=1"))
        .await
        .unwrap();
    let others = async {
        instance.socket_opened(2, Request::get("ws")).await.unwrap();
        instance.socket_message(2, "passes".into()).await.unwrap();
        memory.kv.lock().unwrap().insert("go".into(), Vec::new());
    };
    let (first, second, closed, ()) = tokio::join!(
        instance.socket_message(1, "hold".into()),
        instance.socket_message(1, "second".into()),
        instance.socket_closed(1),
        others,
    );
    first.and(second).and(closed).unwrap();
    let seen: Vec<String> = trick(&instance, "sockets").await.unwrap().parse().unwrap();
    assert_eq!(
        seen,
        [
            "1 open ws?token=1",
            "2 open ws",
            "2 passes",
            "1 hold",
            "1 second",
            "1 closed"
        ]
    );
}

#[tokio::test]
async fn two_instances_share_a_library_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(fixture()).unwrap();
    let copy = weikefu_channel_host::unpack(dir.path(), "copy", &bytes).unwrap();
    let apart = Library::load(&copy, Trust::Bundled).unwrap();
    let open = async |library: &Library| {
        Instance::open(
            library,
            "one",
            json!({}),
            Arc::new(Memory::default()),
            Handle::current(),
        )
        .await
        .unwrap()
    };
    let alone = open(&apart).await;
    let (first, second) = (open(&library()).await, open(&library()).await);
    for _ in 0..3 {
        counts(&first).await;
    }
    assert_eq!(counts(&first).await.0, 4);
    assert_eq!(counts(&second).await.0, 1);
    // Another file is another library, with statics of its own.
    assert_eq!(counts(&alone).await.1, 1);
    assert!(first.close().await);
    assert_eq!(counts(&second).await.0, 2);
}

#[tokio::test]
async fn a_waker_of_another_thread_brings_the_call_to_its_end() {
    let (instance, _memory) = open().await;
    for _ in 0..50 {
        assert_eq!(text(&instance, "wake").await, "woken");
    }
}
