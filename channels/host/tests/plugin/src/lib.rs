//! A plugin that does on request what a plugin should not: panics, hangs, blocks, wakes from other threads.
//! The path of a webhook says what; `channel.send` accepts every text.
#![forbid(unsafe_code)]
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;
use weikefu_channel::prelude::*;

/// Shared by all instances of one library.
static OPENED: AtomicU32 = AtomicU32::new(0);

/// How to misbehave.
#[derive(Deserialize, JsonSchema)]
pub struct Config {
    /// `refuse`, `panic`, `hang` in `open`; `drop` panics at the end.
    #[serde(default)]
    mode: String,
    /// Where `http` may go to.
    #[schemars(url)]
    #[serde(default)]
    #[allow(dead_code)] // only the host looks at it
    base: Option<String>,
    /// Any value panics while it is read.
    #[serde(default)]
    #[allow(dead_code)] // never there
    boom: Option<Boom>,
    /// Must be a number.
    #[serde(default)]
    #[allow(dead_code)] // only its type matters
    number: u32,
}

#[derive(JsonSchema)]
struct Boom {}

impl<'de> Deserialize<'de> for Boom {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        panic!("boom")
    }
}

/// The channel.
pub struct Fixture {
    host: Host,
    mode: String,
    calls: Cell<u32>,
    dropped: Rc<Cell<u32>>,
    sockets: RefCell<Vec<String>>,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        assert_ne!(self.mode, "drop", "as it was told to");
    }
}

/// Counts the futures that were dropped before their end.
struct Counted(Rc<Cell<u32>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl Channel for Fixture {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("fixture", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "测试")
            .name("en", "Fixture")
            .accepts([Kind::Text])
            .sends(Kind::Text, Limit::bytes(2048))
    }

    async fn open(host: Host, config: Config) -> Result<Self> {
        match config.mode.as_str() {
            "refuse" => {
                return Err(Error::config(
                    "mode",
                    "不是可用的取值",
                    "is not one of the good ones",
                ));
            }
            "panic" => panic!("no opening today"),
            "hang" => std::future::pending().await,
            _ => {}
        }
        OPENED.fetch_add(1, Ordering::Relaxed);
        host.kv_put("opened", b"yes".to_vec()).await?;
        Ok(Fixture {
            host,
            mode: config.mode,
            calls: Cell::new(0),
            dropped: Rc::default(),
            sockets: RefCell::default(),
        })
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Receipt> {
        match outgoing.message.content {
            Content::Text { text } if text == "hang" => std::future::pending().await,
            Content::Text { text } => Ok(Receipt {
                upstream: Some(text),
                proof: None,
            }),
            _ => Err(Error::unsupported("this kind")),
        }
    }

    async fn typing(&self, peer: String) -> Result<()> {
        self.host.log(Level::Info, &peer);
        Ok(())
    }

    async fn alarm(&self, id: String) -> Result<()> {
        self.host.status(Health::Degraded, &Words::new(&*id, &*id));
        Ok(())
    }
}

impl Webhooks for Fixture {
    async fn receive(&self, request: Request) -> Result<Response> {
        self.calls.set(self.calls.get() + 1);
        let query = |name: &str| request.query(name).unwrap_or_default();
        let number = |name: &str| query(name).parse::<u64>().unwrap_or(0);
        Ok(match request.path() {
            "echo" => Response {
                status: 200,
                headers: request.headers,
                body: request.body,
                ..Response::default()
            },
            "panic" => panic!("as it was told to"),
            "hang" => {
                let _counted = Counted(self.dropped.clone());
                std::future::pending().await
            }
            "block" => {
                while !std::path::Path::new(&query("until")).exists() {
                    std::thread::yield_now();
                }
                Response::text(200, "late")
            }
            "counts" => {
                let counts = (
                    self.calls.get(),
                    OPENED.load(Ordering::Relaxed),
                    self.dropped.get(),
                );
                Response::json(200, &counts)?
            }
            "big" => Response {
                status: 200,
                body: vec![7; number("bytes") as usize],
                ..Response::default()
            },
            "head" => Response {
                status: 200,
                headers: vec![("x".into(), "y".repeat(2 << 20))],
                ..Response::default()
            },
            "store" => self.store().await?,
            "emit" => {
                let text = String::from_utf8_lossy(&request.body).into_owned();
                let stored = self.host.emit(&inbound(&query("peer"), text)).await?;
                Response::json(200, &stored)?
            }
            "http" => {
                let call = Request {
                    timeout_ms: number("ms"),
                    ..Request::get(query("url"))
                };
                self.host.http(call.with_body(request.body)).await?
            }
            "sleep" => {
                self.host.sleep(Duration::from_millis(number("ms"))).await;
                Response::text(200, "rested")
            }
            "wake" => {
                woken_elsewhere().await;
                Response::text(200, "woken")
            }
            "spawn-panic" => {
                self.host.spawn(async { panic!("beside") });
                Response::text(200, "spawned")
            }
            "chatter" => {
                (0..number("lines")).for_each(|line| self.host.log(Level::Debug, &line.to_string()));
                Response::text(200, "said")
            }
            "thread" => {
                let query = ThreadQuery {
                    peer: "p".into(),
                    limit: 200,
                    ..ThreadQuery::default()
                };
                Response::text(200, self.host.thread(&query).await?.messages.len().to_string())
            }
            "sockets" => Response::json(200, &*self.sockets.borrow())?,
            "ws" => {
                self.host.ws_send(number("to"), "hello".into()).await?;
                self.host.ws_close(number("to"), 1000, "bye").await?;
                Response::text(200, "sent")
            }
            _ => Response::text(404, "no such trick"),
        })
    }
}

impl Fixture {
    async fn store(&self) -> Result<Response> {
        let host = &self.host;
        host.kv_put("a", b"1".to_vec()).await?;
        let swaps = (
            host.kv_swap("a", Some(b"0"), b"2".to_vec()).await?,
            host.kv_swap("a", Some(b"1"), b"2".to_vec()).await?,
        );
        let (value, keys) = (host.kv_get("a").await?, host.kv_scan("", 10).await?);
        host.kv_delete("a").await?;
        let long = host.kv_get(&"k".repeat(257)).await.map_err(|e| e.kind);
        let media = host.media_put("image/png", Some("a.png"), vec![1, 2, 3]).await?;
        let file = host.media_get(&media.id).await?;
        let query = ThreadQuery {
            peer: "p".into(),
            limit: 10,
            ..ThreadQuery::default()
        };
        let thread = host.thread(&query).await?;
        host.alarm_set("later", 99).await?;
        host.amend("p", "d", 5, &Content::text("new")).await?;
        Response::json(
            200,
            &json!([swaps, value, keys, host.kv_get("a").await?, long, file, thread]),
        )
    }
}

fn inbound(peer: &str, text: String) -> Inbound {
    let what = What::Message {
        content: Content::text(text),
    };
    Inbound {
        peer: peer.into(),
        dedupe: "d".into(),
        sent_at: 5,
        what,
        profile: Profile::default(),
        trigger: None,
        passive: None,
    }
}

/// Waits for a waker that another thread fires.
async fn woken_elsewhere() {
    let done = Arc::new(AtomicBool::new(false));
    let mut started = false;
    std::future::poll_fn(|cx| {
        if done.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if !std::mem::replace(&mut started, true) {
            let (done, waker) = (done.clone(), cx.waker().clone());
            std::thread::spawn(move || {
                done.store(true, Ordering::Release);
                waker.wake();
            });
        }
        Poll::Pending
    })
    .await;
}

impl Sockets for Fixture {
    async fn opened(&self, connection: u64, request: Request) {
        self.sockets
            .borrow_mut()
            .push(format!("{connection} open {}", request.url));
    }

    async fn message(&self, connection: u64, text: String) {
        while text == "hold" && !matches!(self.host.kv_get("go").await, Ok(Some(_))) {
            self.host.sleep(Duration::from_millis(1)).await;
        }
        self.sockets.borrow_mut().push(format!("{connection} {text}"));
    }

    async fn closed(&self, connection: u64) {
        self.sockets.borrow_mut().push(format!("{connection} closed"));
    }
}

impl Notices for Fixture {
    async fn notice(&self, notice: Notice) -> Result<()> {
        self.host.log(
            Level::Info,
            &format!("{} {:?}", notice.peer, notice.service.state),
        );
        Ok(())
    }
}

weikefu_channel::export!(Fixture: Webhooks, Sockets, Notices);
