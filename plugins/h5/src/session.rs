//! `POST session` and `GET entry`: who the visitor is, how the window looks.
use crate::account::{Account, Refusal};
use crate::identity::{self, RENEW_AFTER_S, User};
use crate::limits;
use crate::texts::{Code, Lang};
use serde::Deserialize;
use serde_json::json;
use std::rc::Rc;
use weikefu_channel::{Profile, Request, Response, ThreadQuery};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    token: Option<String>,
    user: Option<User>,
    lang: Option<String>,
    page: Option<Page>,
}

#[derive(Deserialize)]
struct Page {
    url: String,
}

impl Account {
    /// What the loader needs before anything is opened. No visitor, no host call.
    pub(crate) fn entry(&self, request: &Request) -> Result<Response, Refusal> {
        let entry = json!({
            "title": self.config.title(self.lang(request)),
            "color": self.config.color,
            "lang": self.config.fixed_language().map(Lang::tag),
        });
        let response = Response::json(200, &entry).map_err(|_| Code::Unavailable)?;
        Ok(response
            .header("cache-control", "no-cache")
            .header("vary", "origin, accept-language"))
    }

    /// Opens or continues a session.
    pub(crate) async fn session(self: &Rc<Self>, request: &Request) -> Result<Response, Refusal> {
        let asked: Asked = match request.body.as_slice() {
            [] => Asked::default(),
            body if body.len() > limits::FRAME_BYTES => return Err(Code::TooLarge.into()),
            body => serde_json::from_slice(body).map_err(|_| Code::BadRequest)?,
        };
        let (peer, token) = self.identify(&asked)?;
        let lang = asked
            .lang
            .as_deref()
            .and_then(Lang::parse)
            .or(self.config.fixed_language());
        let name = asked
            .user
            .as_ref()
            .and_then(|user| user.name.clone())
            .filter(|name| !name.is_empty());
        let profile = Profile {
            nickname: name,
            language: lang.map(|lang| lang.tag().to_owned()),
            ..self.visitors.borrow().profile(&peer)
        };
        self.visitors.borrow_mut().meet(&peer, profile);
        let newest = ThreadQuery {
            peer: peer.clone(),
            limit: 1,
            ..ThreadQuery::default()
        };
        let thread = self
            .host
            .thread(&newest)
            .await
            .map_err(|error| self.refused(&error))?;
        if let Some(page) = &asked.page {
            self.page_seen(&peer, &page.url);
        }
        let config = &self.config;
        // What the widget shows comes first: the page may have chosen it.
        let words = lang.unwrap_or_else(|| self.lang(request));
        let answer = json!({
            "token": token,
            "config": {
                "title": config.title(words),
                "welcome": config.welcome(words),
                "color": config.color,
                "lang": config.fixed_language().map(Lang::tag),
                "limits": { "text": limits::TEXT_CHARS, "file": limits::FILE_BYTES },
            },
            "service": thread.service,
            "last": thread.messages.last().map(|message| message.cursor),
            "verified": identity::is_verified(&peer),
        });
        Response::json(200, &answer).map_err(|_| Code::Unavailable.into())
    }

    /// The visitor's peer and the token to go on with.
    fn identify(&self, asked: &Asked) -> Result<(String, String), Refusal> {
        let now = self.now_s();
        if let Some(user) = &asked.user {
            let secret = self
                .config
                .identity_secret
                .as_ref()
                .map(weikefu_channel::Secret::expose);
            let peer = identity::verified_peer(secret, user, now).map_err(|refusal| match refusal {
                identity::Refusal::Bad => Code::BadIdentity,
                identity::Refusal::Expired => Code::IdentityExpired,
            })?;
            let token = self.tokens.issue(&peer, now);
            return Ok((peer, token));
        }
        if let Some(token) = &asked.token
            && let Some(visitor) = self.tokens.check(token, now)
        {
            // Only a signature prolongs a verified identity.
            let renew = !identity::is_verified(&visitor.peer) && now - visitor.issued > RENEW_AFTER_S;
            let token = if renew {
                self.tokens.issue(&visitor.peer, now)
            } else {
                token.clone()
            };
            return Ok((visitor.peer, token));
        }
        let peer = identity::new_visitor().map_err(|_| Code::Unavailable)?;
        let token = self.tokens.issue(&peer, now);
        Ok((peer, token))
    }

    /// Gives a page view to the desk, beside the answer: nobody waits for it.
    fn page_seen(self: &Rc<Self>, peer: &str, url: &str) {
        let now = self.host.now();
        let Some(view) = self.visitors.borrow_mut().page_view(peer, url, now) else {
            return;
        };
        if self.page_views.borrow_mut().take("", now).is_err() {
            return;
        }
        let account = Rc::clone(self);
        self.host.spawn(async move {
            if let Err(error) = account.host.emit(&view).await {
                account.host.log(
                    weikefu_channel::Level::Debug,
                    &format!("a page view was not stored: {error}"),
                );
            }
        });
    }
}
