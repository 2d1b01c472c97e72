//! Sockets and polls: order, gaps, reconnecting, bounds.
mod desk;

use desk::{Desk, body, cursors, frames, message, told};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use weikefu_channel::prelude::*;

fn text(client_id: &str, text: &str) -> Value {
    json!({ "type": "send", "client_id": client_id, "created_at": 5, "content": { "kind": "text", "text": text } })
}

#[test]
fn a_message_costs_one_emit_and_one_frame() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let welcome = desk.connect(1, &token, None);
    assert_eq!(
        (&welcome["type"], &welcome["more"]),
        (&json!("welcome"), &json!(false))
    );
    // The first one of a conversation is looked up, in case something is on its way in front of it.
    desk.say(1, &text("c1", "hi"));
    assert_eq!(told(&desk.fake, 1), ["ack 1.1", "message 1.1"]);
    let readings = desk.asked().len();
    for n in 2..=5 {
        desk.say(1, &text(&format!("c{n}"), "hi"));
        assert_eq!(told(&desk.fake, 1), [format!("ack 1.{n}")]);
    }
    assert_eq!(desk.fake.emitted().len(), 5);
    assert_eq!(desk.asked().len(), readings, "no reading of the thread");
}

#[test]
fn the_acknowledgement_comes_only_after_the_desk_has_it() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    desk.connect(1, &token, None);
    desk.fake
        .fail_next("emit", Error::new(Cause::Retryable, "the disk is full"));
    desk.say(1, &text("c1", "hi"));
    let refused = frames(&desk.fake, 1);
    assert_eq!(
        (&refused[0]["code"], &refused[0]["client_id"]),
        (&json!("unavailable"), &json!("c1"))
    );
    desk.say(1, &text("c1", "hi"));
    assert_eq!(told(&desk.fake, 1), ["ack 1.1", "message 1.1"]);
}

#[test]
fn a_visitors_other_pages_see_what_was_written_once() {
    let desk = Desk::open(json!({}));
    let (token, stranger) = (desk.token(), desk.token());
    desk.connect(1, &token, None);
    desk.connect(2, &token, None);
    desk.connect(3, &stranger, None);
    desk.say(1, &text("c1", "hi"));
    assert_eq!(told(&desk.fake, 1), ["ack 1.1", "message 1.1"]);
    let echo = frames(&desk.fake, 2);
    assert_eq!(echo[0]["message"]["cursor"], "1.1");
    assert_eq!(echo[0]["message"]["dedupe"], "c1");
    assert_eq!(echo[0]["message"]["from"], json!({ "who": "customer" }));
    // The same again, from the other page: acknowledged with the first place, shown to nobody twice.
    desk.say(2, &text("c1", "hi"));
    assert_eq!(told(&desk.fake, 2), ["ack 1.1"]);
    assert!(told(&desk.fake, 1).is_empty());
    assert!(told(&desk.fake, 3).is_empty());
}

#[test]
fn a_reconnect_brings_exactly_what_is_missing() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    for seq in 1..=450 {
        desk.store(1, seq, "x");
    }
    desk.store(2, 1, "y");
    desk.open_socket(1, None);
    desk.hello(1, &token, Some("1.10"));
    let welcomes = frames(&desk.fake, 1);
    assert!(welcomes.iter().all(|frame| frame["type"] == "welcome"));
    let more: Vec<_> = welcomes
        .iter()
        .map(|frame| frame["more"].as_bool().unwrap())
        .collect();
    assert_eq!(more, [true, true, false]);
    let brought: Vec<String> = welcomes.iter().flat_map(cursors).collect();
    let mut expected: Vec<String> = (11..=450).map(|seq| format!("1.{seq}")).collect();
    expected.push("2.1".into());
    assert_eq!(brought, expected);
    let nothing = desk.connect(2, &token, Some("2.1"));
    assert!(cursors(&nothing).is_empty());
}

#[test]
fn a_long_history_is_brought_in_frames_the_host_takes() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    for seq in 1..=250 {
        desk.store(1, seq, &"字".repeat(300));
    }
    for (connection, after, expected) in [(1, None, 51..=250), (2, Some("1.10"), 11..=250)] {
        desk.open_socket(connection, None);
        desk.hello(connection, &token, after);
        let frames = frames(&desk.fake, connection);
        assert_eq!(frames[0]["type"], "welcome");
        assert!(frames.iter().all(|frame| frame.to_string().len() <= 64 << 10));
        let mut brought = Vec::new();
        for frame in &frames {
            match frame["type"].as_str() {
                Some("welcome") => brought.extend(cursors(frame)),
                _ => brought.push(frame["message"]["cursor"].as_str().unwrap().to_owned()),
            }
        }
        let expected: Vec<String> = expected.map(|seq| format!("1.{seq}")).collect();
        assert_eq!(brought, expected);
    }
}

#[test]
fn messages_that_arrive_during_a_hello_are_neither_lost_nor_doubled() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let peer = desk.peer(&token);
    desk.store(1, 1, "x");
    desk.store(1, 2, "x");
    // While the page behind 1.1 is on its way here, the desk stores and carries 1.3.
    let (thread, channel, host) = (desk.thread.clone(), desk.channel.clone(), desk.fake.host());
    desk.meanwhile.set(Some(Box::new(move || {
        let late = message(1, 3, "late");
        thread.borrow_mut().push(late.clone());
        host.spawn(async move {
            channel
                .send(Outgoing {
                    peer: peer.clone(),
                    message: late,
                })
                .await
                .unwrap();
            let service = Service {
                state: ServiceState::Waiting,
                agent: None,
            };
            channel.notice(Notice { peer, service }).await.unwrap();
        });
    })));
    desk.open_socket(1, None);
    desk.hello(1, &token, Some("1.1"));
    let heard = frames(&desk.fake, 1);
    assert_eq!(cursors(&heard[0]), ["1.2"]);
    assert_eq!(heard[1]["message"]["cursor"], "1.3");
    assert_eq!(
        heard[2]["service"]["state"], "waiting",
        "never in front of the welcome"
    );
    assert_eq!(heard.len(), 3);
}

#[test]
fn a_gap_is_filled_from_the_thread_in_order() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let peer = desk.peer(&token);
    desk.store(1, 1, "x");
    desk.connect(1, &token, Some("1.1"));
    let (two, three) = (desk.store(1, 2, "x"), desk.store(1, 3, "x"));
    desk.carry(&peer, three);
    desk.carry(&peer, two);
    desk.send(&peer, 1, 4, "x");
    assert_eq!(told(&desk.fake, 1), ["message 1.2", "message 1.3", "message 1.4"]);
    // A late closing text of the old conversation and the first message of the new one.
    let closing = desk.store(1, 5, "bye");
    desk.send(&peer, 2, 1, "hello again");
    desk.carry(&peer, closing);
    assert_eq!(told(&desk.fake, 1), ["message 1.5", "message 2.1"]);
    // The outbox tries again what had arrived already.
    desk.carry(&peer, message(1, 5, "bye"));
    assert!(told(&desk.fake, 1).is_empty());
}

#[test]
fn a_send_with_nobody_there_succeeds_and_is_found_on_return() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let peer = desk.peer(&token);
    desk.send(&peer, 1, 1, "x");
    desk.send("u:somebody", 9, 1, "x");
    desk.thread.borrow_mut().retain(|m| m.cursor.conversation == 1);
    assert_eq!(cursors(&desk.connect(1, &token, None)), ["1.1"]);
}

#[test]
fn a_socket_that_fails_is_given_up_and_loses_nothing() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let peer = desk.peer(&token);
    desk.connect(1, &token, None);
    desk.connect(2, &token, None);
    desk.fake.lose_socket(1);
    desk.send(&peer, 1, 1, "x");
    desk.send(&peer, 1, 2, "x");
    assert_eq!(told(&desk.fake, 2), ["message 1.1", "message 1.2"]);
    assert_eq!(cursors(&desk.connect(3, &token, None)), ["1.1", "1.2"]);
    // When the thread cannot be read the socket is closed: the visitor comes again with its cursor.
    desk.open_socket(4, None);
    desk.fake
        .fail_next("thread", Error::new(Cause::Retryable, "busy"));
    desk.hello(4, &token, Some("1.1"));
    assert_eq!(
        frames(&desk.fake, 4),
        [json!({ "type": "close", "code": 1013, "reason": "try again" })]
    );
}

#[test]
fn bad_hellos_and_strangers_are_refused() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    desk.open_socket(1, None);
    desk.say(1, &text("c1", "hi"));
    assert_eq!(told(&desk.fake, 1), ["error bad_token"]);
    desk.hello(1, "v1.x.y.z", None);
    assert_eq!(told(&desk.fake, 1), ["error bad_token", "close"]);
    desk.say(1, &text("c1", "hi"));
    assert!(
        told(&desk.fake, 1).is_empty(),
        "a refused socket is not listened to"
    );
    for connection in 10..18 {
        desk.connect(connection, &token, None);
    }
    desk.open_socket(18, None);
    desk.hello(18, &token, None);
    assert_eq!(told(&desk.fake, 18), ["error too_many", "close"]);
    desk.fake.run(desk.channel.message(10, "{".into()));
    desk.say(10, &json!({ "type": "ping" }));
    assert_eq!(told(&desk.fake, 10), ["error bad_request", "pong"]);
    assert!(desk.fake.emitted().is_empty());
}

#[test]
fn notices_and_typing_reach_the_right_visitor() {
    let desk = Desk::open(json!({}));
    let (token, other) = (desk.token(), desk.token());
    let peer = desk.peer(&token);
    desk.connect(1, &token, None);
    desk.connect(2, &other, None);
    let agent = Persona {
        nickname: "小美".into(),
        avatar: Some("/m/a".into()),
    };
    let service = Service {
        state: ServiceState::Active,
        agent: Some(agent),
    };
    desk.fake
        .run(desk.channel.notice(Notice {
            peer: peer.clone(),
            service: service.clone(),
        }))
        .unwrap();
    assert_eq!(
        frames(&desk.fake, 1),
        [json!({ "type": "service", "service": service })]
    );
    desk.fake.run(desk.channel.typing(peer)).unwrap();
    assert_eq!(told(&desk.fake, 1), ["typing"]);
    assert!(told(&desk.fake, 2).is_empty());
}

#[test]
fn a_thousand_sockets_that_close_at_once_ask_nothing_of_the_host() {
    let desk = Desk::open(json!({}));
    let tokens: Vec<_> = (0..1_000).map(|_| desk.token()).collect();
    for (connection, token) in (1..).zip(&tokens) {
        desk.connect(connection, token, None);
    }
    let readings = desk.asked().len();
    for connection in 1..=1_000 {
        desk.fake.run(desk.channel.closed(connection));
    }
    assert_eq!(desk.asked().len(), readings);
    assert!((1..=1_000).all(|connection| frames(&desk.fake, connection).is_empty()));
    desk.connect(2_000, &tokens[0], None);
}

/// Starts a poll beside the test; where its answer will be.
fn poll(desk: &Desk, token: &str, after: &str) -> Rc<Cell<Option<Response>>> {
    let (answer, channel) = (Rc::new(Cell::new(None)), desk.channel.clone());
    let request =
        Request::get(format!("poll?after={after}")).header("authorization", format!("Bearer {token}"));
    let slot = answer.clone();
    desk.fake
        .host()
        .spawn(async move { slot.set(channel.receive(request).await.ok()) });
    desk.fake.settle();
    answer
}

#[test]
fn a_poll_waits_for_what_comes_and_no_longer_than_25_seconds() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let peer = desk.peer(&token);
    desk.store(1, 1, "x");
    assert_eq!(
        cursors(&body(&poll(&desk, &token, "").take().unwrap())),
        ["1.1"],
        "at once"
    );

    let waiting = poll(&desk, &token, "1.1");
    assert!(waiting.take().is_none());
    desk.send(&peer, 1, 2, "x");
    assert_eq!(cursors(&body(&waiting.take().unwrap())), ["1.2"]);

    let waiting = poll(&desk, &token, "1.2");
    *desk.service.borrow_mut() = Service {
        state: ServiceState::Waiting,
        agent: None,
    };
    let service = desk.service.borrow().clone();
    desk.fake
        .run(desk.channel.notice(Notice { peer, service }))
        .unwrap();
    assert_eq!(body(&waiting.take().unwrap())["service"]["state"], "waiting");

    let waiting = poll(&desk, &token, "1.2");
    desk.fake.advance(Duration::from_millis(24_900));
    assert!(waiting.take().is_none());
    desk.fake.advance(Duration::from_millis(200));
    assert!(cursors(&body(&waiting.take().unwrap())).is_empty());
}

#[test]
fn a_visitor_holds_four_polls() {
    let desk = Desk::open(json!({}));
    let (token, other) = (desk.token(), desk.token());
    let held: Vec<_> = (0..4).map(|_| poll(&desk, &token, "1.1")).collect();
    let fifth = poll(&desk, &token, "1.1").take().unwrap();
    assert_eq!((fifth.status, desk::code(&fifth).as_str()), (429, "too_many"));
    assert!(poll(&desk, &other, "1.1").take().is_none());
    // Writing wakes the visitor's own polls, because other pages may hold them.
    desk.write(&token, "c1", 5, "hi");
    assert!(
        held.iter()
            .all(|poll| poll.take().is_some_and(|answer| answer.status == 200))
    );
    assert!(poll(&desk, &token, "1.1").take().is_none());
}
