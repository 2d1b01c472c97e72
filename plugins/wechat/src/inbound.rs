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
        };
        return Ok(Arrival { inbound, fetch: None });
    }
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
mod tests {
    use super::*;

    fn push(kind: &str, fields: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[gh_1a2b]]></ToUserName><FromUserName><![CDATA[oAbC]]></FromUserName>\
             <CreateTime>1795000000</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{fields}\
             <MsgId>24681012141618202</MsgId></xml>"
        )
    }

    fn arrival(kind: &str, fields: &str) -> Arrival {
        let raw = push(kind, fields);
        read(&Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap()
    }

    fn message(kind: &str, fields: &str) -> (Content, Option<File>) {
        let arrival = arrival(kind, fields);
        assert_eq!(arrival.inbound.peer, "oAbC");
        assert_eq!(arrival.inbound.dedupe, "24681012141618202");
        assert_eq!(arrival.inbound.sent_at, 1_795_000_000_000);
        if let Some(fetch) = &arrival.fetch {
            assert_eq!(
                (&fetch.peer, &fetch.dedupe),
                (&arrival.inbound.peer, &arrival.inbound.dedupe)
            );
            assert_eq!(fetch.sent_at, arrival.inbound.sent_at);
        }
        let What::Message { content } = arrival.inbound.what else {
            panic!("{kind} is a message")
        };
        (content, arrival.fetch.map(|fetch| fetch.file))
    }

    fn file(wanted: Wanted, media_id: &str) -> File {
        File::new(wanted, media_id.into())
    }

    #[test]
    fn every_kind_of_message() {
        let image = message(
            "image",
            "<PicUrl><![CDATA[http://p.example/1]]></PicUrl><MediaId>m1</MediaId>",
        );
        assert_eq!(image.0, Content::Image { media: None });
        assert_eq!(
            image.1,
            Some(File {
                address: "http://p.example/1".into(),
                ..file(Wanted::Image, "m1")
            })
        );

        let voice = message("voice", "<MediaId>m8</MediaId><Format>amr</Format>");
        assert_eq!(
            voice,
            (
                Content::Voice {
                    media: None,
                    transcript: None
                },
                Some(file(Wanted::Voice, "m8"))
            )
        );
        let voice = message(
            "voice",
            "<MediaId>m8</MediaId><MediaId16K>m16</MediaId16K><Recognition>你好</Recognition>",
        );
        let transcript = Some("你好".to_owned());
        assert_eq!(
            voice.0,
            Content::Voice {
                media: None,
                transcript: transcript.clone()
            }
        );
        assert_eq!(
            voice.1,
            Some(File {
                transcript,
                ..file(Wanted::Voice, "m16")
            })
        );
        let silent = message(
            "voice",
            "<MediaId>m8</MediaId><Recognition><![CDATA[]]></Recognition>",
        )
        .0;
        assert_eq!(
            silent,
            Content::Voice {
                media: None,
                transcript: None
            }
        );
        let misspelt = message("voice", "<MediaId>m8</MediaId><Recongnition>喂</Recongnition>").0;
        assert_eq!(
            misspelt,
            Content::Voice {
                media: None,
                transcript: Some("喂".into())
            }
        );

        for kind in ["video", "shortvideo"] {
            let video = message(kind, "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>");
            assert_eq!(
                video.0,
                Content::Video {
                    media: None,
                    thumbnail: None
                }
            );
            assert_eq!(
                video.1,
                Some(File {
                    thumb_media_id: "t".into(),
                    ..file(Wanted::Video, "v")
                })
            );
        }

        let fields =
            "<Location_X>23.134</Location_X><Location_Y>113.358</Location_Y><Scale>20</Scale><Label></Label>";
        let location = Content::Location {
            latitude: 23.134,
            longitude: 113.358,
            label: String::new(),
        };
        assert_eq!(message("location", fields), (location, None));

        let fields =
            "<Title>标题</Title><Description></Description><Url><![CDATA[https://a.example/?a=1&b=2]]></Url>";
        let url = "https://a.example/?a=1&b=2".into();
        let link = Content::Link {
            title: "标题".into(),
            description: String::new(),
            url,
        };
        assert_eq!(message("link", fields), (link, None));

        let fields = "<Title>店</Title><AppId>wx1</AppId><PagePath>pages/a?b=1</PagePath><ThumbMediaId>t</ThumbMediaId>";
        let page = Content::MiniProgram {
            title: "店".into(),
            app_id: "wx1".into(),
            page: "pages/a?b=1".into(),
        };
        assert_eq!(message("miniprogrampage", fields), (page, None));
    }

    #[test]
    fn texts_of_every_length_are_kept() {
        for text in [
            "",
            " ",
            "还有货吗",
            "😀👨‍👩‍👧[微笑]/::)",
            "a\nb",
            "<a href=\"x\">&amp;</a>",
        ] {
            let kept = message("text", &format!("<Content><![CDATA[{text}]]></Content>")).0;
            assert_eq!(kept, Content::text(text));
        }
        assert_eq!(message("text", "").0, Content::text(""));
        let long = "长".repeat(5_000);
        assert_eq!(
            message("text", &format!("<Content>{long}</Content>")).0,
            Content::text(long)
        );
        let huge = message("text", &format!("<Content>{}</Content>", "长".repeat(60_000))).0;
        let Content::Text { text } = huge else {
            panic!("a text")
        };
        assert!(text.len() <= MAX_TEXT && text.chars().all(|c| c == '长'));
        let menu = message("text", "<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid>").0;
        assert_eq!(menu, Content::text("满意"));
    }

    #[test]
    fn what_is_not_known_is_kept_whole() {
        for (kind, fields) in [
            ("hologram", "<Beam>1</Beam>"),
            ("image", ""),
            ("voice", "<Format>amr</Format>"),
            (
                "location",
                "<Location_X>91</Location_X><Location_Y>0</Location_Y>",
            ),
            (
                "location",
                "<Location_X>NaN</Location_X><Location_Y>0</Location_Y>",
            ),
        ] {
            let (content, file) = message(kind, fields);
            assert_eq!(
                content,
                Content::Unknown {
                    original: kind.into(),
                    raw: push(kind, fields)
                }
            );
            assert_eq!(file, None);
        }
        assert_eq!(message("TEXT", "<Content>x</Content>").0, Content::text("x"));
    }

    #[test]
    fn ids_above_the_exact_floats_stay_exact() {
        for id in [
            "9007199254740993",
            "18446744073709551615",
            "340282366920938463463374607431768211455",
        ] {
            let raw = push("text", "").replace("24681012141618202", id);
            let arrival = read(&Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap();
            assert_eq!(arrival.inbound.dedupe, id);
        }
        let raw = push("text", "").replace("24681012141618202", &"9".repeat(300));
        assert_eq!(
            read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
                .unwrap()
                .inbound
                .dedupe
                .len(),
            40
        );
    }

    #[test]
    fn without_an_id_the_content_is_the_identity() {
        let of = |text: &str| {
            let raw = push("text", &format!("<Content>{text}</Content>"))
                .replace("<MsgId>24681012141618202</MsgId>", "");
            read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
                .unwrap()
                .inbound
                .dedupe
        };
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert!(of("a").len() <= 256);
    }

    #[test]
    fn pushes_without_sender_time_or_kind_are_refused() {
        let broken = |from: &str, to: &str| {
            let raw = push("text", "<Content>x</Content>").replace(from, to);
            read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
        };
        assert_eq!(broken("oAbC", " ").unwrap_err(), Refusal::Sender);
        assert_eq!(broken("oAbC", &"o".repeat(129)).unwrap_err(), Refusal::Sender);
        for time in ["", "0", "-5", "soon", "99999999999999999999", "253402300800"] {
            assert_eq!(broken("1795000000", time).unwrap_err(), Refusal::Time, "{time}");
        }
        assert_eq!(broken("<![CDATA[text]]>", "").unwrap_err(), Refusal::Kind);
    }

    #[test]
    fn a_wait_for_a_file_survives_storage() {
        let fetch = arrival("video", "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>")
            .fetch
            .unwrap();
        let bytes = serde_json::to_vec(&fetch).unwrap();
        assert_eq!(serde_json::from_slice::<Fetch>(&bytes).unwrap(), fetch);
    }
}
