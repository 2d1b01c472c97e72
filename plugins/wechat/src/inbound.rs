//! From a decrypted push to what the desk understands: every message kind here, events in [`crate::events`].
//! Pure; the message's identity is made of fields that a repeated delivery carries again, never of the
//! signature, nonce or timestamp around it.
use crate::envelope::Element;
use crate::events;
use crate::signature::digest;
use weikefu_channel::prelude::*;

/// Longest customer text kept, bytes. The platform sends a few thousand at most.
const MAX_TEXT: usize = 128 << 10;
/// Longest copy of an unknown message kept, bytes.
const MAX_RAW: usize = 64 << 10;
const MAX_FIELD: usize = 2 << 10;
const MAX_TRANSCRIPT: usize = 4 << 10;
const MAX_PEER: usize = 128;
/// The year 9999; later times are nonsense.
const MAX_SECONDS: i64 = 253_402_300_799;

/// One push: what the desk gets, and the file that has to be fetched for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// For the desk.
    pub inbound: Inbound,
    /// Absent when there is no file.
    pub fetch: Option<Fetch>,
}

/// A file to be fetched from the platform, and the message it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The message's customer.
    pub peer: String,
    /// The message's identity.
    pub dedupe: String,
    /// The message's time, Unix milliseconds.
    pub sent_at: i64,
    /// The file itself.
    #[serde(flatten)]
    pub file: File,
}

/// Where the platform keeps a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What the file is.
    pub wanted: Wanted,
    /// The platform's name of the file.
    pub media_id: String,
    /// The platform's name of the still picture of a film; empty when there is none.
    #[serde(default)]
    pub thumb_media_id: String,
    /// Public address of a picture, for accounts that may not fetch files; empty when there is none.
    #[serde(default)]
    pub address: String,
    /// What speech recognition heard.
    #[serde(default)]
    pub transcript: Option<String>,
}

impl File {
    fn new(wanted: Wanted, media_id: String) -> Self {
        File {
            wanted,
            media_id,
            thumb_media_id: String::new(),
            address: String::new(),
            transcript: None,
        }
    }

    /// A file that can be asked for at all.
    fn usable(self) -> Option<Self> {
        (!self.media_id.is_empty() || !self.address.is_empty()).then_some(self)
    }
}

/// The kinds that come with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A picture.
    Image,
    /// A recording.
    Voice,
    /// A film.
    Video,
}

/// Why a push was refused. For the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No sender, or one longer than 128 bytes.
    Sender,
    /// No time, or one that cannot be.
    Time,
    /// Neither a message nor an event.
    Kind,
}

/// Reads one push. `raw` is its text as it came, kept for kinds this build does not know.
pub fn read(root: &Element, raw: &str) -> Result<Arrival, Refusal> {
    let seconds: i64 = root.get("CreateTime").trim().parse().map_err(|_| Refusal::Time)?;
    if !(1..=MAX_SECONDS).contains(&seconds) {
        return Err(Refusal::Time);
    }
    let kind = root.get("MsgType").trim().to_ascii_lowercase();
    if kind.is_empty() {
        return Err(Refusal::Kind);
    }
    if kind == "event" {
        let (peer, dedupe, behaviour) = events::read(root);
        let what = What::Behaviour { behaviour };
        let inbound = Inbound {
            peer: sender(peer)?,
            dedupe,
            sent_at: seconds * 1000,
            what,
            profile: Profile::default(),
            trigger: events::trigger(root),
            passive: None,
        };
        return Ok(Arrival { inbound, fetch: None });
    }
    // The tap on an entry of a menu message comes back as a text; it counts as a menu's.
    let tapped = root.child("bizmsgmenuid").is_some();
    let peer = sender(root.get("FromUserName"))?;
    let dedupe = identity(root, &kind);
    let (content, file) = content(root, &kind).unwrap_or_else(|| (unknown(&kind, raw), None));
    let sent_at = seconds * 1000;
    let fetch = file.map(|file| Fetch {
        peer: peer.clone(),
        dedupe: dedupe.clone(),
        sent_at,
        file,
    });
    let what = What::Message { content };
    Ok(Arrival {
        inbound: Inbound {
            peer,
            dedupe,
            sent_at,
            what,
            profile: Profile::default(),
            trigger: tapped.then_some(Trigger::Menu),
            passive: None,
        },
        fetch,
    })
}

fn sender(peer: &str) -> Result<String, Refusal> {
    let peer = peer.trim();
    if peer.is_empty() || peer.len() > MAX_PEER {
        Err(Refusal::Sender)
    } else {
        Ok(peer.to_owned())
    }
}

/// The platform's id of a message, kept as text: it does not fit the numbers of every language. A message without
/// one is named by everything in it.
fn identity(root: &Element, kind: &str) -> String {
    let id = root.get("MsgId").trim();
    match id.len() {
        1..=64 => id.to_owned(),
        0 => {
            let mut all = String::new();
            spell(root, &mut all);
            format!("{}:{}", clip(kind, 64), digest(all.as_bytes()))
        }
        _ => digest(id.as_bytes()),
    }
}

fn spell(element: &Element, out: &mut String) {
    for part in [element.name.as_str(), "=", element.text.as_str(), "\n"] {
        out.push_str(part);
    }
    for child in &element.children {
        spell(child, out);
    }
}

/// `None`: a kind this build does not know, or one whose fields make no sense.
fn content(root: &Element, kind: &str) -> Option<(Content, Option<File>)> {
    let field = |name: &str| clip(root.get(name).trim(), MAX_FIELD).to_owned();
    Some(match kind {
        "text" => (Content::text(clip(root.get("Content"), MAX_TEXT)), None),
        "image" => {
            let file = File {
                address: field("PicUrl"),
                ..File::new(Wanted::Image, field("MediaId"))
            };
            (Content::Image { media: None }, Some(file.usable()?))
        }
        "voice" => {
            // The 16 kHz recording is the better one, where there is one.
            let media_id = Some(field("MediaId16K"))
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| field("MediaId"));
            // Both spellings occur; switched off it is absent or empty.
            let heard =
                ["Recognition", "Recongnition"].map(|name| clip(root.get(name).trim(), MAX_TRANSCRIPT));
            let transcript = heard.into_iter().find(|text| !text.is_empty()).map(str::to_owned);
            let file = File {
                transcript: transcript.clone(),
                ..File::new(Wanted::Voice, media_id)
            };
            (
                Content::Voice {
                    media: None,
                    transcript,
                },
                Some(file.usable()?),
            )
        }
        "video" | "shortvideo" => {
            let file = File {
                thumb_media_id: field("ThumbMediaId"),
                ..File::new(Wanted::Video, field("MediaId"))
            };
            (
                Content::Video {
                    media: None,
                    thumbnail: None,
                },
                Some(file.usable()?),
            )
        }
        "location" => {
            let (latitude, longitude) = point(root)?;
            (
                Content::Location {
                    latitude,
                    longitude,
                    label: field("Label"),
                },
                None,
            )
        }
        "link" => {
            let content = Content::Link {
                title: field("Title"),
                description: field("Description"),
                url: field("Url"),
            };
            (content, None)
        }
        "miniprogrampage" => {
            let content = Content::MiniProgram {
                title: field("Title"),
                app_id: field("AppId"),
                page: field("PagePath"),
            };
            (content, None)
        }
        _ => return None,
    })
}

/// Degrees north and east out of `Location_X` and `Location_Y`.
fn point(root: &Element) -> Option<(f64, f64)> {
    let degrees = |name: &str, most: f64| {
        root.get(name)
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|value| value.is_finite() && value.abs() <= most)
    };
    Some((degrees("Location_X", 90.0)?, degrees("Location_Y", 180.0)?))
}

fn unknown(kind: &str, raw: &str) -> Content {
    Content::Unknown {
        original: clip(kind, 64).to_owned(),
        raw: clip(raw, MAX_RAW).to_owned(),
    }
}

/// The first `max` bytes at most, cut between characters.
#[must_use]
pub fn clip(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
#[path = "inbound_tests.rs"]
mod tests;
