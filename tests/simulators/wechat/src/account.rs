//! The one official account the simulator plays, and how strict it is.

use std::time::Duration;

use crate::clock::Clock;
use crate::rules::WindowRules;

/// How callbacks travel (protocol section 2); chosen in the account's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 明文: plain XML.
    Plaintext,
    /// 兼容: plain fields and the ciphertext.
    Compatible,
    /// 安全: the ciphertext only.
    Secure,
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "plaintext" => Ok(Self::Plaintext),
            "compatible" => Ok(Self::Compatible),
            "secure" => Ok(Self::Secure),
            other => Err(format!(
                "unknown mode {other:?}: use plaintext, compatible or secure"
            )),
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plaintext => "plaintext",
            Self::Compatible => "compatible",
            Self::Secure => "secure",
        })
    }
}

/// Credentials of the account, as its console shows them.
#[derive(Clone)]
pub struct Account {
    /// `wx…`
    pub app_id: String,
    /// `AppSecret`
    pub secret: String,
    /// The callback token, 3 to 32 letters and digits.
    pub token: String,
    /// `EncodingAESKey`, 43 characters.
    pub aes_key: String,
    /// `gh_…`, the `ToUserName` of callbacks.
    pub original_id: String,
    /// How callbacks travel.
    pub mode: Mode,
}

impl Account {
    /// An account with fresh random credentials.
    #[must_use]
    pub fn random(mode: Mode) -> Self {
        let word = |length| loop {
            let word = crate::crypto::random_word(length);
            if word.bytes().all(|b| b.is_ascii_alphanumeric()) {
                break word;
            }
        };
        Self {
            app_id: format!("wx{}", crate::crypto::hex(&crate::crypto::random_bytes::<8>())),
            secret: crate::crypto::hex(&crate::crypto::random_bytes::<16>()),
            token: word(24),
            aes_key: word(43),
            original_id: format!("gh_{}", crate::crypto::hex(&crate::crypto::random_bytes::<6>())),
            mode,
        }
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("app_id", &self.app_id)
            .field("original_id", &self.original_id)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Whether a repeated callback carries the bytes of the first one (the document leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Byte for byte the first request.
    SameBytes,
    /// Another timestamp, nonce, signature and ciphertext.
    FreshEnvelope,
}

/// How the platform behaves. `Options::default()` is the live platform; `Options::quick()` is the same
/// with short waits.
#[derive(Debug, Clone)]
pub struct Options {
    /// The account's name on the phone page; callbacks and the API never carry it.
    pub display_name: String,
    /// `127.0.0.1:0` takes any free port.
    pub listen: std::net::SocketAddr,
    /// How long a callback may take; 5 s on the platform.
    pub answer_limit: Duration,
    /// Requests in all for one callback; 3 on the platform.
    pub attempts: u32,
    /// Wait between two attempts.
    pub retry_pause: Duration,
    /// What a repeated callback looks like.
    pub retry: Retry,
    /// Which reply window applies.
    pub rules: WindowRules,
    /// The platform's clock.
    pub clock: Clock,
    /// Longest `text` of custom/send in bytes.
    pub text_limit: usize,
    /// Whether `video` needs a `thumb_media_id`, as its table says.
    pub video_needs_thumb: bool,
    /// errcode of a send to somebody who does not follow: 43004, or 45015 as §10 also allows.
    pub unfollowed_errcode: i64,
    /// Accounts accepted in `customservice.kf_account`.
    pub kf_accounts: Vec<String>,
    /// Ids accepted in `mpnewsarticle.article_id`.
    pub articles: Vec<String>,
    /// Longest wait of the `wait_for_…` calls.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            display_name: "示例商城".into(),
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            answer_limit: Duration::from_secs(5),
            attempts: 3,
            retry_pause: Duration::ZERO,
            retry: Retry::FreshEnvelope,
            rules: WindowRules::since_2023(),
            clock: Clock::system(),
            text_limit: 2000,
            video_needs_thumb: true,
            unfollowed_errcode: 43004,
            kf_accounts: Vec::new(),
            articles: Vec::new(),
            patience: Duration::from_secs(20),
        }
    }
}

impl Options {
    /// The platform with an answer limit of half a second.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            answer_limit: Duration::from_millis(500),
            ..Self::default()
        }
    }
}
