//! HTTP as both directions use it: a plugin calling a platform, a platform calling a plugin.
use crate::error::{Cause, Error, Result};
use crate::inbound::Cursor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An HTTP request. Outgoing: `url` is absolute. Incoming: `url` is the path behind `/c/<key>/` plus
/// the query string, exactly as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Where to; see above.
    pub url: String,
    /// Header fields; names in lower case on incoming requests.
    pub headers: Vec<(String, String)>,
    /// How long the whole exchange may take, milliseconds. 0 means the host's default of 10,000.
    pub timeout_ms: u64,
    /// Incoming only: the address of the client, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The body. Travels beside the JSON head.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl Request {
    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Request {
            method: "GET".into(),
            url: url.into(),
            ..Request::default()
        }
    }

    /// A POST request with a JSON body. Non-ASCII characters are sent raw, never as `\u` escapes.
    pub fn post_json(url: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|e| Error::new(Cause::Internal, e.to_string()))?;
        Ok(Request {
            method: "POST".into(),
            url: url.into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body,
            ..Request::default()
        })
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// The path without the query string.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url
            .split_once('?')
            .map_or(self.url.as_str(), |(path, _)| path)
    }

    /// The first value of a query parameter, percent-decoded (`+` is a blank).
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key) == name).then(|| percent_decode(value))
        })
    }

    /// The first value of a header field, matched without regard to case.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        header_value(&self.headers, name)
    }
}

/// An HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The message of the desk that leaves in this answer. The host records how that went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carries: Option<Cursor>,
    /// The body. Travels beside the JSON head.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with a plain text body.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Response {
            status,
            headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())],
            body: body.into().into_bytes(),
            ..Response::default()
        }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|e| Error::new(Cause::Internal, e.to_string()))?;
        Ok(Response {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body,
            ..Response::default()
        })
    }

    /// Names the message of the desk that leaves in this answer, out of [`crate::Stored::passive`].
    #[must_use]
    pub fn carrying(mut self, message: Cursor) -> Self {
        self.carries = Some(message);
        self
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header field, matched without regard to case.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        header_value(&self.headers, name)
    }

    /// Reads the body as JSON. A body that is not what was expected is the platform's failure and may pass.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|e| {
            Error::new(
                Cause::Retryable,
                format!("unexpected answer (HTTP {}): {e}", self.status),
            )
        })
    }
}

fn header_value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// Decodes `%XX` and `+`; what is not valid stays as it is, invalid UTF-8 is replaced.
#[must_use]
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' if at + 2 < bytes.len() => match (hex(bytes[at + 1]), hex(bytes[at + 2])) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    at += 2;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_decoded() {
        let request = Request::get("callback?a=1%2B1&nonce=%E4%BD%A0&flag&b=x+y&bad=%zz%4");
        assert_eq!(request.path(), "callback");
        assert_eq!(request.query("a").as_deref(), Some("1+1"));
        assert_eq!(request.query("nonce").as_deref(), Some("你"));
        assert_eq!(request.query("flag").as_deref(), Some(""));
        assert_eq!(request.query("b").as_deref(), Some("x y"));
        assert_eq!(request.query("bad").as_deref(), Some("%zz%4"));
        assert_eq!(request.query("none"), None);
    }
}
