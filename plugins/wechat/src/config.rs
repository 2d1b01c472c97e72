//! The settings of one account and their checks. Owns no I/O; [`Account`] is what the rest of the plugin works
//! with, so a wrong setting is found once, when the account is opened.
use crate::crypto::{AesKey, Keyring};
use weikefu_channel::prelude::*;

/// The platform's default API address.
pub const OFFICIAL_API: &str = "https://api.weixin.qq.com";

const MAX_RULES: usize = 8;
const TWO_DAYS: u32 = 48 * 3_600;
/// What the platform takes since 2023-06: announcement of 2023-05-30 and its page on customer-service messages.
/// How several of these combine is not written anywhere.
pub const REPLY_RULES: [ReplyRule; 4] = [
    ReplyRule::new(Trigger::Message, 5, TWO_DAYS),
    ReplyRule::new(Trigger::Menu, 3, 60),
    ReplyRule::new(Trigger::Follow, 3, 60),
    ReplyRule::new(Trigger::Scan, 3, 60),
];

/// 微信公众号 / 服务号
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Config {
    /// AppID：公众号后台「设置与开发 → 开发接口管理 → 基本配置」中的开发者 ID，以 wx 开头
    #[schemars(pattern(r"^ *[A-Za-z0-9_-]{1,64} *$"))]
    #[schemars(extend("x-en" = "AppID: the developer ID of the account, from Settings and development > Basic configuration; begins with wx"))]
    pub app_id: String,
    /// AppSecret：开发者密码，在同一页面生成；重置后请在这里同步修改
    #[schemars(extend("pattern" = "^ *[!-~]{1,128} *$"))]
    #[schemars(extend("x-en" = "AppSecret: the developer password from the same page; after a reset, change it here too"))]
    pub app_secret: Secret,
    /// 令牌（Token）：与「服务器配置」中填写的 Token 完全一致
    #[schemars(extend("pattern" = "^ *[!-~]{1,64} *$"))]
    #[schemars(extend("x-en" = "Token: exactly as in the account's server configuration"))]
    pub token: Secret,
    /// 消息加解密密钥（EncodingAESKey）：「服务器配置」中的 43 位字符；仅明文模式可以留空
    #[serde(default)]
    #[schemars(extend("pattern" = "^ *([A-Za-z0-9]{43})? *$"))]
    #[schemars(extend("x-en" = "EncodingAESKey: the 43 characters of the server configuration; may be empty in plaintext mode only"))]
    pub encoding_aes_key: Secret,
    /// 上一个 EncodingAESKey：更换密钥期间填写旧密钥，可避免丢失消息；平时留空
    #[serde(default)]
    #[schemars(extend("pattern" = "^ *([A-Za-z0-9]{43})? *$"))]
    #[schemars(extend("x-en" = "Previous EncodingAESKey: the old key while you change keys, so that no message is lost; otherwise empty"))]
    pub previous_aes_key: Secret,
    /// 消息加解密方式：必须与「服务器配置」中的选择一致，推荐安全模式
    #[serde(default)]
    #[schemars(extend("x-en" = "Encryption: must be as in the server configuration; secure mode is recommended"))]
    pub mode: Mode,
    /// 原始 ID：以 gh_ 开头，填写后会核对每条推送是否发给本公众号；可以留空
    #[serde(default)]
    #[schemars(pattern(r"^ *(gh_[^ ]{0,61})? *$"))]
    #[schemars(extend("x-en" = "Original ID: begins with gh_; when set, each push is checked to be for this account"))]
    pub original_id: String,
    /// 接口地址：一般保持默认；使用容灾域名或代理时修改
    #[serde(default = "official_api")]
    #[schemars(extend("format" = "uri", "pattern" = r"^ *(https?://[^/:?#@ ][^?#@ ]*)? *$"))]
    #[schemars(extend("x-en" = "API address: keep the default unless you use a proxy or a fallback domain"))]
    pub api_base: String,
    /// 客服帐号：以此微信客服身份发送，格式为「前缀@微信号」；留空则以公众号身份发送
    #[serde(default)]
    #[schemars(pattern(r"^ *([^ ]*@[^ ]*)? *$"))]
    #[schemars(extend("x-en" = "Customer-service account: send as this account, written prefix@wechat-id; empty sends as the official account"))]
    pub kf_account: String,
    /// 回复规则：客户做了什么之后，多长时间内最多回复几条；一般用默认值，即微信 2023 年起的规则，微信调整规则后可在这里修改
    #[serde(default)]
    #[schemars(length(max = 8))]
    #[schemars(extend("x-en" = "Reply rules: how many answers the platform takes, for how long, after what a customer did. Usually the default, the platform's rules since 2023; change it here when they change"))]
    pub reply_rules: Option<Vec<ReplyRule>>,
}

/// How the platform wraps what it pushes; chosen in its console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Mode {
    /// 明文模式
    #[schemars(extend("x-en" = "Plaintext mode"))]
    Plaintext,
    /// 兼容模式
    #[schemars(extend("x-en" = "Compatible mode"))]
    Compatible,
    /// 安全模式
    #[schemars(extend("x-en" = "Secure mode"))]
    #[default]
    Secure,
}

fn official_api() -> String {
    OFFICIAL_API.into()
}

/// Settings that have passed the checks.
#[derive(Debug)]
pub struct Account {
    /// The account's `AppID`.
    pub app_id: String,
    /// Password of the token calls.
    pub app_secret: Secret,
    /// The word both sides mix into signatures.
    pub token: Secret,
    /// The current key and the one before it; empty only in plaintext mode.
    pub keys: Keyring,
    /// What the platform's console is set to.
    pub mode: Mode,
    /// `gh_…`, when pushes are to be compared with it.
    pub original_id: Option<String>,
    /// Address in front of `/cgi-bin/…`, without a trailing slash.
    pub api_base: String,
    /// The customer-service account messages are sent as.
    pub kf_account: Option<String>,
}

impl Config {
    /// Checks every field. The error names the field and says what belongs there.
    pub fn check(self) -> Result<Account> {
        let app_id = self.app_id.trim().to_owned();
        if app_id.is_empty() || app_id.len() > 64 || !app_id.bytes().all(is_word) {
            return Err(Error::config(
                "app_id",
                "请填写公众号的 AppID（以 wx 开头的字母和数字）",
                "enter the account's AppID (letters and digits that begin with wx)",
            ));
        }
        let app_secret = printable(&self.app_secret, 128).ok_or_else(|| {
            Error::config(
                "app_secret",
                "请填写公众号的 AppSecret，不能包含空格",
                "enter the account's AppSecret, without blanks",
            )
        })?;
        let token = printable(&self.token, 64).ok_or_else(|| {
            Error::config(
                "token",
                "请填写「服务器配置」中的 Token（3-32 位字母或数字）",
                "enter the Token of the server configuration (3 to 32 letters or digits)",
            )
        })?;
        let mut keys = Keyring::default();
        for (field, secret) in [
            ("encoding_aes_key", &self.encoding_aes_key),
            ("previous_aes_key", &self.previous_aes_key),
        ] {
            let text = secret.expose().trim();
            if text.is_empty() {
                continue;
            }
            let key = AesKey::parse(text).ok_or_else(|| {
                Error::config(
                    field,
                    "应为 43 位字母和数字，请从「服务器配置」中完整复制",
                    "should be 43 letters and digits; copy it whole from the server configuration",
                )
            })?;
            keys.push(key);
        }
        if self.mode != Mode::Plaintext && self.encoding_aes_key.expose().trim().is_empty() {
            return Err(Error::config(
                "encoding_aes_key",
                "安全模式和兼容模式必须填写 EncodingAESKey",
                "secure and compatible mode need an EncodingAESKey",
            ));
        }
        let rules = self.reply_rules.as_deref().unwrap_or(&REPLY_RULES);
        if rules.len() > MAX_RULES || !rules.iter().all(ReplyRule::is_sound) {
            return Err(Error::config(
                "reply_rules",
                "每条规则需要 trigger（message、menu、follow 或 scan）、count（1-100）和 seconds（10-2592000），最多 8 条",
                "each rule has a trigger (message, menu, follow or scan), a count (1-100) and seconds (10-2592000); at most 8",
            ));
        }
        let original_id = optional(&self.original_id);
        if original_id
            .as_ref()
            .is_some_and(|id| !id.starts_with("gh_") || id.len() > 64)
        {
            return Err(Error::config(
                "original_id",
                "原始 ID 应以 gh_ 开头，不确定时请留空",
                "should begin with gh_; leave it empty when in doubt",
            ));
        }
        let kf_account = optional(&self.kf_account);
        if kf_account
            .as_ref()
            .is_some_and(|account| !account.contains('@') || account.len() > 128)
        {
            return Err(Error::config(
                "kf_account",
                "应形如 kf2001@gh_wxid，不使用微信客服帐号时请留空",
                "should look like kf2001@gh_wxid; leave it empty unless you use such an account",
            ));
        }
        Ok(Account {
            app_id,
            app_secret,
            token,
            keys,
            mode: self.mode,
            original_id,
            api_base: base_address(&self.api_base)?,
            kf_account,
        })
    }
}

/// A secret of printable ASCII without blanks, 1 to `max` bytes; surrounding blanks of a paste are dropped.
fn printable(secret: &Secret, max: usize) -> Option<Secret> {
    let text = secret.expose().trim();
    let fits = !text.is_empty() && text.len() <= max && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| Secret::new(text))
}

fn optional(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// `http(s)://host[:port][/path]` without query, fragment or user, and without the trailing slash.
fn base_address(text: &str) -> Result<String> {
    let text = text.trim().trim_end_matches('/');
    if text.is_empty() {
        return Ok(official_api());
    }
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let fits = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && rest.len() <= 256
            && rest
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'@' | b'"' | b'\\'))
    });
    if !fits {
        return Err(Error::config(
            "api_base",
            "应为 https:// 开头的地址，例如 https://api.weixin.qq.com，不带参数",
            "should be an address that begins with https://, such as https://api.weixin.qq.com, without parameters",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut serde_json::Value)) -> Result<Account> {
        let mut value = json!({
            "app_id": "wxba5fad812f8e6fb9", "app_secret": "s3cret", "token": "AAAAA",
            "encoding_aes_key": "A".repeat(43),
        });
        change(&mut value);
        serde_json::from_value::<Config>(value).unwrap().check()
    }

    #[test]
    fn the_least_settings_are_enough() {
        let account = settings(|_| {}).unwrap();
        assert_eq!(account.mode, Mode::Secure);
        assert_eq!(account.api_base, OFFICIAL_API);
        assert_eq!((account.original_id, account.kf_account), (None, None));
        let plain = settings(|v| {
            v["mode"] = json!("plaintext");
            v["encoding_aes_key"] = json!("");
        });
        assert!(plain.unwrap().keys.is_empty());
        let local = settings(|v| v["api_base"] = json!(" http://127.0.0.1:4040/sim/ ")).unwrap();
        assert_eq!(local.api_base, "http://127.0.0.1:4040/sim");
    }

    #[test]
    fn a_wrong_field_is_named() {
        let cases = [
            ("app_id", json!("")),
            ("app_id", json!("wx 1")),
            ("app_secret", json!("")),
            ("app_secret", json!("a b")),
            ("token", json!("")),
            ("token", json!("令牌")),
            ("encoding_aes_key", json!("")),
            ("encoding_aes_key", json!("A".repeat(42))),
            ("encoding_aes_key", json!(format!("{}=", "A".repeat(42)))),
            ("previous_aes_key", json!("short")),
            ("original_id", json!("mp")),
            ("api_base", json!("api.weixin.qq.com")),
            ("api_base", json!("https://")),
            ("api_base", json!("https://a/?x=1")),
            ("api_base", json!("https://me:pw@a")),
            ("kf_account", json!("kf2001")),
            (
                "reply_rules",
                json!([{ "trigger": "message", "count": 0, "seconds": 60 }]),
            ),
            (
                "reply_rules",
                json!([{ "trigger": "payment", "count": 1, "seconds": 60 }]),
            ),
        ];
        for (field, value) in cases {
            let error = settings(|v| v[field] = value.clone()).unwrap_err();
            assert_eq!(error.kind, Cause::Config, "{field} {value}");
            let words = error.words();
            assert!(
                words.en.starts_with(&format!("{field}: ")) && words.en.is_ascii(),
                "{words:?}"
            );
            assert!(
                words.zh.starts_with(&format!("{field}：")) && words.zh != words.en,
                "{words:?}"
            );
        }
    }

    #[test]
    fn secrets_do_not_show_and_the_form_has_help() {
        let account = settings(|_| {}).unwrap();
        let shown = format!("{account:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("AAAAA"), "{shown}");
        let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
        for (field, property) in schema["properties"].as_object().unwrap() {
            assert!(
                property["description"].is_string(),
                "{field} has no help: {property}"
            );
            assert!(property["x-en"].is_string(), "{field} has no help in English");
        }
        assert_eq!(schema["properties"]["api_base"]["format"], "uri");
        assert_eq!(schema["properties"]["app_secret"]["writeOnly"], true);
        assert_eq!(schema["required"], json!(["app_id", "app_secret", "token"]));
    }
}
