//! A sentence for people, in both languages they read. Which of the two is shown is decided where it is shown.
use crate::error::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sentence in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Words {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The same in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Words {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }
}

impl<Z: Into<String>, E: Into<String>> From<(Z, E)> for Words {
    fn from((zh, en): (Z, E)) -> Self {
        Words::new(zh, en)
    }
}

impl Cause {
    /// What a failure of this kind means and what to do next, where nothing more exact is known.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Cause::Retryable => (
                "暂时没有成功，请稍后重试",
                "This did not work for the moment; try again later",
            ),
            Cause::Unknown => (
                "没有等到应答，可能已经送达，请确认后再决定是否重发",
                "No answer came; it may have arrived. Make sure before you send it again",
            ),
            Cause::RateLimited => (
                "平台限制了调用频率，请稍后重试",
                "The platform limits how often it is called; try again later",
            ),
            Cause::WindowClosed => (
                "已超过平台允许的回复时间，等客户再次发来消息后才能回复",
                "The platform's time to reply is over; you can reply once the customer writes again",
            ),
            Cause::QuotaSpent => (
                "平台允许的回复条数已用完，等客户再次发来消息后才能回复",
                "All replies the platform allows have been used; you can reply once the customer writes again",
            ),
            Cause::Rejected => (
                "平台拒绝了这条消息，请修改后再发",
                "The platform refused this message; change it before you send it again",
            ),
            Cause::Auth => (
                "渠道的凭据无效，请管理员检查渠道设置",
                "The channel's credentials are not accepted; ask an administrator to check its settings",
            ),
            Cause::Config => (
                "渠道设置不正确，请管理员检查渠道设置",
                "The channel's settings are wrong; ask an administrator to check them",
            ),
            Cause::Unsupported => (
                "该渠道不支持此操作，请换一种方式",
                "This channel cannot do this; use another way",
            ),
            Cause::NotFound => (
                "没有找到，可能已被删除，请刷新后重试",
                "Not found; it may have been removed. Reload and try again",
            ),
            Cause::Panic | Cause::Internal => (
                "渠道插件出错，请重试；仍不成功时请管理员查看服务器日志",
                "The channel's plugin failed; try again, and if that does not help ask an administrator to see the log",
            ),
        }
    }
}
