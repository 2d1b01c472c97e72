//! What a plugin asks of the host.
use crate::support::{open, outgoing, text, trick};
use serde_json::{Value, json};
use weikefu_channel::{Cause, Content, Request, Thread, What};

#[tokio::test]
async fn everything_kept_comes_back() {
    let (instance, memory) = open().await;
    let answer: Value = trick(&instance, "store").await.unwrap().parse().unwrap();
    let media = json!({ "id": "f".repeat(32), "mime": "image/png", "size": 3, "name": "a.png" });
    let thread = json!({ "messages": [], "more": false, "service": { "state": "idle" } });
    let wanted = json!([
        [false, true], b"2", ["a", "opened"], null, { "Err": "rejected" }, [media, [1, 2, 3]], thread
    ]);
    assert_eq!(answer, wanted);
    assert_eq!(*memory.alarms.lock().unwrap(), [("later".into(), 99)]);
    assert_eq!(memory.amended.lock().unwrap()[0].content, Content::text("new"));
    assert_eq!(memory.kv.lock().unwrap()["opened"], b"yes");
}

#[tokio::test]
async fn a_page_of_two_hundred_long_messages_arrives() {
    let (instance, memory) = open().await;
    let message = outgoing(Content::text("长".repeat(5000))).message;
    *memory.thread.lock().unwrap() = Thread {
        messages: vec![message; 200],
        ..Thread::default()
    };
    assert_eq!(text(&instance, "thread").await, "200");
}

#[tokio::test]
async fn an_emit_returns_its_place() {
    let (instance, memory) = open().await;
    let request = Request::get("emit?peer=o-1").with_body("在吗 🙂".as_bytes().to_vec());
    let stored: Value = instance.receive(request).await.unwrap().parse().unwrap();
    assert_eq!(stored, json!({ "cursor": "1.1", "at": 7, "duplicate": false }));
    let emitted = memory.emitted.lock().unwrap().clone();
    assert_eq!((&*emitted[0].peer, emitted[0].sent_at), ("o-1", 5));
    assert_eq!(
        emitted[0].what,
        What::Message {
            content: Content::text("在吗 🙂")
        }
    );
}

#[tokio::test]
async fn bounds_are_kept_and_a_failing_service_fails_one_call() {
    let (instance, memory) = open().await;
    let error = trick(&instance, "emit?peer=").await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Rejected, "peer: 0, must be 1 to 128")
    );
    let long = format!("emit?peer={}", "x".repeat(129));
    assert_eq!(trick(&instance, &long).await.unwrap_err().kind, Cause::Rejected);
    assert_eq!(
        trick(&instance, "emit?peer=panic").await.unwrap_err().kind,
        Cause::Internal
    );
    assert_eq!(trick(&instance, "emit?peer=fine").await.unwrap().status, 200);
    assert_eq!(memory.emitted.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn sockets_are_written_to_and_closed_and_sleep_ends() {
    let (instance, memory) = open().await;
    assert_eq!(text(&instance, "ws?to=18446744073709551615").await, "sent");
    assert_eq!(
        *memory.sent.lock().unwrap(),
        [(u64::MAX, "hello".into()), (u64::MAX, "1000 bye".into())]
    );
    assert_eq!(text(&instance, "sleep?ms=5").await, "rested");
}
