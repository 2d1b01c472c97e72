//! The addresses of the channel: from a request to its answer, always with CORS fields, errors as
//! `{code, message}` in the visitor's language.
use crate::account::{Account, Refusal};
use crate::cors;
use crate::frames;
use crate::limits;
use crate::texts::{Code, Lang};
use serde_json::json;
use std::rc::Rc;
use std::time::Duration;
use weikefu_channel::{Cursor, Request, Response, Thread, ThreadQuery, percent_decode};

/// How long a poll waits.
const POLL: Duration = Duration::from_secs(25);
/// Longest name of a file that is kept, bytes.
const FILE_NAME_BYTES: usize = 128;

impl Account {
    /// Answers a request; never fails.
    pub(crate) async fn answer(self: &Rc<Self>, request: Request) -> Response {
        if request.method == "OPTIONS" {
            return cors::preflight();
        }
        let lang = self.lang(&request);
        let response = self
            .route(request)
            .await
            .unwrap_or_else(|refusal| refuse(refusal, lang));
        let kept = response.header_value("cache-control").is_some();
        let response = cors::open(response);
        if kept {
            response
        } else {
            response.header("cache-control", "no-store")
        }
    }

    /// What the administrator fixed, or what the browser asks for.
    pub(crate) fn lang(&self, request: &Request) -> Lang {
        let asked = request.header_value("accept-language").and_then(Lang::parse);
        self.config.fixed_language().or(asked).unwrap_or_default()
    }

    async fn route(self: &Rc<Self>, request: Request) -> Result<Response, Refusal> {
        const PATHS: [&str; 6] = ["entry", "session", "messages", "media", "poll", "ws"];
        let path = request.path().trim_matches('/');
        if !PATHS.contains(&path) {
            return Err(Code::NotFound.into());
        }
        if self.is_closed() {
            return Err(Code::Closed.into());
        }
        match (request.method.as_str(), path) {
            ("GET", "entry") => {
                // A page of the server itself sends no origin with this.
                let origin = request.header_value("origin");
                self.check_origin(origin, origin.is_some())?;
                self.entry(&request)
            }
            ("POST", "session") => {
                self.check_origin(request.header_value("origin"), true)?;
                self.session(&request).await
            }
            ("GET", "messages") => self.history(&request).await,
            ("POST", "messages") => self.write(&request).await,
            ("POST", "media") => self.upload(request).await,
            ("GET", "poll") => self.poll(&request).await,
            _ => Err(Code::Method.into()),
        }
    }

    /// Whether a page of this origin may use the account.
    pub(crate) fn check_origin(&self, origin: Option<&str>, needed: bool) -> Result<(), Refusal> {
        if needed && !cors::allowed(&self.config.allowed_origins, origin) {
            return Err(Code::Origin.into());
        }
        Ok(())
    }

    fn bearer(&self, request: &Request) -> Result<String, Refusal> {
        let field = request.header_value("authorization").unwrap_or_default();
        let token = field.strip_prefix("Bearer ").unwrap_or_default();
        Ok(self.visitor(token.trim())?.peer)
    }

    async fn history(&self, request: &Request) -> Result<Response, Refusal> {
        let peer = self.bearer(request)?;
        let limit = match request.query("limit") {
            Some(limit) => limit.parse().map_err(|_| Code::BadRequest)?,
            None => limits::PAGE_DEFAULT,
        };
        let query = ThreadQuery {
            peer,
            after: cursor(request, "after")?,
            before: cursor(request, "before")?,
            limit: limit.clamp(1, limits::PAGE),
        };
        if query.after.is_some() && query.before.is_some() {
            return Err(Code::BadRequest.into());
        }
        let thread = self
            .host
            .thread(&query)
            .await
            .map_err(|error| self.refused(&error))?;
        ok(&thread)
    }

    async fn write(self: &Rc<Self>, request: &Request) -> Result<Response, Refusal> {
        let peer = self.bearer(request)?;
        let draft = frames::parse_draft(&request.body).map_err(|refused| refused.code)?;
        let mut answer = json!(null);
        self.accept(&peer, draft, None, |stored| {
            answer = json!({ "cursor": stored.cursor, "at": stored.at, "duplicate": stored.duplicate });
        })
        .await?;
        ok(&answer)
    }

    async fn upload(&self, request: Request) -> Result<Response, Refusal> {
        let peer = self.bearer(&request)?;
        let taken = self.uploads.borrow_mut().take(&peer, self.host.now());
        taken.map_err(|wait| Refusal {
            code: Code::TooFast,
            retry_after_ms: Some(wait),
        })?;
        if request.body.is_empty() {
            return Err(Code::Empty.into());
        }
        if request.body.len() > limits::FILE_BYTES {
            return Err(Code::TooLarge.into());
        }
        let mime = request.header_value("content-type").unwrap_or_default();
        if !mime.starts_with("image/") {
            return Err(Code::BadType.into());
        }
        let mime = mime.to_owned();
        let name = request
            .header_value("x-file-name")
            .map(file_name)
            .filter(|name| !name.is_empty());
        let stored = self.host.media_put(&mime, name.as_deref(), request.body).await;
        let media = stored.map_err(|error| self.refused(&error))?;
        // The host looked at the bytes; what the visitor called them does not count.
        if !limits::PICTURES.contains(&media.mime.as_str()) {
            return Err(Code::BadType.into());
        }
        self.visitors.borrow_mut().keep(&media);
        ok(&media)
    }

    async fn poll(&self, request: &Request) -> Result<Response, Refusal> {
        let peer = self.bearer(request)?;
        let after = cursor(request, "after")?;
        let waiting = self.polls.enter(&peer)?;
        let read = async || {
            self.thread_after(&peer, after)
                .await
                .map_err(|error| self.refused(&error))
        };
        let mut thread = read().await?;
        if thread.messages.is_empty() && waiting.woken_before(self.host.sleep(POLL)).await {
            if self.is_closed() {
                return Err(Code::Closed.into());
            }
            thread = read().await?;
        }
        let Thread {
            messages,
            service,
            more,
        } = thread;
        ok(&json!({ "messages": messages, "service": service, "more": more && after.is_some() }))
    }
}

fn ok(body: &impl serde::Serialize) -> Result<Response, Refusal> {
    Response::json(200, body).map_err(|_| Code::Unavailable.into())
}

fn refuse(refusal: Refusal, lang: Lang) -> Response {
    let Refusal { code, retry_after_ms } = refusal;
    let body = json!({ "code": code, "message": code.message(lang), "retry_after_ms": retry_after_ms });
    let response = Response {
        status: code.status(),
        body: body.to_string().into_bytes(),
        ..Response::default()
    }
    .header("content-type", "application/json");
    match retry_after_ms {
        Some(wait) => response.header("retry-after", (wait.max(0) as u64).div_ceil(1_000).to_string()),
        None => response,
    }
}

fn cursor(request: &Request, name: &str) -> Result<Option<Cursor>, Refusal> {
    match request.query(name).filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map(Some).map_err(|()| Code::BadRequest.into()),
        None => Ok(None),
    }
}

/// The name a visitor gave a file, without folders and control characters, bounded.
fn file_name(field: &str) -> String {
    let name = percent_decode(field);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = name.chars().filter(|c| !c.is_control()).collect();
    limits::cut(clean.trim(), FILE_NAME_BYTES).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_lose_what_is_dangerous() {
        assert_eq!(file_name("%E7%85%A7%E7%89%87.png"), "照片.png");
        assert_eq!(file_name("..%2F..%5Cetc%2Fpasswd"), "passwd");
        assert_eq!(file_name("a%0d%0ab"), "ab");
        assert!(file_name(&"字".repeat(500)).len() <= FILE_NAME_BYTES);
    }
}
