//! The web-chat channel: visitors of a shop's pages talk to its agents. Speaks `docs/widget-protocol.md` with
//! the panel in `ui-assets/widget`; keeps no messages of its own, the desk's thread is the truth.
#![forbid(unsafe_code)]

mod account;
mod config;
pub mod cors;
pub mod frames;
pub mod identity;
pub mod limits;
mod live;
mod poll;
mod routes;
mod session;
mod sockets;
pub mod texts;
mod visitors;

pub use config::{Config, Language};

use account::{Account, Refusal};
use frames::{ClientFrame, Draft, ServerFrame};
use std::rc::Rc;
use std::time::Duration;
use texts::{Code, Lang};
use weikefu_channel::prelude::*;

weikefu_channel::export!(H5: Webhooks, Sockets, Notices, Entry);

/// How long a socket may stay without a hello.
const HELLO: Duration = Duration::from_secs(15);

/// The channel of one account.
pub struct H5 {
    account: Rc<Account>,
}

impl Channel for H5 {
    type Config = Config;

    fn manifest() -> Manifest {
        let file = Limit::bytes(20 << 20);
        Manifest::new("h5", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "H5 网页")
            .name("en", "Web chat")
            .accepts([Kind::Text, Kind::Image])
            .sends(Kind::Text, Limit::bytes(8_000))
            .sends(Kind::Image, file.clone())
            .sends(Kind::Voice, file.clone())
            .sends(Kind::Video, file.clone())
            .sends(Kind::File, file)
            .sends(Kind::News, Limit::none())
            .sends(Kind::Link, Limit::none())
    }

    async fn open(host: Host, config: Config) -> Result<Self> {
        Ok(H5 {
            account: Account::open(host, config).await?,
        })
    }

    /// Reaches whoever is connected. Everybody else finds the message in the thread, so this cannot fail.
    async fn send(&self, outgoing: Outgoing) -> Result<Receipt> {
        // The widget's protocol confirms nothing from the visitor's side; this is as far as we know.
        Ok(Receipt::proof(
            match self.account.deliver(&outgoing.peer, &outgoing.message) {
                0 => "thread: no page was connected".to_owned(),
                pages => format!("socket: handed to {pages} connected pages"),
            },
        ))
    }

    async fn typing(&self, peer: String) -> Result<()> {
        self.account.announce_typing(&peer);
        Ok(())
    }
}

impl Webhooks for H5 {
    async fn receive(&self, request: Request) -> Result<Response> {
        Ok(self.account.answer(request).await)
    }
}

impl Notices for H5 {
    async fn notice(&self, notice: Notice) -> Result<()> {
        self.account.announce(
            &notice.peer,
            &ServerFrame::Service {
                service: &notice.service,
            }
            .text(),
        );
        self.account.polls.wake(&notice.peer);
        Ok(())
    }
}

impl Entry for H5 {
    async fn switched(&self, on: bool) -> Result<()> {
        self.account.switch(on).await;
        Ok(())
    }
}

impl Sockets for H5 {
    async fn opened(&self, connection: u64, request: Request) {
        let account = Rc::clone(&self.account);
        let asked = request.header_value("accept-language").and_then(Lang::parse);
        let lang = account.config.fixed_language().or(asked).unwrap_or_default();
        account.sockets.borrow_mut().open(connection, lang);
        if account.is_closed() {
            return account.refuse_socket(connection, Code::Closed).await;
        }
        if let Err(refusal) = account.check_origin(request.header_value("origin"), true) {
            return account.refuse_socket(connection, refusal.code).await;
        }
        let host = account.host.clone();
        host.spawn(async move {
            account.host.sleep(HELLO).await;
            let silent = account.sockets.borrow().is_open(connection)
                && account.sockets.borrow().peer(connection).is_none();
            if silent {
                account.refuse_socket(connection, Code::BadToken).await;
            }
        });
    }

    async fn message(&self, connection: u64, text: String) {
        let account = &self.account;
        if !account.sockets.borrow().is_open(connection) {
            return;
        }
        let lang = account.sockets.borrow().lang(connection);
        match frames::parse(&text) {
            Ok(ClientFrame::Ping) => account.push(connection, ServerFrame::Pong.text()),
            Ok(ClientFrame::Hello {
                token,
                after,
                lang: asked,
            }) => {
                let joined = account
                    .visitor(&token)
                    .map_err(|refusal| refusal.code)
                    .and_then(|visitor| {
                        account
                            .sockets
                            .borrow_mut()
                            .join(connection, &visitor.peer, after, asked)
                    });
                match joined {
                    Ok(()) => Rc::clone(account).catch_up(connection, true).await,
                    Err(code) => account.refuse_socket(connection, code).await,
                }
            }
            Ok(ClientFrame::Send(draft)) => self.written(connection, lang, draft).await,
            Err(refused) => {
                let frame = ServerFrame::error(refused.client_id.as_deref(), refused.code, lang);
                account.push(connection, frame);
            }
        }
    }

    async fn closed(&self, connection: u64) {
        self.account.sockets.borrow_mut().close(connection);
    }
}

impl H5 {
    async fn written(&self, connection: u64, lang: Lang, draft: Draft) {
        let account = &self.account;
        let client_id = draft.client_id.clone();
        let peer = account.sockets.borrow().peer(connection);
        let Some(peer) = peer else {
            return account.push(
                connection,
                ServerFrame::error(Some(&client_id), Code::BadToken, lang),
            );
        };
        let acknowledged = account.accept(&peer, draft, Some(connection), |stored| {
            let ack = ServerFrame::Ack {
                client_id: &client_id,
                cursor: stored.cursor,
                at: stored.at,
            };
            account.push(connection, ack.text());
        });
        if let Err(Refusal { code, retry_after_ms }) = acknowledged.await {
            let message = code.message(lang);
            let frame = ServerFrame::Error {
                client_id: Some(&client_id),
                code,
                message,
                retry_after_ms,
            };
            account.push(connection, frame.text());
        }
    }
}
