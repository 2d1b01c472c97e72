use super::*;
use proptest::prelude::*;
use weikefu_channel::{Content, From};

fn at(conversation: u64, seq: u32) -> Cursor {
    Cursor { conversation, seq }
}

fn message(conversation: u64, seq: u32) -> ThreadMessage {
    let cursor = at(conversation, seq);
    ThreadMessage {
        cursor,
        at: 1,
        from: From::System,
        content: Content::text("x"),
        dedupe: None,
    }
}

fn ready(after: Option<Cursor>) -> Sockets {
    let mut sockets = Sockets::default();
    sockets.open(1, Lang::ZhCn);
    sockets.join(1, "v:1", after, None).unwrap();
    assert_eq!(sockets.caught(1, &[], false).next, Next::UpToDate(None));
    sockets
}

#[test]
fn what_follows_is_sent_and_what_is_known_is_not() {
    let mut sockets = ready(Some(at(3, 4)));
    assert_eq!(sockets.offer(1, &message(3, 4)), Offer::Done);
    assert_eq!(sockets.offer(1, &message(2, 9)), Offer::Done);
    assert_eq!(sockets.offer(1, &message(3, 5)), Offer::Send);
    assert_eq!(sockets.offer(1, &message(3, 5)), Offer::Done);
    assert_eq!(
        sockets.own(1, &message(3, 6)),
        Offer::Done,
        "the acknowledgement tells it"
    );
    assert_eq!(sockets.offer(1, &message(3, 7)), Offer::Send);
}

#[test]
fn the_first_message_of_a_thread_is_read_because_another_may_be_late() {
    let mut sockets = ready(None);
    assert_eq!(sockets.own(1, &message(7, 1)), Offer::CatchUp);
    let caught = sockets.caught(1, &[message(6, 1), message(7, 1)], false);
    assert_eq!(
        caught,
        Caught {
            send: vec![],
            next: Next::UpToDate(None)
        }
    );
    assert_eq!(sockets.own(1, &message(7, 2)), Offer::Done);
}

#[test]
fn a_new_conversation_is_read_because_the_old_one_may_have_gone_on() {
    let mut sockets = ready(Some(at(3, 4)));
    assert_eq!(sockets.own(1, &message(4, 1)), Offer::CatchUp);
    assert_eq!(sockets.reading(1), Some(("v:1".into(), Some(at(3, 4)))));
    // The closing text of conversation 3 comes late and is part of the page.
    assert_eq!(sockets.offer(1, &message(3, 5)), Offer::Done);
    let caught = sockets.caught(1, &[message(3, 5), message(4, 1)], false);
    assert_eq!(
        caught,
        Caught {
            send: vec![],
            next: Next::UpToDate(None)
        }
    );
    assert_eq!(sockets.offer(1, &message(4, 2)), Offer::Send);
}

#[test]
fn messages_that_arrive_while_reading_are_neither_lost_nor_doubled() {
    let mut sockets = ready(Some(at(1, 1)));
    assert_eq!(sockets.offer(1, &message(1, 3)), Offer::CatchUp);
    assert_eq!(sockets.offer(1, &message(1, 4)), Offer::Done);
    assert_eq!(sockets.offer(1, &message(1, 6)), Offer::Done);
    // The page was read before 4 was stored; 5 is missing between 4 and 6.
    let caught = sockets.caught(1, &[message(1, 2), message(1, 3)], false);
    assert_eq!(
        caught,
        Caught {
            send: vec![message(1, 4)],
            next: Next::Read
        }
    );
    let caught = sockets.caught(1, &[message(1, 5), message(1, 6)], false);
    assert_eq!(
        caught,
        Caught {
            send: vec![],
            next: Next::UpToDate(None)
        }
    );
}

#[test]
fn a_hint_leads_to_one_reading() {
    let mut sockets = ready(Some(at(1, 1)));
    assert_eq!(sockets.hint(1, at(1, 1)), Offer::Done);
    assert_eq!(sockets.hint(1, at(1, 2)), Offer::CatchUp);
    assert_eq!(sockets.hint(1, at(1, 2)), Offer::Done);
    assert_eq!(
        sockets.caught(1, &[], false).next,
        Next::Read,
        "the second hint came during the reading"
    );
    assert_eq!(
        sockets.caught(1, &[message(1, 2)], false).next,
        Next::UpToDate(None)
    );
}

#[test]
fn a_message_the_thread_never_shows_does_not_stop_the_rest() {
    let mut sockets = ready(Some(at(1, 1)));
    assert_eq!(sockets.offer(1, &message(1, 3)), Offer::CatchUp);
    let caught = sockets.caught(1, &[], false);
    assert_eq!(
        caught,
        Caught {
            send: vec![message(1, 3)],
            next: Next::UpToDate(None)
        }
    );
}

#[test]
fn the_service_waits_for_the_welcome() {
    let mut sockets = Sockets::default();
    sockets.open(1, Lang::En);
    sockets.join(1, "v:1", None, None).unwrap();
    assert!(sockets.hold_service(1, "old"));
    assert!(sockets.hold_service(1, "new"));
    assert_eq!(
        sockets.caught(1, &[], false).next,
        Next::UpToDate(Some("new".into()))
    );
    assert!(!sockets.hold_service(1, "later"));
}

#[test]
fn a_visitor_holds_eight_sockets_and_says_hello_once_on_each() {
    let mut sockets = Sockets::default();
    for connection in 0..10 {
        sockets.open(connection, Lang::ZhCn);
    }
    for connection in 0..8 {
        sockets.join(connection, "v:1", None, None).unwrap();
    }
    assert_eq!(sockets.join(8, "v:1", None, None), Err(Code::TooMany));
    assert_eq!(sockets.join(0, "v:2", None, None), Err(Code::BadRequest));
    assert_eq!(sockets.join(99, "v:2", None, None), Err(Code::BadRequest));
    sockets.close(3);
    assert_eq!(sockets.join(8, "v:1", None, None), Ok(()));
    assert_eq!(sockets.of("v:1"), [0, 1, 2, 4, 5, 6, 7, 8]);
    (0..10).for_each(|connection| sockets.close(connection));
    assert_eq!(sockets.count(), (0, 0), "nothing is left behind");
}

#[test]
fn one_pump_at_a_time_and_a_bound_on_what_waits() {
    let mut sockets = ready(None);
    assert_eq!(sockets.enqueue(1, "a".into()), Some(true));
    assert_eq!(sockets.enqueue(1, "b".into()), Some(false));
    assert_eq!(sockets.next_frame(1).as_deref(), Some("a"));
    assert_eq!(sockets.next_frame(1).as_deref(), Some("b"));
    assert_eq!(sockets.next_frame(1), None);
    assert_eq!(sockets.enqueue(1, "c".into()), Some(true));
    for _ in 1..QUEUE {
        assert!(sockets.enqueue(1, String::new()).is_some());
    }
    assert_eq!(sockets.enqueue(1, String::new()), None);
    assert_eq!(sockets.enqueue(2, String::new()), None);
}

proptest! {
    /// Messages are stored in order, and told to the socket late and in any order, while pages are read at
    /// any moment: the socket still gets each exactly once and in order.
    #[test]
    fn a_socket_hears_everything_once_and_in_order(
        sizes in proptest::collection::vec(1_u32..6, 1..5),
        shuffle in proptest::collection::vec(any::<proptest::sample::Index>(), 40),
        stored_ahead in proptest::collection::vec(0_usize..4, 40),
        first in 0_usize..6,
    ) {
        let thread: Vec<_> = (1..).zip(&sizes).flat_map(|(c, n)| (1..=*n).map(move |s| message(c, s))).collect();
        let mut stored = first.min(thread.len());
        let mut sockets = Sockets::default();
        sockets.open(1, Lang::ZhCn);
        sockets.join(1, "v:1", thread[..stored].last().map(|m| m.cursor), None).unwrap();
        let mut heard: Vec<Cursor> = thread[..stored].iter().map(|m| m.cursor).collect();
        let mut untold: Vec<ThreadMessage> = Vec::new();
        let mut reading = true;
        for (index, ahead) in shuffle.iter().zip(&stored_ahead) {
            let next = (stored + ahead).min(thread.len());
            untold.extend_from_slice(&thread[stored..next]);
            stored = next;
            if reading && ahead % 2 == 0 {
                reading = read(&mut sockets, &thread[..stored], &mut heard);
            }
            if !untold.is_empty() {
                let message = untold.swap_remove(index.index(untold.len()));
                match sockets.offer(1, &message) {
                    Offer::Send => heard.push(message.cursor),
                    Offer::CatchUp => reading = true,
                    Offer::Done => {}
                }
            }
        }
        for message in untold.drain(..) {
            match sockets.offer(1, &message) {
                Offer::Send => heard.push(message.cursor),
                Offer::CatchUp => reading = true,
                Offer::Done => {}
            }
        }
        while reading {
            reading = read(&mut sockets, &thread[..stored], &mut heard);
        }
        let expected: Vec<Cursor> = thread[..stored].iter().map(|m| m.cursor).collect();
        prop_assert_eq!(heard, expected);
    }
}

/// Reads one page of at most three messages, as the account does. Whether to go on.
fn read(sockets: &mut Sockets, thread: &[ThreadMessage], heard: &mut Vec<Cursor>) -> bool {
    let Some((_, after)) = sockets.reading(1) else {
        return false;
    };
    let rest: Vec<_> = thread
        .iter()
        .filter(|m| Some(m.cursor) > after)
        .cloned()
        .collect();
    // Behind nothing the newest are read; the thread was empty at the hello then.
    let page = &rest[..if after.is_some() {
        rest.len().min(3)
    } else {
        rest.len()
    }];
    heard.extend(page.iter().map(|m| m.cursor));
    let caught = sockets.caught(1, page, page.len() < rest.len());
    heard.extend(caught.send.iter().map(|m| m.cursor));
    caught.next == Next::Read
}
