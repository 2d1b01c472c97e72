//! JSON requests with the headers of one person, for everything that is not measured.

use super::Wire;
use crate::problem::{Outcome, wrong};
use serde_json::Value;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// A connection that was idle for longer is not used again: a server closes those.
const IDLE: Duration = Duration::from_secs(5);

/// Somebody who sends the same headers with each request.
pub(crate) struct Session {
    wire: Wire,
    used: Instant,
    address: String,
    headers: String,
}

impl Session {
    pub(crate) async fn open(address: &str) -> Outcome<Self> {
        Ok(Self {
            wire: Wire::open(address).await?,
            used: Instant::now(),
            address: address.to_owned(),
            headers: String::new(),
        })
    }

    /// One more header from now on.
    pub(crate) fn with(&mut self, name: &str, value: &str) {
        let _ = write!(self.headers, "{name}: {value}\r\n");
    }

    /// The headers of a WebSocket of the same person.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let lines = self.headers.split("\r\n");
        lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// A request with this person's headers.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.headers,
            body.len()
        )
        .into_bytes()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Value> {
        Ok(self.call("GET", path, "").await?.1)
    }

    /// A request that must succeed: the head of the answer, and its body.
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &str) -> Outcome<(String, Value)> {
        let request = self.request(method, path, body);
        if self.used.elapsed() > IDLE {
            self.wire = Wire::open(&self.address).await?;
        }
        self.used = Instant::now();
        let answer = self.wire.exchange(&request).await?;
        if !(200..300).contains(&answer.status) {
            let said = String::from_utf8_lossy(answer.body);
            return wrong(format!("{method} {path} was answered {}: {said}", answer.status));
        }
        let value = serde_json::from_slice(answer.body).unwrap_or(Value::Null);
        Ok((answer.head.to_owned(), value))
    }
}
