//! Why a call failed, in the terms the desk acts on and in the languages people read.
use crate::words::Words;
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
    /// The platform's reply window is closed: wait for the customer.
    WindowClosed,
    /// The window is open and all messages it allows are spent: wait for the customer.
    QuotaSpent,
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
    /// What happened and what to do next, one English sentence, without secrets.
    pub message: String,
    /// The same in Chinese. Without it people who read Chinese get [`Cause::words`] and the message behind it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_zh: String,
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
    /// An error of this kind, told in English. What an agent or administrator may get to see is told by
    /// [`Error::told`]; this is for what only somebody who writes plugins can act on.
    pub fn new(kind: Cause, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            message_zh: String::new(),
            upstream: None,
            retry_after_ms: None,
        }
    }

    /// An error of this kind, told in both languages.
    pub fn told(kind: Cause, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Error {
            message_zh: zh.into(),
            ..Error::new(kind, en)
        }
    }

    /// The plugin does not do this. `what` is a word of the boundary, such as an operation or a kind.
    #[must_use]
    pub fn unsupported(what: &str) -> Self {
        Error::told(
            Cause::Unsupported,
            format!("该渠道不支持此操作（{what}）"),
            format!("this channel does not support {what}"),
        )
    }

    /// A configuration field is wrong: what is wrong with it, Chinese and English.
    #[must_use]
    pub fn config(field: &str, zh: &str, en: &str) -> Self {
        Error::told(Cause::Config, format!("{field}：{zh}"), format!("{field}: {en}"))
    }

    /// What people read, without the platform's words.
    #[must_use]
    pub fn words(&self) -> Words {
        if self.message_zh.is_empty() {
            let (zh, _) = self.kind.words();
            return Words::new(format!("{zh}（{}）", self.message), &*self.message);
        }
        Words::new(&*self.message_zh, &*self.message)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_both_languages() {
        let error = Error::told(Cause::Rejected, "不能发送空白消息", "a message needs text");
        let line = serde_json::to_value(&error).unwrap();
        assert_eq!(
            line,
            serde_json::json!({ "kind": "rejected", "message": "a message needs text", "message_zh": "不能发送空白消息" })
        );
        assert_eq!(serde_json::from_value::<Error>(line).unwrap(), error);
        assert_eq!(
            error.words(),
            Words::new("不能发送空白消息", "a message needs text")
        );
        let config = Error::config("title", "请填写", "write something").words();
        assert_eq!(config, Words::new("title：请填写", "title: write something"));
    }

    /// A plugin of another language, or one written before there was Chinese on the boundary.
    #[test]
    fn an_error_without_chinese_says_in_chinese_what_to_do() {
        for kind in [
            "retryable",
            "unknown",
            "rate_limited",
            "window_closed",
            "rejected",
            "auth",
            "config",
            "unsupported",
            "not_found",
            "panic",
            "internal",
            "something newer",
        ] {
            let head = serde_json::json!({ "kind": kind, "message": "no route" });
            let words = serde_json::from_value::<Error>(head).unwrap().words();
            assert_eq!(words.en, "no route");
            assert!(
                words.zh.ends_with("（no route）") && words.zh.chars().next().is_some_and(|c| !c.is_ascii()),
                "{}",
                words.zh
            );
        }
    }
}
