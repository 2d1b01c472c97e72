//! What a visitor reads when something is refused, in zh-CN and en, and the code a program reads.
use serde::{Serialize, Serializer};

/// A language the channel speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// 简体中文.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Lang {
    /// The language of a BCP 47 tag or an `Accept-Language` list: the first one that is spoken here.
    #[must_use]
    pub fn parse(tags: &str) -> Option<Self> {
        tags.split(',').take(16).find_map(|tag| {
            let tag = tag
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            match tag.split('-').next() {
                Some("zh") => Some(Lang::ZhCn),
                Some("en") => Some(Lang::En),
                _ => None,
            }
        })
    }

    /// Title of the window where the shop has set none.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Lang::ZhCn => "在线客服",
            Lang::En => "Customer service",
        }
    }

    /// What a visitor is welcomed with where the shop has set nothing.
    #[must_use]
    pub fn welcome(self) -> &'static str {
        match self {
            Lang::ZhCn => "您好，请问有什么可以帮您？",
            Lang::En => "Hello! How can we help you?",
        }
    }

    /// BCP 47.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Lang::ZhCn => "zh-CN",
            Lang::En => "en",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $code:literal $status:literal $zh:literal $en:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The word a program reads.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// The sentence a visitor reads.
            #[must_use]
            pub fn message(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Code::$name, Lang::ZhCn) => $zh, (Code::$name, Lang::En) => $en,)*
                }
            }
        }
    };
}

codes! {
    /// The request or frame cannot be read.
    BadRequest "bad_request" 400 "请求格式不正确，请刷新页面后重试" "The request is malformed. Reload the page and try again.";
    /// The token is missing, foreign, tampered with or expired.
    BadToken "bad_token" 401 "会话已失效，正在重新连接" "The session has ended. Reconnecting.";
    /// The merchant's signature is wrong.
    BadIdentity "bad_identity" 403 "身份签名无效，请检查签名内容与身份密钥" "The identity signature is invalid. Check what is signed and the identity secret.";
    /// The merchant's signature is too old.
    IdentityExpired "identity_expired" 403 "身份签名已过期，请刷新页面重新登录" "The identity signature has expired. Reload the page to sign in again.";
    /// The merchant has switched the channel off.
    Closed "closed" 403 "在线客服已关闭" "Chat is switched off.";
    /// The page's origin is not on the account's list.
    Origin "origin_not_allowed" 403 "此网站未获准使用在线客服，请在渠道设置中添加该域名" "This site may not use the chat. Add its origin in the channel's settings.";
    /// The desk does not take messages of this visitor.
    Refused "refused" 403 "未送达：商家暂时不接收您的留言" "Not delivered: the shop does not take your messages at present.";
    /// No such address.
    NotFound "not_found" 404 "地址不存在" "There is nothing at this address.";
    /// The address does not take this method.
    Method "method_not_allowed" 405 "不支持的请求方法" "This method is not supported here.";
    /// A file or body is too large.
    TooLarge "too_large" 413 "文件过大，图片请控制在 10 MB 以内" "The file is too large. Pictures may have up to 10 MB.";
    /// Not a picture.
    BadType "unsupported_type" 415 "仅支持 PNG、JPG、GIF、WebP 图片" "Only PNG, JPEG, GIF and WebP pictures are supported.";
    /// Nothing was written.
    Empty "empty" 422 "消息不能为空" "The message is empty.";
    /// More than 2,000 characters.
    TooLong "too_long" 422 "消息过长，请控制在 2000 字以内" "The message is too long. Keep it within 2,000 characters.";
    /// The message names a picture that is not there.
    BadMedia "bad_media" 422 "图片不存在，请重新上传" "The picture does not exist. Upload it again.";
    /// The visitor writes faster than the bound.
    TooFast "too_fast" 429 "发送太快了，稍后会自动重试" "That was a little fast. It will be sent again in a moment.";
    /// The visitor holds too many sockets or polls.
    TooMany "too_many" 429 "打开的页面过多，请关闭其他页面" "Too many pages are open. Close some of the others.";
    /// The desk cannot store anything right now.
    Unavailable "unavailable" 503 "服务暂时不可用，稍后会自动重试" "The service is not available right now. It will be tried again in a moment.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_in_tags_and_lists() {
        assert_eq!(Lang::parse("zh-TW"), Some(Lang::ZhCn));
        assert_eq!(Lang::parse("fr-FR, en-GB;q=0.8, zh;q=0.5"), Some(Lang::En));
        assert_eq!(Lang::parse("fr"), None);
        assert_eq!(Lang::parse(""), None);
    }

    #[test]
    fn every_code_speaks_both_languages_and_is_an_error() {
        let mut words = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(words.insert(code.word()), "{} twice", code.word());
            assert!((400..600).contains(&code.status()));
            assert!(code.message(Lang::En).is_ascii());
            assert!(!code.message(Lang::ZhCn).is_ascii());
        }
    }
}
