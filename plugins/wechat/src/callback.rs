//! Judges a request of the platform: is it genuine, and what does it say. Pure; the shell emits and answers.
//!
//! Replays. Where the message is encrypted, the signature covers it, so a repeated request can only repeat a
//! message the desk already has and drops by its identity; the platform's own retries look the same, and no page
//! says whether they carry a new timestamp. So nothing is refused for its age there. In plaintext the signature
//! covers no part of the body: an address out of an old access log could carry any message. There the timestamp
//! may be at most ten minutes away from our clock; the platform's retries end after about fifteen seconds.
use crate::config::{Account, Mode};
use crate::envelope::Element;
use crate::inbound::{Arrival, read};
use crate::passive::Return;
use crate::{crypto, envelope, inbound, passive, signature};
use weikefu_channel::prelude::*;

/// How far a timestamp may be away in plaintext, seconds.
const MAX_SKEW: u64 = 600;
const MAX_ECHO: usize = 1_024;

/// A genuine request.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// The platform verifies the address; answer exactly this.
    Echo(String),
    /// A message or event, and the way back where it can be answered with a text.
    Push(Box<Arrival>, Option<Return>),
}

/// A refused request. The sender learns the status alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// For the log; no secrets, nothing of the content.
    pub reason: &'static str,
    /// For the administrator, Chinese and English; only where the sender has proved to know the token.
    pub advice: Option<(&'static str, &'static str)>,
}

impl Refused {
    fn new(status: u16, reason: &'static str) -> Self {
        Refused {
            status,
            reason,
            advice: None,
        }
    }

    fn advise(self, zh: &'static str, en: &'static str) -> Self {
        Refused {
            advice: Some((zh, en)),
            ..self
        }
    }
}

/// Judges one request. `now` is Unix milliseconds.
pub fn judge(account: &Account, request: &Request, now: i64) -> Result<Verdict, Refused> {
    match request.method.as_str() {
        "GET" => verify(account, request).map(Verdict::Echo),
        "POST" => push(account, request, now),
        _ => Err(Refused::new(405, "neither GET nor POST")),
    }
}

/// The parameters every request carries.
struct Query {
    timestamp: String,
    nonce: String,
}

impl Query {
    fn of(request: &Request) -> Result<Self, Refused> {
        let part = |name| {
            request
                .query(name)
                .ok_or(Refused::new(400, "no signature parameters"))
        };
        Ok(Query {
            timestamp: part("timestamp")?,
            nonce: part("nonce")?,
        })
    }

    /// Whether the request names the token; says nothing about its body.
    fn knows_token(&self, account: &Account, request: &Request) -> bool {
        let given = request.query("signature").unwrap_or_default();
        signature::matches([account.token.expose(), &self.timestamp, &self.nonce], &given)
    }
}

fn verify(account: &Account, request: &Request) -> Result<String, Refused> {
    let query = Query::of(request)?;
    if !query.knows_token(account, request) {
        return Err(Refused::new(
            403,
            "wrong signature in the verification; compare the token with the console",
        ));
    }
    let echo = request
        .query("echostr")
        .ok_or(Refused::new(400, "verification without echostr"))?;
    if echo.len() > MAX_ECHO {
        Err(Refused::new(400, "echostr too long"))
    } else {
        Ok(echo)
    }
}

fn push(account: &Account, request: &Request, now: i64) -> Result<Verdict, Refused> {
    let query = Query::of(request)?;
    let outer = parse(&request.body)?;
    let encrypted = outer.get("Encrypt");
    let plain;
    let mut key = None;
    let (root, raw) = if account.mode != Mode::Plaintext && !encrypted.is_empty() {
        let given = request.query("msg_signature").unwrap_or_default();
        if !signature::matches(
            [account.token.expose(), &query.timestamp, &query.nonce, encrypted],
            &given,
        ) {
            return Err(Refused::new(403, "wrong msg_signature"));
        }
        let opened = account
            .keys
            .open(encrypted, &account.app_id)
            .map_err(|refusal| match refusal {
                crypto::Refusal::AppId => Refused::new(403, "encrypted for another appid").advise(
                    "微信推送的消息属于另一个 AppID，请核对渠道设置中的 AppID",
                    "WeChat's messages belong to another AppID; check the AppID in the channel settings",
                ),
                crypto::Refusal::Content => Refused::new(400, "cannot be decrypted").advise(
                    "微信推送的消息无法解密，请核对渠道设置中的 EncodingAESKey",
                    "WeChat's messages cannot be decrypted; check the EncodingAESKey in the channel settings",
                ),
                crypto::Refusal::Shape => Refused::new(400, "truncated or damaged ciphertext"),
            })?;
        plain = opened.0;
        key = Some(opened.1.clone());
        (parse(&plain)?, plain.as_slice())
    } else {
        if !query.knows_token(account, request) {
            return Err(Refused::new(403, "wrong signature"));
        }
        if account.mode == Mode::Secure {
            return Err(Refused::new(403, "a plaintext message in secure mode")
                .advise(
"公众号后台没有使用安全模式，请在后台改为安全模式，或修改渠道设置中的加解密方式",
"The account console does not use secure mode; switch it to secure mode or change the mode in the channel settings"
));
        }
        if outer.child("MsgType").is_none() && !encrypted.is_empty() {
            return Err(Refused::new(400, "an encrypted message in plaintext mode")
                .advise(
"公众号后台使用了安全模式，请在渠道设置中选择安全模式并填写 EncodingAESKey",
"The account console uses secure mode; choose secure mode in the channel settings and enter the EncodingAESKey"
));
        }
        let sent = query.timestamp.parse::<i64>().unwrap_or_default();
        if (now / 1000).abs_diff(sent) > MAX_SKEW {
            return Err(
                Refused::new(403, "timestamp more than ten minutes away from our clock")
                    .advise(
"微信推送的时间与服务器时间相差超过 10 分钟，请校准服务器时间，或改用安全模式",
"WeChat's clock and this server's differ by more than 10 minutes; set the server's clock or use secure mode"
),
            );
        }
        (outer, request.body.as_slice())
    };
    if let Some(expected) = &account.original_id
        && root.get("ToUserName").trim() != expected
    {
        return Err(Refused::new(403, "meant for another account").advise(
            "微信推送的消息属于另一个公众号，请核对渠道设置中的原始 ID",
            "WeChat's messages belong to another account; check the original ID in the channel settings",
        ));
    }
    // Parsed before, so this is UTF-8.
    let raw = std::str::from_utf8(raw).unwrap_or_default();
    let mut arrival = read(&root, raw).map_err(|refusal| match refusal {
        inbound::Refusal::Sender => Refused::new(400, "no usable FromUserName"),
        inbound::Refusal::Time => Refused::new(400, "no usable CreateTime"),
        inbound::Refusal::Kind => Refused::new(400, "no MsgType"),
    })?;
    // An account that pushes JSON would want it back, in a form nobody describes.
    let back = passive::back(&root, key).filter(|_| raw.trim_start().starts_with('<'));
    arrival.inbound.passive = back.as_ref().map(|_| passive::MAX_TEXT);
    Ok(Verdict::Push(Box::new(arrival), back))
}

fn parse(body: &[u8]) -> Result<Element, Refused> {
    Element::parse(body).map_err(|refusal| match refusal {
        envelope::Refusal::TooLarge => Refused::new(413, "body above 1 MiB"),
        envelope::Refusal::Encoding => Refused::new(400, "not UTF-8"),
        envelope::Refusal::Entities => Refused::new(400, "document type or entities in the XML"),
        envelope::Refusal::Bounds => Refused::new(400, "XML too deep or with too many fields"),
        envelope::Refusal::Malformed => Refused::new(400, "malformed XML"),
    })
}
