//! What a handler knows of a request, after the route's rights have been checked.
use super::reply::Reply;
use crate::app::App;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::ShopId;
use weikefu_core::records::{Agent, Role, Session};

/// Name of the session's cookie.
const COOKIE: &str = "wk_session";
/// Header that must repeat the session's token on unsafe requests.
const CSRF: &str = "x-weikefu-csrf";

/// The most that is read of a body nobody wants, bytes.
const DRAINED: usize = 64 << 20;

/// A request on its way to a handler.
pub(crate) struct Context {
    pub(crate) app: Arc<App>,
    pub(crate) parts: Parts,
    pub(crate) body: Option<Incoming>,
    pub(crate) params: HashMap<String, String>,
    pub(crate) remote: IpAddr,
    pub(crate) login: Option<(Session, Agent)>,
    pub(crate) role: Option<Role>,
}

impl Context {
    /// The agent who asks. Only for routes that need a session.
    pub(crate) fn agent(&self) -> Result<&Agent, Refusal> {
        self.login
            .as_ref()
            .map(|(_, agent)| agent)
            .ok_or(Refusal::Unauthenticated)
    }

    /// The agent's role in the route's shop.
    pub(crate) fn role(&self) -> Result<Role, Refusal> {
        self.role.ok_or(Refusal::Forbidden)
    }

    /// The language the reader wants. A browser cannot choose the headers of a WebSocket: its page says `lang`.
    pub(crate) fn language(&self) -> Language {
        let said = self.query("lang");
        Language::choose(
            said.as_deref()
                .or_else(|| self.header("accept-language"))
                .unwrap_or_default(),
        )
    }

    /// A number of the path.
    pub(crate) fn param<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.params
            .get(name)
            .and_then(|text| text.parse().ok())
            .ok_or(Refusal::NotFound("page"))
    }

    /// The route's shop.
    pub(crate) fn shop(&self) -> Result<ShopId, Refusal> {
        self.param("shop")
    }

    /// A parameter of the query string.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let request =
            weikefu_channel::Request::get(format!("?{}", self.parts.uri.query().unwrap_or_default()));
        request.query(name)
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The whole body, at most `limit` bytes, within 60 seconds.
    pub(crate) async fn bytes(&mut self, limit: u64) -> Result<Bytes, Refusal> {
        let too_large = || Refusal::TooLarge { limit };
        let told = self
            .header("content-length")
            .and_then(|text| text.parse::<u64>().ok());
        if told.is_some_and(|told| told > limit) {
            self.drain().await;
            return Err(too_large());
        }
        let Some(body) = self.body.as_mut() else {
            return Ok(Bytes::new());
        };
        let reading = Limited::new(body, limit as usize).collect();
        match tokio::time::timeout(Duration::from_mins(1), reading).await {
            Ok(Ok(collected)) => {
                self.body = None;
                Ok(collected.to_bytes())
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                self.drain().await;
                Err(too_large())
            }
            Ok(Err(error)) => Err(Refusal::Malformed(error.to_string())),
            Err(_) => Err(Refusal::Malformed("the body did not arrive in time".into())),
        }
    }

    /// Lets a refused body arrive and keeps nothing of it. Closed in the middle of it, the connection breaks
    /// before the sender has read why.
    pub(crate) async fn drain(&mut self) {
        // Who asks before sending does not send at all.
        let asks = self.header("expect").is_some();
        let Some(mut body) = self.body.take().filter(|_| !asks) else {
            return;
        };
        let arriving = async {
            let mut arrived = 0;
            while let Some(Ok(frame)) = body.frame().await {
                arrived += frame.data_ref().map_or(0, Bytes::len);
                if arrived > DRAINED {
                    return;
                }
            }
        };
        // One that takes longer, or sends more, does without the reason.
        let _ = tokio::time::timeout(Duration::from_secs(20), arriving).await;
    }

    /// The token of the session's cookie.
    pub(crate) fn token(&self) -> Option<&str> {
        let cookies = self.header("cookie")?;
        cookies
            .split(';')
            .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
    }

    /// Finds the session. `unsafe_method`: the request can change something, so it must prove that it comes
    /// from our own page.
    pub(crate) fn authenticate(&mut self, unsafe_method: bool) -> Result<(), Refusal> {
        let token = self.token().ok_or(Refusal::Unauthenticated)?;
        let (session, agent) = self.app.installation.accounts.session(token)?;
        if unsafe_method {
            let sent = self.header(CSRF).unwrap_or_default();
            if !bool::from(sent.as_bytes().ct_eq(session.csrf.as_bytes())) {
                return Err(Refusal::Csrf);
            }
        }
        self.login = Some((session, agent));
        Ok(())
    }

    /// Whether the page that sent this is ours. Browsers always tell on unsafe requests and WebSockets.
    pub(crate) fn same_origin(&self) -> bool {
        let Some(origin) = self.header("origin") else {
            return true;
        };
        let host = self.header("host").unwrap_or_default();
        origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority == host)
    }

    /// Whether the browser speaks TLS to us or to a proxy in front of us.
    fn is_secure(&self) -> bool {
        self.header("x-forwarded-proto")
            .is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
    }

    /// Puts the session's cookie on an answer; an empty token removes it.
    pub(crate) fn set_cookie(&self, reply: &mut Reply, token: &str) {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let age = if token.is_empty() { "; Max-Age=0" } else { "" };
        let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            reply.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}
