//! Calls to the platform: the token in the address, one more try when the token was at fault, and what an answer
//! means. Addresses carry the token, so no error of the host's `http` is passed on in its own words.
use crate::config::Account;
use crate::errcode;
use crate::report::{Report, Side};
use crate::token::Tokens;
use std::rc::Rc;
use weikefu_channel::prelude::*;

/// What the platform answered when it did not refuse.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// A JSON object.
    Json(serde_json::Value),
    /// A file.
    File(Response),
}

/// Why there is no such answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The platform's `errcode` and `errmsg`.
    Platform(i64, String),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

impl Failure {
    /// The platform's code, if it gave one.
    pub(crate) fn code(&self) -> Option<i64> {
        match self {
            Failure::Platform(code, _) => Some(*code),
            Failure::Other(_) => None,
        }
    }
}

impl Reply {
    /// The JSON object, or an error for a file.
    pub(crate) fn json(self) -> Result<serde_json::Value, Failure> {
        match self {
            Reply::Json(value) => Ok(value),
            Reply::File(response) => Err(garbled(response.status, true).into()),
        }
    }
}

/// One account's calls.
pub(crate) struct Api {
    pub(crate) host: Host,
    pub(crate) account: Rc<Account>,
    pub(crate) report: Rc<Report>,
    tokens: Tokens,
}

impl Api {
    pub(crate) fn new(host: Host, account: Rc<Account>, report: Rc<Report>) -> Self {
        let tokens = Tokens::new(host.clone(), account.clone());
        Api {
            host,
            account,
            report,
            tokens,
        }
    }

    /// Fetches a token when there is none, so that a wrong setting shows before the first message.
    pub(crate) async fn warm_up(&self) {
        let outcome = self.tokens.get().await;
        self.tell(outcome.as_ref().err());
    }

    /// The address of a call, without the token.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/cgi-bin/{path}", self.account.api_base)
    }

    /// Posts JSON. `repeatable`: doing it twice does no harm, so an unknown outcome may be tried again.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        repeatable: bool,
    ) -> Result<serde_json::Value, Failure> {
        let url = self.url(path);
        let make = |token: &str| Request::post_json(format!("{url}?access_token={token}"), body);
        match self.call(make, repeatable).await? {
            Reply::Json(value) => Ok(value),
            Reply::File(response) => Err(garbled(response.status, repeatable).into()),
        }
    }

    /// Makes a call with the token; once more with another one when the platform says the token is at fault.
    pub(crate) async fn call(
        &self,
        make: impl Fn(&str) -> Result<Request>,
        repeatable: bool,
    ) -> Result<Reply, Failure> {
        let outcome = self.attempt(make, repeatable).await;
        match &outcome {
            Ok(_) => self.tell(None),
            Err(failure) => self.tell(Some(&self.explain(failure.clone()))),
        }
        outcome
    }

    /// The same, and the account's card does not show how it went.
    pub(crate) async fn attempt(
        &self,
        make: impl Fn(&str) -> Result<Request>,
        repeatable: bool,
    ) -> Result<Reply, Failure> {
        let mut token = self.tokens.get().await?;
        for last in [false, true] {
            let response = self.host.http(make(&encode(token.expose()))?).await;
            let outcome = verdict(
                response.map_err(|error| unreached(&error, repeatable))?,
                repeatable,
            );
            match outcome {
                Err(Failure::Platform(code, _)) if errcode::is_token(code) && !last => {
                    token = self.tokens.renew(&token).await?;
                }
                outcome => return outcome,
            }
        }
        Err(garbled(0, repeatable).into())
    }

    /// The error an agent or administrator reads.
    pub(crate) fn explain(&self, failure: Failure) -> Error {
        match failure {
            Failure::Platform(code, words) => errcode::error(code, &words, self.host.now()),
            Failure::Other(error) => error,
        }
    }

    /// Shows on the account's card what the last call says about it.
    fn tell(&self, error: Option<&Error>) {
        match error {
            None => self.report.fine(Side::Api),
            Some(error) if error.kind == Cause::Auth => {
                let mut words = error.words();
                if let Some(upstream) = &error.upstream {
                    words.zh = format!("{}（{upstream}）", words.zh);
                    words.en = format!("{} ({upstream})", words.en);
                }
                self.report.trouble(Side::Api, words);
            }
            // Busy, refused, unreachable: says nothing about the settings.
            Some(_) => {}
        }
    }
}

/// What an HTTP answer means. Errors come as 200 with a code, sometimes named text/plain: the first byte decides.
pub(crate) fn verdict(response: Response, repeatable: bool) -> Result<Reply, Failure> {
    if response.status != 200 {
        return Err(garbled(response.status, repeatable).into());
    }
    if response.body.trim_ascii_start().first() != Some(&b'{') {
        return Ok(Reply::File(response));
    }
    let value: serde_json::Value =
        serde_json::from_slice(&response.body).map_err(|_| garbled(200, repeatable))?;
    match value.get("errcode").and_then(serde_json::Value::as_i64) {
        None | Some(0) => Ok(Reply::Json(value)),
        Some(code) => {
            let words = value
                .get("errmsg")
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            Err(Failure::Platform(code, words.to_owned()))
        }
    }
}

/// An answer that is not the platform's. Below 500 something in between answered, and nothing was done.
pub(crate) fn garbled(status: u16, repeatable: bool) -> Error {
    let (cause, zh, en) = match status {
        429 => {
            return Error::told(
                Cause::RateLimited,
                "接口地址前的代理限制了调用频率，一分钟后自动继续",
                "A proxy in front of the API limits how often it is called; it goes on by itself in a minute",
            )
            .retry_after(std::time::Duration::from_mins(1))
            .upstream("HTTP 429");
        }
        300..=499 => (
            Cause::Retryable,
            "接口地址的应答不是来自微信，请检查渠道设置中的接口地址和网络代理",
            "The answer did not come from WeChat; check the API address in the channel settings and any proxy",
        ),
        _ if repeatable => (
            Cause::Retryable,
            "微信的应答不完整，稍后会自动重试",
            "WeChat's answer was not complete; it will be tried again",
        ),
        _ => (
            Cause::Unknown,
            "微信的应答不完整，消息可能已经送达，请确认后再决定是否重发",
            "WeChat's answer was not complete; the message may have arrived. Make sure before you send it again",
        ),
    };
    Error::told(cause, zh, en).upstream(format!("HTTP {status}"))
}

/// The host could not get an answer.
pub(crate) fn unreached(error: &Error, repeatable: bool) -> Error {
    match error.kind {
        Cause::Unknown if !repeatable => Error::told(
            Cause::Unknown,
            "没有等到微信的应答，消息可能已经送达，请确认后再决定是否重发",
            "No answer came from WeChat; the message may have arrived. Make sure before you send it again",
        ),
        Cause::Unknown | Cause::Retryable => Error::told(
            Cause::Retryable,
            "暂时无法连接微信接口，稍后会自动重试；如持续出现请检查服务器网络",
            "WeChat cannot be reached for the moment; it will be tried again. If this goes on, check the server's network",
        ),
        // The host names what is wrong with the address: its certificate.
        Cause::Config => error.clone(),
        cause => Error::told(
            cause,
            "请求没有发出，请检查渠道设置中的接口地址",
            "The request was not sent; check the API address in the channel settings",
        ),
    }
}

/// Percent-encodes a value of a query.
pub(crate) fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|d| b"0123456789ABCDEF"[usize::from(d)] as char));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.into(),
            ..Response::default()
        }
    }

    #[test]
    fn the_first_byte_decides() {
        let ok = verdict(answer(200, r#"{"errcode":0,"errmsg":"ok"}"#), false).unwrap();
        assert!(matches!(ok, Reply::Json(_)));
        assert!(matches!(
            verdict(answer(200, " \n{\"a\":1}"), false),
            Ok(Reply::Json(_))
        ));
        assert!(matches!(
            verdict(answer(200, "\u{89}PNG"), false),
            Ok(Reply::File(_))
        ));
        assert!(matches!(verdict(answer(200, ""), false), Ok(Reply::File(_))));
        let refused = verdict(answer(200, r#"{"errcode":45015,"errmsg":"out rid: 1"}"#), false).unwrap_err();
        assert_eq!(refused, Failure::Platform(45015, "out rid: 1".into()));
    }

    #[test]
    fn an_unknown_outcome_is_not_repeated() {
        let of = |status, repeatable| match verdict(answer(status, "{"), repeatable) {
            Err(Failure::Other(error)) => error.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (of(502, false), of(502, true)),
            (Cause::Unknown, Cause::Retryable)
        );
        assert_eq!(
            (of(200, false), of(200, true)),
            (Cause::Unknown, Cause::Retryable)
        );
        assert_eq!(
            (of(404, false), of(429, false)),
            (Cause::Retryable, Cause::RateLimited)
        );
        let cut = Error::new(Cause::Unknown, "https://a/?access_token=T");
        assert_eq!(unreached(&cut, false).kind, Cause::Unknown);
        assert_eq!(unreached(&cut, true).kind, Cause::Retryable);
        assert!(!unreached(&cut, false).to_string().contains("access_token"));
    }

    #[test]
    fn query_values_are_encoded() {
        assert_eq!(encode("aZ9-_.~"), "aZ9-_.~");
        assert_eq!(encode("a b&c=你"), "a%20b%26c%3D%E4%BD%A0");
    }
}
