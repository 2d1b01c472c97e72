//! The console's WebSocket: what happens in a shop, as far as this agent may see it.
use super::context::Context;
use super::present;
use super::reply::Reply;
use super::sockets::{self, Socket};
use super::views::Frame;
use crate::app::App;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use weikefu_core::accounts::Cut;
use weikefu_core::desk::Happening;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::feed::{Published, Subscription};
use weikefu_core::history;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::Role;
use weikefu_core::rights::Action;
use weikefu_core::rights::{self, Holding};

/// How often a session is looked at again without a reason: one that has run out is cut off within a second.
const LOOK: Duration = Duration::from_secs(1);
/// How often a client hears that nothing is missing.
const TICK: Duration = Duration::from_secs(20);
/// How long the last word may take.
const FAREWELL: Duration = Duration::from_millis(500);
/// How many of those may pass without a sign of life before the page counts as gone.
const SILENCE: u32 = 2;

struct Listener {
    app: Arc<App>,
    shop: ShopId,
    agent: AgentId,
    role: Role,
    language: Language,
    /// Turns when somebody may have lost a right.
    changes: watch::Receiver<u64>,
    socket: Socket,
    /// The last event the client has, or need not have.
    last: u64,
}

/// The client is gone or has to go.
struct Gone;

pub(crate) async fn listen(mut context: Context) -> Result<Reply, Refusal> {
    if !context.same_origin() {
        return Err(Refusal::Csrf);
    }
    let app = Arc::clone(&context.app);
    let (shop, agent, role) = (context.shop()?, context.agent()?.id, context.role()?);
    let token = context.token().unwrap_or_default().to_owned();
    let changes = app.installation.accounts.changes();
    // Without `after` the client wants what happens from now on.
    let after = context.query("after").and_then(|text| text.parse().ok());
    let language = context.language();
    let feed = app.installation.engine.feed(shop)?;
    let open = Arc::clone(&app);
    sockets::upgrade(&mut context, move |socket| async move {
        // One that is ahead of us knew another store, before a backup came back: it is told to begin again.
        let last = after.unwrap_or_else(|| feed.last());
        let subscription = feed.subscribe(last);
        let guard = Guard {
            app: Arc::clone(&app),
            shop,
            agent,
            role,
            token,
            changes: changes.clone(),
        };
        let mut listener = Listener {
            app,
            shop,
            agent,
            role,
            language,
            changes,
            socket,
            last,
        };
        let _page = open.open_pages.open(&open.installation.engine, shop, agent);
        // The guard first: who has lost his rights gets nothing more, not even what is being written.
        let code = tokio::select! {
            biased;
            code = guard.cut() => code,
            // The end of a socket is not an error; the client comes back with the last number it has.
            Err(Gone) = listener.run(subscription) => return,
        };
        let farewell = listener.farewell(code);
        // A client that does not read is closed without a word.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    })
}

/// Watches over a listener's rights.
struct Guard {
    app: Arc<App>,
    shop: ShopId,
    agent: AgentId,
    role: Role,
    token: String,
    changes: watch::Receiver<u64>,
}

impl Guard {
    /// Waits until the session reaches the shop no more as it did, and says why.
    async fn cut(mut self) -> &'static str {
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.changes.borrow_and_update();
            let accounts = &self.app.installation.accounts;
            match accounts.reach(&self.token, self.agent, self.shop) {
                Err(cut) => return cut.code(),
                // The page shows by its role: it has to begin again.
                Ok(role) if role != self.role => return "role_changed",
                Ok(_) => {}
            }
            tokio::select! {
                _ = look.tick() => {}
                // An error means that the accounts are gone, and the server with them.
                changed = self.changes.changed() => if changed.is_err() {
                    return Cut::Ended.code();
                },
            }
        }
    }
}

impl Listener {
    async fn run(&mut self, mut subscription: Subscription) -> Result<std::convert::Infallible, Gone> {
        self.send(&Frame::Hello {
            event: subscription.last,
        })
        .await?;
        self.catch_up(&subscription).await?;
        let mut stopping = self.app.stopping.clone();
        let mut tick = tokio::time::interval(TICK);
        tick.tick().await;
        let mut silent = 0;
        loop {
            tokio::select! {
                event = subscription.live.recv() => match event {
                    Ok(event) => {
                        self.tell(&event).await?;
                        // Several that are ready travel together.
                        while let Ok(event) = subscription.live.try_recv() {
                            self.tell(&event).await?;
                        }
                        self.flush().await?;
                    }
                    Err(RecvError::Lagged(_)) => {
                        subscription = self.app.installation.engine.feed(self.shop).map_err(|_| Gone)?.subscribe(self.last);
                        self.catch_up(&subscription).await?;
                    }
                    Err(RecvError::Closed) => return Err(Gone),
                },
                frame = self.socket.next() => { silent = 0; match frame {
                    // Pings are answered by the library when the next frame is sent.
                    Some(Ok(Message::Ping(_))) => self.flush().await?,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                    Some(Ok(_)) => {}
                } },
                _ = tick.tick() => {
                    // A page answers a ping by itself; a machine that has gone says nothing.
                    silent += 1;
                    if silent > SILENCE {
                        return Err(Gone);
                    }
                    self.send(&Frame::Tick { n: self.last }).await?;
                    self.socket.send(Message::Ping(Bytes::new())).await.map_err(|_| Gone)?;
                }
                () = crate::app::stopped(&mut stopping) => {
                    let _ = self.socket.close(None).await;
                    return Err(Gone);
                }
            }
        }
    }

    /// What was missed, or the news that it cannot be told any more.
    async fn catch_up(&mut self, subscription: &Subscription) -> Result<(), Gone> {
        let Some(missed) = &subscription.missed else {
            self.last = subscription.last;
            return self
                .send(&Frame::Reset {
                    event: subscription.last,
                })
                .await;
        };
        for event in missed {
            self.tell(event).await?;
        }
        self.flush().await
    }

    /// Queues an event if this agent may see it. Flushing is the caller's.
    async fn tell(&mut self, published: &Published) -> Result<(), Gone> {
        let n = published.event.n;
        if n <= self.last {
            return Ok(());
        }
        if self.changes.has_changed().unwrap_or(true) {
            // The guard is asked before anything that happened after the change is told.
            self.changes.borrow_and_update();
            tokio::task::yield_now().await;
        }
        self.last = n;
        let what = &published.event.what;
        let installation = &self.app.installation;
        let frame = |readable| {
            let frame = Frame::Event {
                n,
                what: present::event(installation, self.shop, what, readable, self.language),
            };
            serde_json::to_string(&frame).unwrap_or_default()
        };
        let text = match what {
            Happening::Message { held, .. } if !self.reads(held) => return Ok(()),
            Happening::Broadcast { .. } if !rights::permits(self.role, Action::Broadcast) => return Ok(()),
            Happening::Returned { offer, owner, .. }
                if ![Some(offer.from), Some(offer.to), *owner].contains(&Some(self.agent)) =>
            {
                return Ok(());
            }
            Happening::Conversation {
                conversation, moved, ..
            } if !self.reads(&conversation.into()) => {
                // Each message of two hundred agents' chats would otherwise be two hundred frames.
                if !moved {
                    return Ok(());
                }
                published.veiled.get_or_init(|| frame(false)).clone()
            }
            // The form made once for everybody is Chinese where it speaks at all.
            _ if self.language != Language::Chinese && present::speaks(what) => frame(true),
            _ => published.wire.get_or_init(|| frame(true)).clone(),
        };
        self.socket.feed(Message::text(text)).await.map_err(|_| Gone)
    }

    /// Whether this agent may read a conversation. One that has ended is asked of what was noted alone: this runs
    /// for every listener.
    fn reads(&self, held: &Holding) -> bool {
        let trees = &self.app.installation.trees;
        rights::may_read(self.agent, self.role, held, || {
            // A store that cannot be read is noticed elsewhere; here nothing is shown.
            history::has_served(trees, held.customer, self.agent).unwrap_or(false)
        })
    }

    /// Says why, and closes.
    async fn farewell(&mut self, code: &str) -> Result<(), Gone> {
        self.send(&Frame::Bye { code: code.into() }).await?;
        self.socket.close(None).await.map_err(|_| Gone)
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).map_err(|_| Gone)?;
        self.socket.send(Message::text(text)).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.socket.flush().await.map_err(|_| Gone)
    }
}
