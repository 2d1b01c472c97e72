//! Judging the answer to a callback: `success`, empty, or a passive reply (protocol sections 3 and 7)
//! that a phone would show. Everything else is what the user sees as "temporarily unavailable".

use serde_json::{Value, json};

use crate::account::Mode;
use crate::callback::{Callback, RawAnswer};
use crate::crypto::signature;
use crate::media::{Format, Kind};
use crate::record::{Sent, Via};
use crate::world::{State, World};
use crate::xml::{self, Element};

/// How one request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The word `success`.
    Success,
    /// Zero bytes.
    Empty,
    /// A passive reply that passed every check.
    Reply(PassiveReply),
    /// An HTTP status other than 200.
    Http(u16),
    /// Status 200 with a body the platform cannot use, and why.
    Malformed(String),
    /// No answer in time, or no connection.
    None(String),
}

/// A passive reply.
#[derive(Debug, Clone, PartialEq)]
pub struct PassiveReply {
    /// `text`, `image`, …
    pub msg_type: String,
    /// The elements as JSON.
    pub body: Value,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

impl PassiveReply {
    pub(crate) fn sent(&self, state: &State, openid: &str, now_ms: u64) -> (Sent, Value) {
        let media_id = ["Image", "Voice", "Video"]
            .iter()
            .find_map(|name| self.body[*name]["MediaId"].as_str());
        let media = media_id.and_then(|id| state.media.get(id, now_ms)).cloned();
        let mut display = match self.msg_type.as_str() {
            "text" => json!({ "content": self.body["Content"] }),
            "news" => {
                let first = &self.body["Articles"]["item"][0];
                json!({ "title": first["Title"], "description": first["Description"], "url": first["Url"],
                        "picurl": first["PicUrl"] })
            }
            _ => json!({}),
        };
        if let Some(file) = &media {
            display["media"] = json!(format!("/sim/media/{}", file.media_id));
        }
        let sent = Sent {
            order: 0,
            at_ms: now_ms,
            openid: openid.into(),
            via: Via::Passive,
            msg_type: self.msg_type.clone(),
            body: self.body.clone(),
            media,
            kf_account: None,
        };
        (sent, display)
    }
}

/// Longest text of a passive reply in bytes (a field report).
const LONGEST_TEXT: usize = 2047;

pub(crate) fn judge(world: &World, callback: &Callback, raw: &RawAnswer) -> Answer {
    if raw.status != 200 {
        return Answer::Http(raw.status);
    }
    if raw.body.is_empty() {
        return Answer::Empty;
    }
    if raw.body == "success" {
        return Answer::Success;
    }
    reply(world, callback, &raw.body).map_or_else(Answer::Malformed, Answer::Reply)
}

fn reply(world: &World, callback: &Callback, body: &[u8]) -> Result<PassiveReply, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not UTF-8")?;
    let outer = root(text)?;
    let encrypted = outer.child("Encrypt").is_some();
    let inner = match (encrypted, world.account.mode) {
        (true, Mode::Plaintext) => return Err("an encrypted answer in plaintext mode".into()),
        (false, Mode::Secure) => return Err("a plain answer in secure mode".into()),
        (true, _) => decrypt(world, &outer)?,
        (false, _) => outer,
    };
    check_head(world, callback, &inner)?;
    let msg_type = field(&inner, "MsgType")?.to_owned();
    check_body(world, callback, &inner, &msg_type)?;
    Ok(PassiveReply {
        msg_type,
        body: inner.to_json(),
        encrypted,
    })
}

fn root(text: &str) -> Result<Element, String> {
    let element = xml::read(text)?;
    if element.name == "xml" {
        Ok(element)
    } else {
        Err(format!("the root is <{}>, not <xml>", element.name))
    }
}

fn field<'a>(element: &'a Element, name: &str) -> Result<&'a str, String> {
    element
        .child_text(name)
        .ok_or_else(|| format!("<{name}> is missing"))
}

fn only(element: &Element, names: &[&str]) -> Result<(), String> {
    for (at, child) in element.children.iter().enumerate() {
        if !names.contains(&child.name.as_str()) {
            return Err(format!(
                "<{}> does not belong into <{}>",
                child.name, element.name
            ));
        }
        if child.name != "item"
            && element.children[..at]
                .iter()
                .any(|before| before.name == child.name)
        {
            return Err(format!("<{}> stands twice", child.name));
        }
    }
    Ok(())
}

fn decrypt(world: &World, outer: &Element) -> Result<Element, String> {
    only(outer, &["Encrypt", "MsgSignature", "TimeStamp", "Nonce"])?;
    let (encrypt, time, nonce) = (
        field(outer, "Encrypt")?,
        field(outer, "TimeStamp")?,
        field(outer, "Nonce")?,
    );
    if time.parse::<u64>().is_err() || nonce.is_empty() {
        return Err("the TimeStamp is no number or the Nonce is empty".into());
    }
    if signature(&[&world.account.token, time, nonce, encrypt]) != field(outer, "MsgSignature")? {
        return Err("the MsgSignature does not fit".into());
    }
    let message = world
        .cipher
        .open(encrypt, &world.account.app_id)
        .map_err(|error| error.to_string())?;
    root(std::str::from_utf8(&message).map_err(|_| "the decrypted answer is not UTF-8")?)
}

fn check_head(world: &World, callback: &Callback, reply: &Element) -> Result<(), String> {
    const SILENT: [&str; 6] = [
        "unsubscribe",
        "LOCATION",
        "VIEW",
        "TEMPLATESENDJOBFINISH",
        "MASSSENDJOBFINISH",
        "PUBLISHJOBFINISH",
    ];
    if let Some(event) = callback.event.as_deref().filter(|event| SILENT.contains(event)) {
        return Err(format!("the event {event} cannot be answered"));
    }
    if field(reply, "ToUserName")? != callback.openid {
        return Err("ToUserName is not the customer".into());
    }
    if field(reply, "FromUserName")? != world.account.original_id {
        return Err("FromUserName is not the account".into());
    }
    match field(reply, "CreateTime")?.parse::<u64>() {
        Ok(_) => Ok(()),
        Err(_) => Err("CreateTime is not an integer".into()),
    }
}

fn check_body(world: &World, callback: &Callback, reply: &Element, msg_type: &str) -> Result<(), String> {
    let allow = |extra: &[&str]| {
        let mut names = vec!["ToUserName", "FromUserName", "CreateTime", "MsgType"];
        names.extend_from_slice(extra);
        only(reply, &names)
    };
    let part = |name: &str| reply.child(name).ok_or_else(|| format!("<{name}> is missing"));
    match msg_type {
        "text" => {
            allow(&["Content"])?;
            match field(reply, "Content")?.len() {
                0 => Err("the text is empty".into()),
                length if length > LONGEST_TEXT => Err(format!("the text has {length} bytes")),
                _ => Ok(()),
            }
        }
        "image" => {
            allow(&["Image"])?;
            only(part("Image")?, &["MediaId"])?;
            media(world, field(part("Image")?, "MediaId")?, Kind::Image)
        }
        "voice" => {
            allow(&["Voice"])?;
            only(part("Voice")?, &["MediaId"])?;
            media(world, field(part("Voice")?, "MediaId")?, Kind::Voice)
        }
        "video" => {
            allow(&["Video"])?;
            only(part("Video")?, &["MediaId", "Title", "Description"])?;
            media(world, field(part("Video")?, "MediaId")?, Kind::Video)
        }
        "music" => {
            allow(&["Music"])?;
            only(
                part("Music")?,
                &["Title", "Description", "MusicUrl", "HQMusicUrl", "ThumbMediaId"],
            )?;
            media(world, field(part("Music")?, "ThumbMediaId")?, Kind::Thumb)
        }
        "news" => {
            allow(&["ArticleCount", "Articles"])?;
            let most = if callback.event.is_some() { 8 } else { 1 };
            news(part("Articles")?, field(reply, "ArticleCount")?, most)
        }
        "transfer_customer_service" => allow(&["TransInfo"]),
        "transfer_biz_ai_ivr" => allow(&[]),
        other => Err(format!("{other:?} is not a type of reply")),
    }
}

fn news(articles: &Element, count: &str, most: usize) -> Result<(), String> {
    only(articles, &["item"])?;
    let found = articles.children.len();
    if count.parse() != Ok(found) || found == 0 || found > most {
        return Err(format!(
            "{found} articles, ArticleCount {count}, allowed are 1 to {most}"
        ));
    }
    for item in &articles.children {
        only(item, &["Title", "Description", "PicUrl", "Url"])?;
        for name in ["Title", "Description", "PicUrl", "Url"] {
            field(item, name)?;
        }
    }
    Ok(())
}

fn media(world: &World, media_id: &str, kind: Kind) -> Result<(), String> {
    let state = world.state();
    let file = state
        .media
        .get(media_id, world.now_ms())
        .filter(|file| file.kind == kind);
    let file = file.ok_or_else(|| format!("there is no {} with this MediaId", kind.name()))?;
    if kind == Kind::Image && Format::of(&file.bytes) == Some(Format::Gif) {
        return Err("a reply cannot carry a GIF".into());
    }
    Ok(())
}
