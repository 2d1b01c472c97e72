//! Why a call failed, in the terms the desk acts on.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the desk does about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Try again with backoff, then give up.
    Retryable,
    /// The request left and no answer came: it may or may not have happened. Never repeated by itself.
    Unknown,
    /// Pause this account until `retry_after`.
    RateLimited,
    /// The platform's reply window is closed or its quota spent: wait for the customer.
    WindowClosed,
    /// The platform refuses this message or customer for good.
    Rejected,
    /// Credentials are wrong or were revoked: stop the queue, ask the administrator.
    Auth,
    /// The configuration is wrong; the message names the field.
    Config,
    /// The plugin does not do this.
    Unsupported,
    /// What was asked for does not exist.
    NotFound,
    /// The plugin panicked.
    Panic,
    /// A fault of the plugin or the host.
    #[serde(other)]
    Internal,
}

/// A failed call. Crosses the boundary as the head of an ERROR frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// What to do about it.
    pub kind: Cause,
    /// What happened and what to do next, one sentence, without secrets.
    pub message: String,
    /// The platform's own code and words, when there are any: `45015 response out of time limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// How long to wait before the next try, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Result of everything a plugin does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind.
    pub fn new(kind: Cause, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            upstream: None,
            retry_after_ms: None,
        }
    }

    /// The plugin does not do this.
    #[must_use]
    pub fn unsupported(what: &str) -> Self {
        Error::new(
            Cause::Unsupported,
            format!("this channel does not support {what}"),
        )
    }

    /// A configuration field is wrong.
    #[must_use]
    pub fn config(field: &str, problem: &str) -> Self {
        Error::new(Cause::Config, format!("{field}: {problem}"))
    }

    /// Adds the platform's own code and words.
    #[must_use]
    pub fn upstream(mut self, words: impl Into<String>) -> Self {
        self.upstream = Some(words.into());
        self
    }

    /// Adds how long to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = Some(wait.as_millis() as u64);
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.upstream {
            Some(words) => write!(f, " ({words})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
