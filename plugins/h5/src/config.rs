//! The settings of one web-chat account. The doc comments are the help texts of the console's form, so they
//! are written for the shop's administrator.
use crate::cors;
use crate::limits;
use crate::texts::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_channel::{Error, Result, Secret};

/// H5 网页客服
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// 是否启用。关闭后网页上不再显示客服入口，访客也无法发送消息
    #[schemars(extend("x-en" = "Enabled: when off, pages show no entry and visitors cannot write"))]
    pub enabled: bool,
    /// 聊天窗口的标题，例如店铺名称，最多 40 个字。不设置时按访客的语言显示“在线客服”或“Customer service”
    #[schemars(length(min = 1, max = 40))]
    #[schemars(extend("x-en" = "Title of the chat window: the shop's name for example, at most 40 characters. When empty, the visitor's language decides"))]
    pub title: Option<String>,
    /// 访客打开窗口时看到的欢迎语，最多 500 个字，可以留空。不设置时按访客的语言显示默认欢迎语
    #[schemars(length(max = 500))]
    #[schemars(extend("x-en" = "Welcome text: what a visitor sees first, at most 500 characters. When not set, a default in the visitor's language"))]
    pub welcome: Option<String>,
    /// 主题色，格式为 #RRGGBB,用于入口按钮和访客的消息气泡
    #[schemars(pattern(r"^#[0-9A-Fa-f]{6}$"))]
    #[schemars(extend("x-en" = "Theme colour: written as #RRGGBB; for the button and the visitor's bubbles"))]
    pub color: String,
    /// 界面语言。选择“自动”时跟随访客的浏览器
    #[schemars(extend("x-en" = "Language: automatic follows the visitor's browser"))]
    pub language: Language,
    /// 身份密钥(可选)。商城服务器用它为已登录的会员签名，客服即可看到经过验证的会员身份。至少 16 个字符
    #[schemars(extend("format" = "password", "writeOnly" = true, "minLength" = 16))]
    #[schemars(extend("x-en" = "Identity secret: your shop's server signs logged-in members with it, and agents see verified members. At least 16 characters"))]
    pub identity_secret: Option<Secret>,
    /// 允许使用客服的网站来源，每项以 https 或 http 开头，不含路径。留空表示不限制
    #[schemars(
        length(max = 100),
        inner(pattern(r"^ *([Hh][Tt][Tt][Pp][Ss]?://[^/ ]+/?)? *$"))
    )]
    #[schemars(extend("x-en" = "Allowed sites: one origin a line, beginning with https or http, without a path. Empty allows all"))]
    pub allowed_origins: Vec<String>,
    /// 每位访客 10 秒内最多可以发送的消息条数，用于防止刷屏
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-en" = "Messages in 10 seconds: the most one visitor may send, against flooding"))]
    pub messages_per_10_seconds: u32,
}

/// 界面语言
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Language {
    /// 自动
    #[schemars(extend("x-en" = "Automatic"))]
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// 简体中文
    #[schemars(extend("x-en" = "Simplified Chinese"))]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English
    #[serde(rename = "en")]
    En,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            title: None,
            welcome: None,
            color: "#0b7a43".into(),
            language: Language::Auto,
            identity_secret: None,
            allowed_origins: Vec::new(),
            messages_per_10_seconds: limits::RATE,
        }
    }
}

impl Config {
    /// Checks every field and brings it into the form the rest of the plugin relies on.
    ///
    /// # Errors
    /// [`weikefu_channel::Cause::Config`], naming the field.
    pub fn checked(mut self) -> Result<Self> {
        self.title = self.title.map(|title| title.trim().to_owned());
        let fits = |title: &String| (1..=40).contains(&title.chars().count());
        if !self.title.as_ref().is_none_or(fits) {
            return Err(Error::config(
                "title",
                "请填写 1 至 40 个字",
                "write 1 to 40 characters",
            ));
        }
        if self
            .welcome
            .as_ref()
            .is_some_and(|text| text.chars().count() > 500)
        {
            return Err(Error::config(
                "welcome",
                "最多 500 个字",
                "at most 500 characters",
            ));
        }
        let hex = self.color.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::config(
                "color",
                "请使用 #RRGGBB 格式",
                "write it as #RRGGBB",
            ));
        }
        // A form sends an empty field for "not set".
        self.identity_secret = self.identity_secret.filter(|secret| !secret.expose().is_empty());
        if self
            .identity_secret
            .as_ref()
            .is_some_and(|secret| secret.expose().chars().count() < 16)
        {
            return Err(Error::config(
                "identity_secret",
                "至少 16 个字符",
                "at least 16 characters",
            ));
        }
        if !(1..=10_000).contains(&self.messages_per_10_seconds) {
            return Err(Error::config(
                "messages_per_10_seconds",
                "请填写 1 至 10000",
                "write 1 to 10000",
            ));
        }
        if self.allowed_origins.len() > 100 {
            return Err(Error::config(
                "allowed_origins",
                "最多 100 项",
                "at most 100 entries",
            ));
        }
        self.allowed_origins.retain(|origin| !origin.trim().is_empty());
        for origin in &mut self.allowed_origins {
            *origin = cors::normalize(origin).ok_or_else(|| {
                Error::config(
                    "allowed_origins",
                    "请使用 https://域名 格式",
                    "write it as https://host",
                )
            })?;
        }
        Ok(self)
    }

    /// The title the shop has set, or the visitor's language's.
    #[must_use]
    pub fn title(&self, lang: Lang) -> &str {
        self.title.as_deref().unwrap_or(lang.title())
    }

    /// The welcome the shop has set, which may be none, or the visitor's language's.
    #[must_use]
    pub fn welcome(&self, lang: Lang) -> &str {
        self.welcome.as_deref().unwrap_or(lang.welcome())
    }

    /// The language the administrator fixed, if any.
    #[must_use]
    pub fn fixed_language(&self) -> Option<Lang> {
        match self.language {
            Language::Auto => None,
            Language::ZhCn => Some(Lang::ZhCn),
            Language::En => Some(Lang::En),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_form_has_help_and_a_default() {
        let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
        for (name, field) in schema["properties"].as_object().unwrap() {
            assert!(!field["description"].as_str().unwrap().is_ascii(), "{name}");
            assert!(field["x-en"].as_str().unwrap().is_ascii(), "{name}");
            assert!(
                name == "identity_secret" || field.get("default").is_some(),
                "{name}"
            );
        }
        let secret = &schema["properties"]["identity_secret"];
        assert_eq!(
            (&secret["format"], &secret["writeOnly"]),
            (&"password".into(), &true.into())
        );
    }

    fn field(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        let error = config.checked().err().unwrap();
        assert_eq!(error.kind, weikefu_channel::Cause::Config);
        let words = error.words();
        assert!(words.en.is_ascii() && !words.zh.contains(" / "), "{words:?}");
        error.message.split(':').next().unwrap().to_owned()
    }

    #[test]
    fn an_empty_configuration_is_complete() {
        let config: Config = serde_json::from_str("{}").unwrap();
        let config = config.checked().unwrap();
        assert!(config.enabled && config.identity_secret.is_none() && config.allowed_origins.is_empty());
    }

    #[test]
    fn every_field_has_its_bound() {
        assert_eq!(field(|c| c.title = Some(" ".into())), "title");
        assert_eq!(field(|c| c.title = Some("字".repeat(41))), "title");
        assert_eq!(field(|c| c.welcome = Some("字".repeat(501))), "welcome");
        for color in ["red", "#fff", "#12345g", "123456", "#1234567"] {
            assert_eq!(field(|c| c.color = color.into()), "color");
        }
        assert_eq!(
            field(|c| c.identity_secret = Some(Secret::new("short"))),
            "identity_secret"
        );
        assert_eq!(
            field(|c| c.allowed_origins = vec!["shop.example".into()]),
            "allowed_origins"
        );
        assert_eq!(
            field(|c| c.allowed_origins = vec!["https://a.example".into(); 101]),
            "allowed_origins"
        );
    }

    #[test]
    fn what_a_form_sends_for_nothing_is_nothing() {
        let config = Config {
            identity_secret: Some(Secret::new("")),
            allowed_origins: vec![" ".into(), "HTTPS://Shop.Example/".into()],
            ..Config::default()
        };
        let config = config.checked().unwrap();
        assert!(config.identity_secret.is_none());
        assert_eq!(config.allowed_origins, ["https://shop.example"]);
    }
}
