//! The frames of a socket and the bodies of requests: reading what visitors send, writing what they get.
//! Pure; `docs/widget-protocol.md` is the contract.
use crate::limits;
use crate::texts::{Code, Lang};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use weikefu_channel::{Cursor, Service, ThreadMessage};

/// What a visitor says over a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// The first frame: who this is and what it already has.
    Hello {
        /// The visitor token.
        token: String,
        /// The last message held without a gap.
        after: Option<Cursor>,
        /// Language of error texts.
        lang: Option<Lang>,
    },
    /// A message.
    Send(Draft),
    /// A sign of life.
    Ping,
}

/// A message as a visitor wrote it, within all bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The client's own name of the message; the same name and time are stored once.
    pub client_id: String,
    /// When it was first written, Unix milliseconds by the visitor's clock.
    pub created_at: i64,
    /// What it says.
    pub body: DraftBody,
}

/// What a visitor can write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftBody {
    /// 1 to 2,000 characters, line breaks as `\n`.
    Text(String),
    /// The id of an uploaded picture.
    Image(String),
}

/// A refused frame; names the message it was about, when that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The client's name of the message.
    pub client_id: Option<String>,
    /// Why.
    pub code: Code,
}

#[derive(Deserialize)]
struct RawFrame {
    r#type: String,
    token: Option<String>,
    after: Option<Cursor>,
    lang: Option<String>,
    client_id: Option<String>,
    created_at: Option<i64>,
    content: Option<Value>,
}

#[derive(Deserialize)]
struct RawDraft {
    client_id: Option<String>,
    created_at: Option<i64>,
    content: Option<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum RawContent {
    Text { text: String },
    Image { media: RawMedia },
}

#[derive(Deserialize)]
struct RawMedia {
    id: String,
}

/// Reads one frame.
///
/// # Errors
/// What to answer; the connection can go on.
pub fn parse(text: &str) -> Result<ClientFrame, Refused> {
    let bad = |code| Refused {
        client_id: None,
        code,
    };
    if text.len() > limits::FRAME_BYTES {
        return Err(bad(Code::TooLarge));
    }
    let raw: RawFrame = serde_json::from_str(text).map_err(|_| bad(Code::BadRequest))?;
    match raw.r#type.as_str() {
        "ping" => Ok(ClientFrame::Ping),
        "hello" => Ok(ClientFrame::Hello {
            token: raw.token.ok_or(bad(Code::BadToken))?,
            after: raw.after,
            lang: raw.lang.as_deref().and_then(Lang::parse),
        }),
        "send" => draft(raw.client_id, raw.created_at, raw.content).map(ClientFrame::Send),
        _ => Err(bad(Code::BadRequest)),
    }
}

/// Reads the body of `POST messages`.
///
/// # Errors
/// What to answer.
pub fn parse_draft(body: &[u8]) -> Result<Draft, Refused> {
    let bad = |code| Refused {
        client_id: None,
        code,
    };
    if body.len() > limits::FRAME_BYTES {
        return Err(bad(Code::TooLarge));
    }
    let raw: RawDraft = serde_json::from_slice(body).map_err(|_| bad(Code::BadRequest))?;
    draft(raw.client_id, raw.created_at, raw.content)
}

fn draft(id: Option<String>, created_at: Option<i64>, content: Option<Value>) -> Result<Draft, Refused> {
    let bounded = |id: &String| (1..=limits::CLIENT_ID_BYTES).contains(&id.len());
    let client_id = id.filter(bounded).ok_or(Refused {
        client_id: None,
        code: Code::BadRequest,
    })?;
    let refuse = |code| Refused {
        client_id: Some(client_id.clone()),
        code,
    };
    let created_at = created_at.ok_or_else(|| refuse(Code::BadRequest))?;
    let content = serde_json::from_value(content.unwrap_or_default());
    let body = match content.map_err(|_| refuse(Code::BadRequest))? {
        RawContent::Text { text } => DraftBody::Text(clean_text(&text).map_err(refuse)?),
        RawContent::Image { media } if is_media_id(&media.id) => DraftBody::Image(media.id),
        RawContent::Image { .. } => return Err(refuse(Code::BadMedia)),
    };
    Ok(Draft {
        client_id,
        created_at,
        body,
    })
}

/// Line breaks become `\n`, control characters vanish, the ends are trimmed; then the length is checked.
fn clean_text(text: &str) -> Result<String, Code> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let visible: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let trimmed = visible.trim();
    if trimmed.is_empty() {
        return Err(Code::Empty);
    }
    if trimmed.chars().count() > limits::TEXT_CHARS {
        return Err(Code::TooLong);
    }
    Ok(trimmed.to_owned())
}

fn is_media_id(id: &str) -> bool {
    id.len() == 32
        && id
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// How many messages, from the first one on, fit into one frame.
pub(crate) fn fitting(messages: &[ThreadMessage]) -> usize {
    let mut room = limits::WELCOME_BYTES;
    let fits = |message: &&ThreadMessage| {
        let length = serde_json::to_vec(message).map_or(usize::MAX, |written| written.len() + 1);
        room.checked_sub(length).map(|left| room = left).is_some()
    };
    messages.iter().take_while(fits).count()
}

/// What a visitor hears over a socket.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// Answers `hello` with what is behind its cursor; while `more`, another one follows by itself.
    Welcome {
        /// Who serves the visitor.
        service: &'a Service,
        /// Oldest first.
        messages: &'a [ThreadMessage],
        /// Whether there are more.
        more: bool,
    },
    /// The next message of the thread.
    Message {
        /// It.
        message: &'a ThreadMessage,
    },
    /// A sent message is durably stored.
    Ack {
        /// The client's name of it.
        client_id: &'a str,
        /// Its place.
        cursor: Cursor,
        /// When it was stored, Unix milliseconds.
        at: i64,
    },
    /// Who serves the visitor from now on.
    Service {
        /// It.
        service: &'a Service,
    },
    /// The agent is writing.
    Typing,
    /// Answers `ping`.
    Pong,
    /// Something was refused.
    Error {
        /// The message it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        /// For programs.
        code: Code,
        /// For people.
        message: &'a str,
        /// When to try again, milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<i64>,
    },
}

impl ServerFrame<'_> {
    /// The text of the frame.
    #[must_use]
    pub fn text(&self) -> String {
        // Nothing in a frame can fail to be written: no maps with odd keys, no foreign `Serialize`.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A refusal without more to say.
    #[must_use]
    pub fn error(client_id: Option<&str>, code: Code, lang: Lang) -> String {
        ServerFrame::Error {
            client_id,
            code,
            message: code.message(lang),
            retry_after_ms: None,
        }
        .text()
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
