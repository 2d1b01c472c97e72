//! Why something asked for is refused. One table: code, status, and a sentence in both languages that says
//! what to do next.
use crate::ids::AgentId;
use std::borrow::Cow;
use thiserror::Error;

/// A language of the people who read refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese, the default.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The first language of an `Accept-Language` header, a `LANG` or a `lang` attribute that we speak.
    #[must_use]
    pub fn choose(wanted: &str) -> Self {
        for tag in wanted.split(',') {
            let tag = tag.trim().to_ascii_lowercase();
            if tag.starts_with("zh") {
                return Language::Chinese;
            }
            if tag.starts_with("en") {
                return Language::English;
            }
        }
        Language::Chinese
    }
}

/// A refusal. What the caller can do about it is part of it.
#[derive(Debug, Error)]
pub enum Refusal {
    /// No session, or it has ended.
    #[error("not logged in")]
    Unauthenticated,
    /// Login or password is wrong.
    #[error("wrong login or password")]
    BadCredentials,
    /// The header that proves the request comes from our own page is missing.
    #[error("csrf token missing or wrong")]
    Csrf,
    /// Too many tries.
    #[error("too many attempts")]
    TooManyAttempts {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// A password somebody else gave out has to be changed first.
    #[error("password must be changed")]
    PasswordChangeRequired,
    /// The role does not allow it.
    #[error("forbidden")]
    Forbidden,
    /// There is no such thing, or it is another shop's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Somebody else has accepted first, or it was closed meanwhile.
    #[error("conversation has changed hands")]
    ConversationTaken,
    /// It has been closed.
    #[error("conversation is closed")]
    ConversationClosed,
    /// Only the agent who holds it may do this.
    #[error("not the owner")]
    NotOwner,
    /// The platform takes no more messages until the customer does something again.
    #[error("the platform's quota is spent")]
    ReachSpent,
    /// The time in which the platform takes messages is over.
    #[error("the platform's window is closed")]
    ReachClosed,
    /// The customer cannot be written to, for a reason that is not the platform's count.
    #[error("the customer cannot be reached: {0:?}")]
    Unreachable(Unreachable),
    /// Another agent holds the customer.
    #[error("held by agent {agent}")]
    Held {
        /// Who.
        agent: AgentId,
        /// His nickname, where it is known.
        name: String,
    },
    /// An agent who is offline does not take, and does not write to, customers.
    #[error("the agent is offline")]
    Offline,
    /// The agent something is offered to is not there.
    #[error("the receiver is not online")]
    ReceiverOffline,
    /// The offer has ended, or was made to somebody else.
    #[error("there is no such offer any more")]
    TransferOver,
    /// Only a failed or unknown message can be sent again.
    #[error("nothing to retry")]
    NothingToRetry,
    /// The shop would have nobody left who can administer it.
    #[error("the last administrator")]
    LastAdministrator,
    /// The account also works in a shop the asker does not administer.
    #[error("the account works in other shops too")]
    SharedAccount,
    /// The agent does not belong to this shop.
    #[error("not at this desk")]
    NotAtDesk,
    /// A value is out of its bounds.
    #[error("{field}: {en}")]
    Invalid {
        /// Which.
        field: Cow<'static, str>,
        /// What is wrong and what would be right, Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// A body is larger than allowed.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// The request is not what the route takes.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The name is in use.
    #[error("{0} already exists")]
    Exists(&'static str),
    /// What it was decided on has changed meanwhile.
    #[error("changed meanwhile")]
    Stale,
    /// The store has failed; nothing is accepted any more.
    #[error("store: {0}")]
    Store(#[from] weikefu_storage::Error),
    /// The list of customers is still being read after a start.
    #[error("the list of customers is being prepared")]
    Preparing,
    /// Shutting down, or too busy.
    #[error("unavailable")]
    Unavailable,
}

/// Why a customer cannot be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// On the blacklist.
    Blacklisted,
    /// Has left the account.
    Unfollowed,
    /// The shop has switched the entry off.
    EntryOff,
    /// The channel does not run.
    ChannelDown,
    /// No address that could be written to.
    NoAddress,
}

impl Unreachable {
    fn code(self) -> &'static str {
        match self {
            Unreachable::Blacklisted => "customer_blacklisted",
            Unreachable::Unfollowed => "customer_unfollowed",
            Unreachable::EntryOff => "entry_off",
            Unreachable::ChannelDown => "channel_down",
            Unreachable::NoAddress => "no_address",
        }
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Unreachable::Blacklisted => (
                "这位客户在黑名单中，请先移出黑名单。",
                "This customer is on the blacklist. Take them off it first.",
            ),
            Unreachable::Unfollowed => (
                "这位客户已取消关注，重新关注并来信后可联系。",
                "This customer has left the account. You can write once they follow it again and write.",
            ),
            Unreachable::EntryOff => (
                "该渠道的客服入口已关闭，请管理员在设置中打开入口。",
                "The entry of this channel is off. Ask your administrator to switch it on.",
            ),
            Unreachable::ChannelDown => (
                "该渠道当前不可用，请联系管理员检查渠道设置。",
                "This channel is not available. Ask your administrator to check its settings.",
            ),
            Unreachable::NoAddress => (
                "这位客户在该渠道没有可联系的地址，请换一个渠道。",
                "This customer has no address on this channel. Choose another.",
            ),
        }
    }
}

impl From<Unreachable> for Refusal {
    fn from(why: Unreachable) -> Self {
        Refusal::Unreachable(why)
    }
}

impl Refusal {
    /// A value out of bounds.
    pub fn invalid(
        field: impl Into<Cow<'static, str>>,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Refusal::Invalid {
            field: field.into(),
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// Stable code and HTTP status.
    #[must_use]
    pub fn code(&self) -> (&'static str, u16) {
        match self {
            Refusal::Unauthenticated => ("unauthenticated", 401),
            Refusal::BadCredentials => ("bad_credentials", 401),
            Refusal::Csrf => ("csrf", 403),
            Refusal::TooManyAttempts { .. } => ("too_many_attempts", 429),
            Refusal::PasswordChangeRequired => ("password_change_required", 403),
            Refusal::Forbidden => ("forbidden", 403),
            Refusal::NotFound(_) => ("not_found", 404),
            Refusal::ConversationTaken => ("conversation_taken", 409),
            Refusal::ConversationClosed => ("conversation_closed", 409),
            Refusal::NotOwner => ("not_owner", 403),
            Refusal::ReachSpent => ("reach_spent", 409),
            Refusal::ReachClosed => ("reach_closed", 409),
            Refusal::Unreachable(why) => (why.code(), 409),
            Refusal::Held { .. } => ("held_by_other", 409),
            Refusal::NothingToRetry => ("nothing_to_retry", 409),
            Refusal::LastAdministrator => ("last_administrator", 409),
            Refusal::SharedAccount => ("shared_account", 403),
            Refusal::Offline => ("agent_offline", 409),
            Refusal::ReceiverOffline => ("receiver_offline", 409),
            Refusal::TransferOver => ("transfer_over", 409),
            Refusal::Store(weikefu_storage::Error::Corrupt { .. }) => ("record_damaged", 500),
            Refusal::NotAtDesk => ("not_at_desk", 403),
            Refusal::Invalid { .. } => ("invalid", 422),
            Refusal::TooLarge { .. } => ("too_large", 413),
            Refusal::Malformed(_) => ("malformed", 400),
            Refusal::Exists(_) => ("exists", 409),
            Refusal::Stale => ("stale", 409),
            Refusal::Store(_) => ("store_failed", 503),
            Refusal::Preparing => ("preparing", 503),
            Refusal::Unavailable => ("unavailable", 503),
        }
    }

    /// What happened and what to do next.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let (zh, en) = self.texts();
        match language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    #[allow(clippy::too_many_lines)] // a table: one entry a refusal
    fn texts(&self) -> (String, String) {
        let (zh, en) = match self {
            Refusal::Unauthenticated => ("请先登录。", "Please log in."),
            Refusal::BadCredentials => (
                "账号或密码不正确。忘记密码请联系管理员重置。",
                "Wrong login or password. If you forgot it, ask your administrator to reset it.",
            ),
            Refusal::Csrf => (
                "页面已过期，请刷新后重试。",
                "This page is out of date. Reload it and try again.",
            ),
            Refusal::PasswordChangeRequired => (
                "这是一次性密码，请先设置自己的新密码。",
                "This is a one-time password. Choose a password of your own first.",
            ),
            Refusal::Forbidden => (
                "您的角色没有此权限，请联系管理员。",
                "Your role does not allow this. Ask your administrator.",
            ),
            Refusal::NotFound(_) => (
                "没有找到，可能已被删除。请刷新列表。",
                "Not found; it may have been removed. Reload the list.",
            ),
            Refusal::ConversationTaken => (
                "这位客户已被其他客服接入或会话已结束。",
                "Another agent has accepted this customer, or the conversation has ended.",
            ),
            Refusal::ConversationClosed => (
                "会话已结束，客户再次留言后可继续回复。",
                "The conversation is closed. You can reply again once the customer writes.",
            ),
            Refusal::NotOwner => (
                "只有接入该客户的客服可以操作，请先接入。",
                "Only the agent who holds this customer can do this. Accept the customer first.",
            ),
            Refusal::ReachSpent => (
                "平台允许的回复条数已用完，客户再次来信后可继续回复。",
                "All replies the platform allows have been used. You can reply again once the customer writes.",
            ),
            Refusal::ReachClosed => (
                "已超过平台允许的回复时间，客户再次来信后可继续回复。",
                "The platform's time to reply is over. You can reply again once the customer writes.",
            ),
            Refusal::Offline => ("您已离线，请先切换为在线。", "You are offline. Go online first."),
            Refusal::ReceiverOffline => (
                "这位客服不在线，请选择其他在线的客服。",
                "This agent is not online. Choose one who is.",
            ),
            Refusal::TransferOver => (
                "这次转接已结束：已被撤回、超时或由他人接手。",
                "This transfer is over: it was taken back, timed out or was taken. Ask the sender to offer it again.",
            ),
            Refusal::Store(weikefu_storage::Error::Corrupt { .. }) => (
                "这条数据已损坏，本次操作未保存，其他功能不受影响。请管理员查看服务器日志，必要时恢复备份。",
                "This record is damaged and nothing was saved; everything else works. Ask the administrator to look at \
                 the server's log and, if need be, to restore a backup.",
            ),
            Refusal::NothingToRetry => (
                "这条消息不需要重发。",
                "This message does not need to be sent again.",
            ),
            Refusal::LastAdministrator => (
                "这是店铺最后一位能登录的管理员。请先让另一位客服成为管理员。",
                "This is the shop's last administrator who can log in. Make another agent administrator first.",
            ),
            Refusal::SharedAccount => (
                "该账号还在您不管理的店铺工作，只能由同时管理这些店铺的管理员修改；您可以把它移出本店。",
                "This account also works in a shop you do not administer; only an administrator of all its shops can \
                 change it. You can remove it from this shop.",
            ),
            Refusal::NotAtDesk => (
                "您不是该店铺的客服，请联系管理员添加。",
                "You are not an agent of this shop. Ask its administrator to add you.",
            ),
            Refusal::Malformed(_) => (
                "请求格式不正确，请刷新页面后重试。",
                "The request was not understood. Reload the page and try again.",
            ),
            Refusal::Exists(_) => ("名称已被使用，请换一个。", "That name is taken. Choose another."),
            Refusal::Stale => (
                "内容刚刚被修改过，请查看最新内容后再试。",
                "This has just been changed. Look at it as it is now and try again.",
            ),
            Refusal::Store(_) => (
                "数据暂时无法写入，消息未保存。请检查服务器磁盘空间后重启 weikefu。",
                "The store cannot be written and nothing was saved. Check the server's disk space and restart weikefu.",
            ),
            Refusal::Preparing => (
                "服务刚刚启动，客户列表正在准备，请几秒后重试。",
                "The service has just started and is preparing the list of customers. Try again in a few seconds.",
            ),
            Refusal::Unavailable => (
                "服务正在重启，请稍后重试。",
                "The service is restarting. Try again in a moment.",
            ),
            Refusal::Unreachable(why) => why.texts(),
            Refusal::Held { name, .. } => {
                let by = |known: &str, unknown: &str| {
                    if name.is_empty() {
                        unknown.to_owned()
                    } else {
                        known.to_owned()
                    }
                };
                return (
                    format!(
                        "这位客户正由{}接待，可请对方转接给您。",
                        by(&format!("「{name}」"), "其他客服")
                    ),
                    format!(
                        "{} is serving this customer. Ask for a transfer.",
                        by(name, "Another agent")
                    ),
                );
            }
            Refusal::TooManyAttempts { retry_after_s: s } => {
                return (
                    format!("尝试次数过多，请 {s} 秒后再试。"),
                    format!("Too many attempts. Try again in {s} seconds."),
                );
            }
            Refusal::Invalid { zh, en, .. } => return (zh.clone(), en.clone()),
            Refusal::TooLarge { limit } => {
                let size = size(*limit);
                return (
                    format!("内容超过 {size} 的上限，请压缩或分次发送。"),
                    format!("Larger than the limit of {size}. Make it smaller or send it in parts."),
                );
            }
        };
        (zh.to_owned(), en.to_owned())
    }
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_we_speak_is_chosen() {
        assert_eq!(Language::choose("en-GB,zh;q=0.8"), Language::English);
        assert_eq!(Language::choose("fr, zh-TW"), Language::Chinese);
        assert_eq!(Language::choose("en_US.UTF-8"), Language::English);
        assert_eq!(Language::choose(""), Language::Chinese);
        assert_eq!(Language::choose("zh-CN,en"), Language::Chinese);
        assert_eq!(Language::choose("ZH_cn"), Language::Chinese);
        assert_eq!(Language::choose("de;q=1 , EN-us;q=0.2"), Language::English);
        assert_eq!(Language::choose("C"), Language::Chinese);
        assert_eq!(Language::choose("*,,;"), Language::Chinese);
    }

    #[test]
    fn every_refusal_says_in_both_languages_what_to_do() {
        let refusals = [
            Refusal::Unauthenticated,
            Refusal::BadCredentials,
            Refusal::Csrf,
            Refusal::TooManyAttempts { retry_after_s: 7 },
            Refusal::PasswordChangeRequired,
            Refusal::Forbidden,
            Refusal::NotFound("file"),
            Refusal::ConversationTaken,
            Refusal::ConversationClosed,
            Refusal::NotOwner,
            Refusal::ReachSpent,
            Refusal::ReachClosed,
            Refusal::Unreachable(Unreachable::Blacklisted),
            Refusal::Unreachable(Unreachable::Unfollowed),
            Refusal::Unreachable(Unreachable::EntryOff),
            Refusal::Unreachable(Unreachable::ChannelDown),
            Refusal::Unreachable(Unreachable::NoAddress),
            Refusal::Held {
                agent: AgentId(1),
                name: String::new(),
            },
            Refusal::NothingToRetry,
            Refusal::Offline,
            Refusal::ReceiverOffline,
            Refusal::TransferOver,
            Refusal::Store(weikefu_storage::Error::Corrupt {
                tree: "customers",
                key: "01".into(),
            }),
            Refusal::NotAtDesk,
            Refusal::LastAdministrator,
            Refusal::SharedAccount,
            Refusal::invalid("name", "换一个。", "Choose another."),
            Refusal::TooLarge { limit: 20 << 20 },
            Refusal::Malformed("no such field".into()),
            Refusal::Exists("login"),
            Refusal::Stale,
            Refusal::Store(weikefu_storage::Error::DiskFull),
            Refusal::Preparing,
            Refusal::Unavailable,
        ];
        let mut codes = std::collections::BTreeSet::new();
        for refusal in refusals {
            let (code, status) = refusal.code();
            assert!(codes.insert(code), "{code} twice");
            assert!((400..600).contains(&status));
            let (zh, en) = (refusal.text(Language::Chinese), refusal.text(Language::English));
            assert!(zh.ends_with('。') && en.ends_with('.'), "{code}: {zh} {en}");
            assert!(!zh.is_ascii() && en.is_ascii(), "{code}");
        }
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(
            [size(1023), size(1024), size(48 << 10), size(20 << 20)],
            ["1023 B", "1 KB", "48 KB", "20 MB"]
        );
    }
}
