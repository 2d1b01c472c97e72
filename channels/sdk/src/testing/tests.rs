use super::*;
use crate::error::Cause;
use crate::inbound::{Cursor, Profile, What};
use std::cell::Cell;

fn inbound(peer: &str, dedupe: &str) -> Inbound {
    let what = What::Message {
        content: Content::text("hi"),
    };
    Inbound {
        peer: peer.into(),
        dedupe: dedupe.into(),
        sent_at: 5,
        what,
        profile: Profile::default(),
        trigger: None,
        passive: None,
    }
}

#[test]
fn the_store_reads_what_it_wrote() {
    let fake = FakeHost::new();
    let host = fake.host();
    fake.run(async {
        assert_eq!(host.kv_get("a").await, Ok(None));
        host.kv_put("a", b"1".to_vec()).await.unwrap();
        host.kv_put("ab", b"".to_vec()).await.unwrap();
        host.kv_put("b", b"3".to_vec()).await.unwrap();
        assert_eq!(host.kv_get("a").await, Ok(Some(b"1".to_vec())));
        assert_eq!(host.kv_get("ab").await, Ok(Some(Vec::new())));
        assert_eq!(host.kv_scan("a", 10).await.unwrap(), ["a", "ab"]);
        assert_eq!(host.kv_swap("a", Some(b"0"), b"2".to_vec()).await, Ok(false));
        assert_eq!(host.kv_swap("a", Some(b"1"), b"2".to_vec()).await, Ok(true));
        assert_eq!(host.kv_swap("a", None, b"9".to_vec()).await, Ok(false));
        assert_eq!(host.kv_swap("new", None, b"9".to_vec()).await, Ok(true));
        host.kv_delete("a").await.unwrap();
        assert_eq!(host.kv_get("a").await, Ok(None));
        assert_eq!(
            host.kv_put("", Vec::new()).await.unwrap_err().kind,
            Cause::Rejected
        );
    });
    assert_eq!(fake.kv().len(), 3);
}

#[test]
fn emits_are_counted_and_repetitions_known() {
    let fake = FakeHost::new();
    let host = fake.host();
    fake.run(async {
        let first = host.emit(&inbound("p", "1")).await.unwrap();
        assert_eq!(
            first.cursor,
            Some(Cursor {
                conversation: 1,
                seq: 1
            })
        );
        let again = host.emit(&inbound("p", "1")).await.unwrap();
        assert!(again.duplicate && again.cursor == first.cursor);
        assert_eq!(
            host.emit(&inbound("p", "2")).await.unwrap().cursor.unwrap().seq,
            2
        );
        assert_eq!(
            host.emit(&inbound("q", "1"))
                .await
                .unwrap()
                .cursor
                .unwrap()
                .conversation,
            2
        );
        fake.fail_next("emit", Error::new(Cause::Retryable, "the disk is full"));
        assert_eq!(
            host.emit(&inbound("p", "3")).await.unwrap_err().kind,
            Cause::Retryable
        );
        let text = Content::text("more");
        host.amend("p", "1", 5, &text).await.unwrap();
        assert_eq!(
            host.amend("p", "9", 5, &text).await.unwrap_err().kind,
            Cause::NotFound
        );
    });
    assert_eq!((fake.emitted().len(), fake.amended().len()), (4, 1));
}

#[test]
fn time_passes_when_nothing_else_can() {
    let fake = FakeHost::new();
    let host = fake.host();
    let beats = Rc::new(Cell::new(0));
    let (ticking, counted) = (host.clone(), beats.clone());
    host.spawn(async move {
        loop {
            ticking.sleep(Duration::from_mins(1)).await;
            counted.set(counted.get() + 1);
        }
    });
    fake.run(host.sleep(Duration::from_secs(150)));
    assert_eq!(host.now(), START + 150_000);
    assert_eq!(beats.get(), 2);
    fake.advance(Duration::from_mins(1));
    assert_eq!(beats.get(), 3);
}

#[test]
fn sockets_logs_and_files_are_kept() {
    let fake = FakeHost::new();
    let host = fake.host();
    fake.run(async {
        host.ws_send(7, "a".into()).await.unwrap();
        host.ws_close(7, 1000, "bye").await.unwrap();
        let media = host.media_put("image/png", Some("a.png"), vec![1]).await.unwrap();
        assert_eq!(host.media_get(&media.id).await, Ok((media, vec![1])));
        assert_eq!(host.media_get("none").await.unwrap_err().kind, Cause::NotFound);
        host.alarm_set("refresh", 9).await.unwrap();
        host.log(Level::Warn, "slow");
        host.status(Health::Degraded, &Words::new("令牌被拒绝", "token refused"));
        assert!(
            host.thread(&ThreadQuery::default())
                .await
                .unwrap()
                .messages
                .is_empty()
        );
        fake.lose_socket(7);
        assert_eq!(
            host.ws_send(7, "b".into()).await.unwrap_err().kind,
            Cause::NotFound
        );
    });
    assert_eq!(
        fake.take_sent(7),
        [Sent::Text("a".into()), Sent::Close(1000, "bye".into())]
    );
    assert_eq!(fake.logs(), [(Level::Warn, "slow".into())]);
    assert_eq!(
        fake.status(),
        Some((Health::Degraded, Words::new("令牌被拒绝", "token refused")))
    );
    assert_eq!(fake.alarms()["refresh"], 9);
}

#[test]
#[should_panic(expected = "a spawned future panicked")]
fn a_panic_in_a_spawned_future_fails_the_test() {
    let fake = FakeHost::new();
    let host = fake.host();
    host.spawn(async { panic!("oops") });
    fake.run(host.sleep(Duration::from_secs(1)));
}

#[test]
fn a_waker_of_another_thread_is_waited_for() {
    let fake = FakeHost::new();
    let done = Arc::new(AtomicBool::new(false));
    let mut started = false;
    fake.run(std::future::poll_fn(|cx| {
        if !std::mem::replace(&mut started, true) {
            let (waker, done) = (cx.waker().clone(), done.clone());
            std::thread::spawn(move || {
                done.store(true, Ordering::Release);
                waker.wake();
            });
        }
        if done.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
}

#[test]
fn a_channel_opens_as_the_host_opens_it() {
    use crate::prelude::*;

    #[derive(Deserialize, JsonSchema)]
    struct Config {
        port: u16,
    }
    struct Plain(Config);
    impl Channel for Plain {
        type Config = Config;
        fn manifest() -> Manifest {
            Manifest::new("plain", "1")
        }
        async fn open(host: Host, config: Config) -> Result<Self> {
            host.kv_put("seen", Vec::new()).await?;
            Ok(Plain(config))
        }
        async fn send(&self, _: Outgoing) -> Result<Receipt> {
            Ok(Receipt::default())
        }
    }
    let fake = FakeHost::new();
    assert_eq!(
        fake.run(fake.open::<Plain>(json!({ "port": 7 }))).unwrap().0.port,
        7
    );
    assert!(fake.kv().contains_key("seen"));
    let error = fake
        .run(fake.open::<Plain>(json!({ "port": -7 })))
        .map(drop)
        .unwrap_err();
    assert_eq!(
        (error.kind, &*error.message),
        (Cause::Config, "port: expected u16")
    );
}
