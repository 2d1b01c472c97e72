//! Cut off under traffic: console and widget come back and have what everybody has.
use crate::harness::{Agent, Dice, Shop, Socket, Visitor, eventually, now, text_of, texts};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Messages that pass at least while a side is cut off: more than a page, so that coming back takes several.
const MISSED: usize = 300;
/// How long a side is cut off.
const CUT: Duration = Duration::from_secs(30);
/// Between two messages of one writer while a side is cut off: some 400 in all, which the feed still holds.
const PACE: Duration = Duration::from_millis(150);

/// One customer and one agent who write to each other without pause, or at a pace while a side is cut off.
struct Traffic {
    written: Arc<AtomicUsize>,
    paced: Arc<AtomicBool>,
    stop: tokio::sync::watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Traffic {
    fn begin(visitor: &Visitor, agent: &Agent, conversation: &Value) -> Self {
        let written = Arc::new(AtomicUsize::new(0));
        let paced = Arc::new(AtomicBool::new(false));
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let mut tasks = Vec::new();
        let (writer, counter, stopped) = (visitor.clone(), Arc::clone(&written), stopping.clone());
        let slow = Arc::clone(&paced);
        tasks.push(tokio::spawn(async move {
            for n in 0.. {
                if *stopped.borrow() {
                    return;
                }
                writer
                    .say(&format!("v{n}"), now(), &format!("客户 {n}"))
                    .await
                    .ok();
                counter.fetch_add(1, Ordering::Relaxed);
                pause(&slow).await;
            }
        }));
        let (writer, counter, conversation) = (agent.clone(), Arc::clone(&written), conversation.clone());
        let slow = Arc::clone(&paced);
        tasks.push(tokio::spawn(async move {
            for n in 0.. {
                if *stopping.borrow() {
                    return;
                }
                writer
                    .say(&conversation, &format!("a{n}"), &format!("客服 {n}"))
                    .await
                    .ok();
                counter.fetch_add(1, Ordering::Relaxed);
                pause(&slow).await;
            }
        }));
        Traffic {
            written,
            paced,
            stop,
            tasks,
        }
    }

    /// A side is cut off all this while: [`CUT`] of wall clock, throughout which messages go on passing.
    async fn outlast(&self) {
        let (begin, before) = (Instant::now(), self.written.load(Ordering::Relaxed));
        self.paced.store(true, Ordering::Relaxed);
        while begin.elapsed() < CUT {
            self.pass(20).await;
        }
        self.paced.store(false, Ordering::Relaxed);
        let passed = self.written.load(Ordering::Relaxed) - before;
        self.pass(MISSED.saturating_sub(passed)).await;
    }

    /// Until so many more have been written.
    async fn pass(&self, more: usize) {
        let until = self.written.load(Ordering::Relaxed) + more;
        eventually("more messages", async || {
            (self.written.load(Ordering::Relaxed) >= until).then_some(())
        })
        .await;
    }

    /// No more; everything written is stored.
    async fn end(self) -> usize {
        self.stop.send(true).unwrap();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.written.load(Ordering::Relaxed)
    }
}

async fn pause(paced: &AtomicBool) {
    if paced.load(Ordering::Relaxed) {
        tokio::time::sleep(PACE).await;
    }
}

/// A shop with one customer who is held by the administrator.
async fn talk() -> (Shop, Visitor, Value) {
    let shop = Shop::open().await;
    let (visitor, waits) = shop.asks(&shop.admin, "开始").await;
    let held = shop.admin.accept(&waits).await.ok();
    (shop, visitor, held)
}

/// The thread of a conversation once everything in it has been delivered.
async fn settled(shop: &Shop, conversation: &Value) -> Vec<Value> {
    eventually("everything is delivered", async || {
        let thread = shop.thread(conversation).await;
        let done =
            |message: &Value| message["delivery"].is_null() || message["delivery"]["state"] == "accepted";
        thread.iter().all(done).then_some(thread)
    })
    .await
}

/// Everything that was told to a console, by number.
#[derive(Default)]
struct Told {
    events: BTreeMap<u64, Value>,
    last: u64,
    resets: usize,
}

impl Told {
    fn since(event: u64) -> Self {
        Told {
            last: event,
            ..Told::default()
        }
    }

    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "event" => {
                let n = frame["n"].as_u64().unwrap();
                assert!(n > self.last, "{n} after {}", self.last);
                self.last = n;
                self.events.insert(n, frame.clone());
            }
            "reset" => {
                self.last = frame["event"].as_u64().unwrap();
                self.resets += 1;
            }
            _ => {}
        }
    }

    /// Listens until something has been told.
    async fn until(&mut self, socket: &mut Socket, what: &str, mut enough: impl FnMut(&Value) -> bool) {
        socket
            .until(what, |frame| {
                self.take(frame);
                enough(frame).then_some(())
            })
            .await;
    }

    /// The messages as they were told last, by place.
    fn messages(&self) -> BTreeMap<(u64, u64), Value> {
        let mut messages = BTreeMap::new();
        for event in self.events.values().filter(|event| event["what"] == "message") {
            messages.insert(place(&event["message"]), event["message"].clone());
        }
        messages
    }
}

fn place(message: &Value) -> (u64, u64) {
    let number = |name: &str| message[name].as_u64().unwrap();
    (number("conversation"), number("seq"))
}

fn is_text(frame: &Value, text: &str) -> bool {
    frame["what"] == "message" && text_of(&frame["message"]) == text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_comes_back_gets_exactly_what_it_missed() {
    let mut dice = Dice::thrown("console");
    let (shop, visitor, held) = talk().await;
    let begin = shop.admin.desk().await["event"].as_u64().unwrap();
    let mut steady = Told::since(begin);
    let mut whole = shop.admin.events(Some(begin)).await;
    let traffic = Traffic::begin(&visitor, &shop.admin, &held);
    let mut cut = Told::since(begin);
    for round in 0..4 {
        let mut socket = shop.admin.events(Some(cut.last)).await;
        let mut left = dice.below(100);
        cut.until(&mut socket, "some events", |_| {
            left = left.saturating_sub(1);
            left == 0
        })
        .await;
        drop(socket);
        if round == 0 {
            traffic.outlast().await;
        } else {
            traffic.pass(30).await;
        }
    }
    let written = traffic.end().await;
    visitor.say("end", now(), "结束").await.ok();
    let mut socket = shop.admin.events(Some(cut.last)).await;
    cut.until(&mut socket, "the end", |frame| is_text(frame, "结束"))
        .await;
    steady
        .until(&mut whole, "the end", |frame| is_text(frame, "结束"))
        .await;
    assert_eq!((cut.resets, steady.resets), (0, 0));
    let numbers = |told: &Told| told.events.keys().copied().collect::<Vec<_>>();
    assert_eq!(numbers(&cut), numbers(&steady));
    assert_eq!(cut.events, steady.events);
    // And what was told is what is stored, the state of each delivery included, once all have been told.
    let last = cut.last;
    let thread = settled(&shop, &held).await;
    let event = shop.admin.desk().await["event"].as_u64().unwrap();
    if event > last {
        cut.until(&mut socket, "the last event", |frame| frame["n"] == event)
            .await;
    }
    let stored: BTreeMap<_, _> = thread
        .iter()
        .map(|message| (place(message), message.clone()))
        .collect();
    // The message before the first event is not told.
    let mut wanted = stored.clone();
    wanted.pop_first();
    assert_eq!(cut.messages(), wanted);
    assert_eq!(stored.len(), written + 2);
    let seqs: Vec<u64> = thread.iter().map(|message| place(message).1).collect();
    assert_eq!(seqs, (1..=stored.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_the_server_cannot_bridge_is_told_so_and_repairs_by_cursor() {
    let (mut shop, visitor, held) = talk().await;
    let begin = shop.admin.desk().await["event"].as_u64().unwrap();
    let mut told = Told::since(begin);
    let mut socket = shop.admin.events(Some(begin)).await;
    let traffic = Traffic::begin(&visitor, &shop.admin, &held);
    traffic.pass(20).await;
    told.until(&mut socket, "a message", |frame| frame["what"] == "message")
        .await;
    drop(socket);
    let held_cursor = place(told.messages().values().next_back().unwrap());
    traffic.pass(MISSED).await;
    traffic.end().await;
    shop.weikefu.stop();
    shop.weikefu.start_again().await;
    visitor.say("after", now(), "重启之后").await.ok();
    settled(&shop, &held).await;
    // What it had before the restart cannot be continued by numbers.
    let mut socket = shop.admin.events(Some(told.last)).await;
    told.until(&mut socket, "a reset", |frame| frame["type"] == "reset")
        .await;
    let desk = shop.admin.desk().await;
    assert!(desk["event"].as_u64().unwrap() >= told.last);
    let mut mine: Vec<Value> = shop.thread(&held).await;
    mine.retain(|message| place(message) <= held_cursor);
    let customer = held["customer"]["id"].as_u64().unwrap();
    let cursor = format!("{}.{}", held_cursor.0, held_cursor.1);
    mine.extend(shop.admin.thread_after(customer, shop.h5, &cursor).await);
    assert_eq!(mine, shop.thread(&held).await);
    assert_eq!(text_of(mine.last().unwrap()), "重启之后");
    // From here on the numbers go on as if nothing had been.
    visitor.say("more", now(), "继续").await.ok();
    told.until(&mut socket, "the next message", |frame| is_text(frame, "继续"))
        .await;
    // A console that was up to date needs no reset, even after a kill; one from the future does.
    let last = shop.admin.desk().await["event"].as_u64().unwrap();
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    let event = shop.admin.desk().await["event"].as_u64().unwrap();
    let mut socket = shop.admin.events(Some(event)).await;
    let mut fresh = Told::since(event);
    visitor.say("again", now(), "又继续").await.ok();
    fresh
        .until(&mut socket, "the message", |frame| is_text(frame, "又继续"))
        .await;
    assert_eq!(fresh.resets, 0);
    assert!(event >= last);
    let mut ahead = shop.admin.events(Some(event + 1_000_000)).await;
    assert_eq!(ahead.next().await.unwrap()["type"], "hello");
    assert_eq!(ahead.next().await.unwrap()["type"], "reset");
}

/// A widget as it keeps its thread: what it holds, and the place up to which nothing is missing.
struct Widget {
    visitor: Visitor,
    held: Vec<Value>,
}

impl Widget {
    fn cursor(&self) -> Option<String> {
        Some(self.held.last()?["cursor"].as_str()?.to_owned())
    }

    /// Takes a message, which must be the next one.
    fn take(&mut self, message: &Value) {
        let number = |message: &Value| -> u64 {
            let cursor = message["cursor"].as_str().unwrap();
            cursor.split_once('.').unwrap().1.parse().unwrap()
        };
        if let Some(last) = self.held.last() {
            assert_eq!(
                number(message),
                number(last) + 1,
                "in order, without gap or repetition"
            );
        }
        self.held.push(message.clone());
    }

    fn take_all(&mut self, messages: &Value) {
        for message in messages.as_array().unwrap() {
            self.take(message);
        }
    }

    /// Connects with the cursor and listens until `enough` messages are held.
    async fn listen(&mut self, enough: usize) {
        let (mut socket, welcome) = self.visitor.connect(self.cursor().as_deref()).await;
        let missed = welcome["messages"].as_array().unwrap().len();
        assert!(
            missed <= 200 && (welcome["more"] == false || missed == 200),
            "{missed}"
        );
        self.take_all(&welcome["messages"]);
        while self.held.len() < enough {
            let frame = socket.next().await.unwrap();
            match frame["type"].as_str().unwrap() {
                "welcome" => self.take_all(&frame["messages"]),
                "message" => self.take(&frame["message"]),
                "service" => {}
                other => panic!("{other}: {frame}"),
            }
        }
    }

    /// The same by long polls.
    async fn poll(&mut self, enough: usize) {
        while self.held.len() < enough {
            let path = format!("{}poll?after={}", self.visitor.path, self.cursor().unwrap());
            let answer = self.visitor.browser.get(&path).await.ok();
            self.take_all(&answer["messages"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_widget_that_comes_back_holds_what_the_console_holds() {
    let (shop, visitor, held) = talk().await;
    let widget = || Widget {
        visitor: visitor.clone(),
        held: Vec::new(),
    };
    let (mut sockets, mut polls) = (widget(), widget());
    let traffic = Traffic::begin(&visitor, &shop.admin, &held);
    sockets.listen(20).await;
    polls.listen(5).await;
    // Cut off, then back in the middle of the traffic.
    traffic.outlast().await;
    sockets.listen(MISSED).await;
    polls.poll(MISSED).await;
    traffic.pass(50).await;
    sockets.listen(MISSED + 60).await;
    let written = traffic.end().await;
    visitor.say("end", now(), "结束").await.ok();
    sockets.listen(written + 2).await;
    polls.poll(written + 2).await;
    let all = visitor.thread().await;
    assert_eq!(sockets.held, polls.held);
    assert_eq!(sockets.held, all);
    let console = shop.thread(&held).await;
    assert_eq!(texts(&all), texts(&console));
    for (mine, theirs) in all.iter().zip(&console) {
        let (conversation, seq) = place(theirs);
        assert_eq!(mine["cursor"], format!("{conversation}.{seq}"));
        assert_eq!(mine["from"]["who"], theirs["from"]);
        assert_eq!(mine["at"], theirs["at"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_widget_sends_again_what_was_not_acknowledged_and_it_is_stored_once() {
    let mut dice = Dice::thrown("unsent");
    let (mut shop, visitor, held) = talk().await;
    let mut unsent: Vec<(String, i64, String)> = (0..60)
        .map(|n| (format!("u{n}"), now() + n, format!("未发 {n}")))
        .collect();
    let all: Vec<String> = unsent.iter().map(|(_, _, text)| text.clone()).collect();
    let mut rounds = 0;
    while !unsent.is_empty() {
        let Some((mut socket, _)) = visitor.try_connect(None).await else {
            continue;
        };
        // Everything that waits is sent at once; the connection breaks after some of the answers.
        for (client_id, created_at, text) in &unsent {
            let content = json!({ "kind": "text", "text": text });
            let frame = json!({ "type": "send", "client_id": client_id, "created_at": created_at, "content": content });
            socket.send(&frame).await;
        }
        for _ in 0..=dice.below(6) {
            let acknowledged = socket.until("an ack", |frame| {
                assert_ne!(frame["type"], "error", "{frame}");
                (frame["type"] == "ack").then(|| frame["client_id"].as_str().unwrap().to_owned())
            });
            let acknowledged = acknowledged.await;
            unsent.retain(|(client_id, _, _)| *client_id != acknowledged);
            if unsent.is_empty() {
                break;
            }
        }
        drop(socket);
        rounds += 1;
        if rounds == 3 {
            shop.weikefu.kill();
            shop.weikefu.start_again().await;
        }
    }
    assert!(rounds > 3);
    let thread = shop.thread(&held).await;
    assert_eq!(texts(&thread)[1..], all);
    assert_eq!(texts(&visitor.thread().await)[1..], all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_poll_answers_at_once_when_something_happens() {
    let (shop, visitor, held) = talk().await;
    let cursor = visitor.thread().await.last().unwrap()["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{}poll?after={cursor}", visitor.path);
    let waiting = {
        let (browser, path) = (visitor.browser.clone(), path.clone());
        tokio::spawn(async move { browser.try_send(Method::GET, &path, &[], "").await.unwrap().ok() })
    };
    shop.admin.say(&held, "a", "您好").await.ok();
    let answer = waiting.await.unwrap();
    assert_eq!(texts(answer["messages"].as_array().unwrap()), ["您好"]);
    assert_eq!(answer["service"]["state"], "active");
    // Asked again with the old cursor, it answers without waiting.
    assert_eq!(visitor.browser.get(&path).await.ok(), answer);
    shop.admin
        .close(&shop.admin.conversation(&held["id"]).await.unwrap())
        .await
        .ok();
    eventually("the visitor is told", async || {
        let service = visitor.connect(None).await.1["service"]["state"].clone();
        (service == "idle").then_some(())
    })
    .await;
}
