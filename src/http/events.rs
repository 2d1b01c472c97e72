//! The console's WebSocket: what happens in a shop, as far as this agent may see it.
use super::context::Context;
use super::present;
use super::reply::Reply;
use super::sockets::{self, Socket};
use super::views::Frame;
use crate::app::App;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_tungstenite::tungstenite::Message;
use weikefu_core::desk::Happening;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::feed::{Published, Subscription};
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::Role;
use weikefu_core::rights;

/// How often a session and role are looked at again: one that has ended is cut off within a second.
const LOOK: Duration = Duration::from_secs(1);
/// How many looks later a client hears that nothing is missing.
const TICK: u32 = 20;

struct Listener {
    app: Arc<App>,
    shop: ShopId,
    agent: AgentId,
    role: Role,
    token: String,
    language: Language,
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
    // Without `after` the client wants what happens from now on.
    let after = context.query("after").and_then(|text| text.parse().ok());
    let language = context.language();
    let feed = app.installation.engine.feed(shop)?;
    sockets::upgrade(&mut context, move |socket| async move {
        // One that is ahead of us knew another store, before a backup came back: it is told to begin again.
        let last = after.unwrap_or_else(|| feed.last());
        let subscription = feed.subscribe(last);
        let listener = Listener {
            app,
            shop,
            agent,
            role,
            token,
            language,
            socket,
            last,
        };
        // The end of a socket is not an error; the client comes back with the last number it has.
        let Err(Gone) = listener.run(subscription).await;
    })
}

impl Listener {
    async fn run(mut self, mut subscription: Subscription) -> Result<std::convert::Infallible, Gone> {
        self.send(&Frame::Hello {
            event: subscription.last,
        })
        .await?;
        self.catch_up(&subscription).await?;
        let mut stopping = self.app.stopping.clone();
        let mut look = tokio::time::interval(LOOK);
        look.tick().await;
        let mut looks = 0;
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
                frame = self.socket.next() => match frame {
                    // Pings are answered by the library when the next frame is sent.
                    Some(Ok(Message::Ping(_))) => self.flush().await?,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                    Some(Ok(_)) => {}
                },
                _ = look.tick() => {
                    self.look_again().await?;
                    looks += 1;
                    if looks % TICK == 0 {
                        self.send(&Frame::Tick { n: self.last }).await?;
                    }
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
        self.last = n;
        let what = &published.event.what;
        let installation = &self.app.installation;
        let frame = |readable| {
            let frame = Frame::Event {
                n,
                what: present::event(installation, what, readable, self.language),
            };
            serde_json::to_string(&frame).unwrap_or_default()
        };
        let text = match what {
            Happening::Message { owner, .. } if !rights::may_read(self.agent, self.role, *owner) => {
                return Ok(());
            }
            Happening::Conversation { conversation, .. }
                if !rights::may_read(self.agent, self.role, conversation.owner) =>
            {
                frame(false)
            }
            // The form made once for everybody is Chinese where it speaks at all.
            _ if self.language != Language::Chinese && present::speaks(what) => frame(true),
            _ => published.wire.get_or_init(|| frame(true)).clone(),
        };
        self.socket.feed(Message::text(text)).await.map_err(|_| Gone)
    }

    /// The session may have ended and the role may have changed meanwhile.
    async fn look_again(&mut self) -> Result<(), Gone> {
        let accounts = &self.app.installation.accounts;
        let role = accounts
            .session(&self.token)
            .and_then(|_| accounts.role(self.shop, self.agent));
        let Ok(Some(role)) = role else {
            self.send(&Frame::Bye {
                code: "unauthenticated".into(),
            })
            .await?;
            let _ = self.socket.close(None).await;
            return Err(Gone);
        };
        self.role = role;
        Ok(())
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).map_err(|_| Gone)?;
        self.socket.send(Message::text(text)).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.socket.flush().await.map_err(|_| Gone)
    }
}
