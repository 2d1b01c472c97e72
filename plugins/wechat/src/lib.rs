//! The WeChat Official Account (微信公众号) channel. Pure grammar lives in modules without I/O: `signature`,
//! `crypto`, `envelope`, `inbound`, `events`, `callback`, `errcode`; a thin asynchronous shell around them talks
//! to the host.
//!
//! Protocol facts come from the platform's public pages; each module names the ones it stands on.
#![forbid(unsafe_code)]

mod api;
pub mod callback;
pub mod config;
pub mod crypto;
mod directory;
mod download;
pub mod envelope;
pub mod errcode;
pub mod events;
mod fetch;
mod gate;
pub mod inbound;
pub mod passive;
mod random;
mod report;
mod send;
pub mod signature;
mod token;
mod upload;

use callback::{Refused, Verdict};
use config::{Account, Config};
use std::rc::Rc;
use std::time::Duration;
use weikefu_channel::prelude::*;

/// One Official Account.
pub struct WeChat {
    host: Host,
    account: Rc<Account>,
    report: Rc<report::Report>,
    sender: Rc<send::Sender>,
    fetcher: Rc<fetch::Fetcher>,
    register: directory::Register,
}

impl Channel for WeChat {
    type Config = Config;

    fn manifest() -> Manifest {
        let limit = |form: &upload::Form| Limit {
            max_bytes: Some(form.max_bytes),
            mime: form.formats.iter().map(|(mime, _)| (*mime).to_owned()).collect(),
        };
        Manifest::new("wechat", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "微信公众号")
            .name("en", "WeChat Official Account")
            .accepts([
                Kind::Text,
                Kind::Image,
                Kind::Voice,
                Kind::Video,
                Kind::Location,
                Kind::Link,
                Kind::MiniProgram,
            ])
            .sends(Kind::Text, Limit::bytes(send::MAX_TEXT as u64))
            .sends(Kind::Image, limit(&upload::IMAGE))
            .sends(Kind::Voice, limit(&upload::VOICE))
            .sends(Kind::Video, limit(&upload::VIDEO))
            .sends(Kind::News, Limit::none())
            .reply_window(Duration::from_hours(48))
            .reply_rules(config::REPLY_RULES)
            .network([
                "api.weixin.qq.com",
                "api2.weixin.qq.com",
                "sh.api.weixin.qq.com",
                "sz.api.weixin.qq.com",
                "hk.api.weixin.qq.com",
                // Customers' pictures and films.
                "mmbiz.qpic.cn",
                "vweixinp.tc.qq.com",
                "mpvideo.qpic.cn",
            ])
    }

    async fn open(host: Host, config: Config) -> Result<Self> {
        let account = Rc::new(config.check()?);
        let report = Rc::new(report::Report::new(host.clone()));
        let api = Rc::new(api::Api::new(host.clone(), account.clone(), report.clone()));
        let fetcher = Rc::new(fetch::Fetcher::new(api.clone()));
        let sender = Rc::new(send::Sender::new(api.clone()));
        let register = directory::Register::new(api.clone());
        fetcher.resume().await?;
        let sweeper = sender.clone();
        host.spawn(async move {
            api.warm_up().await;
            // What stays is swept the next time.
            let _ = sweeper.uploads().sweep().await;
        });
        Ok(WeChat {
            host,
            account,
            report,
            sender,
            fetcher,
            register,
        })
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Receipt> {
        self.sender.send(&outgoing.peer, &outgoing.message.content).await
    }

    async fn typing(&self, peer: String) -> Result<()> {
        self.sender.typing(peer).await;
        Ok(())
    }
}

impl Directory for WeChat {
    async fn card(&self, peer: String) -> Result<Card> {
        self.register.card(&peer).await
    }
}

impl Webhooks for WeChat {
    async fn receive(&self, request: Request) -> Result<Response> {
        Ok(match callback::judge(&self.account, &request, self.host.now()) {
            // It repeats what the address said, so no browser may take it for a page.
            Ok(Verdict::Echo(echo)) => {
                self.report.fine(report::Side::Callback);
                Response::text(200, echo).header("x-content-type-options", "nosniff")
            }
            Ok(Verdict::Push(arrival, back)) => self.accept(*arrival, back.as_ref()).await,
            Err(refused) => self.refuse(&refused),
        })
    }
}

impl WeChat {
    /// `success` only once the message is durable; anything else makes the platform repeat it.
    async fn accept(&self, arrival: inbound::Arrival, back: Option<&passive::Return>) -> Response {
        let inbound::Arrival { inbound, fetch } = arrival;
        let stored = match fetch {
            Some(fetch) => self.fetcher.emit(&inbound, fetch).await,
            None => self.host.emit(&inbound).await,
        };
        match stored {
            Ok(stored) => {
                self.report.fine(report::Side::Callback);
                stored
                    .passive
                    .zip(back)
                    .and_then(|(said, back)| self.answer(back, &said))
                    .unwrap_or_else(|| Response::text(200, "success"))
            }
            Err(error) if error.kind == Cause::Rejected => {
                self.host
                    .log(Level::Warn, &format!("the desk refused a message: {error}"));
                Response::text(200, "success")
            }
            Err(error) => {
                self.host.log(
                    Level::Error,
                    &format!("a message could not be stored, the platform will repeat it: {error}"),
                );
                Response::text(500, "try again")
            }
        }
    }

    /// The answer that shows a text of the desk.
    fn answer(&self, back: &passive::Return, said: &PassiveText) -> Option<Response> {
        let now = self.host.now() / 1000;
        let document = passive::document(&self.account, back, &said.text, now, random::bytes()?)?;
        let response = Response {
            status: 200,
            body: document.into_bytes(),
            ..Response::default()
        };
        Some(
            response
                .header("content-type", "text/xml; charset=utf-8")
                .carrying(said.cursor),
        )
    }

    fn refuse(&self, refused: &Refused) -> Response {
        self.host
            .log(Level::Warn, &format!("callback refused: {}", refused.reason));
        if let Some(advice) = refused.advice {
            self.report.trouble(report::Side::Callback, advice.into());
        }
        Response::text(refused.status, "refused")
    }
}

weikefu_channel::export!(WeChat: Webhooks, Directory);

#[cfg(test)]
mod tests;
