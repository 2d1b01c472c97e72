//! The shape of each message type of custom/send (protocol section 9): fields, limits, media, errcodes.

use serde_json::{Map, Value, json};

use super::{only, string};
use crate::account::Options;
use crate::media::{Kind, MediaFile};

/// What a checked message comes to.
pub(super) struct Checked {
    /// The file it carries.
    pub(super) media: Option<MediaFile>,
    /// What the phone shows.
    pub(super) display: Value,
}

/// What a check may look at.
pub(super) struct Surroundings<'a> {
    pub(super) options: &'a Options,
    pub(super) media: &'a dyn Fn(&str) -> Option<MediaFile>,
}

impl Surroundings<'_> {
    fn file(&self, message: &Map<String, Value>, name: &str, kind: Kind) -> Result<MediaFile, i64> {
        let media_id = string(message, name, 40007)?;
        (self.media)(media_id)
            .filter(|file| file.kind == kind)
            .ok_or(40007)
    }
}

fn filled<'a>(message: &'a Map<String, Value>, name: &str) -> Result<&'a str, i64> {
    match string(message, name, 40035)? {
        "" => Err(40035),
        text => Ok(text),
    }
}

fn optional(message: &Map<String, Value>, names: &[&str]) -> Result<(), i64> {
    let fits = |name: &&str| message.get(*name).is_none_or(Value::is_string);
    if names.iter().all(fits) {
        Ok(())
    } else {
        Err(40035)
    }
}

fn web_address(text: &str) -> Result<(), i64> {
    if text.starts_with("http://") || text.starts_with("https://") {
        Ok(())
    } else {
        Err(40035)
    }
}

fn link(file: &MediaFile) -> String {
    format!("/sim/media/{}", file.media_id)
}

/// Checks the object under the message type.
pub(super) fn check(
    msg_type: &str,
    message: &Map<String, Value>,
    around: &Surroundings,
) -> Result<Checked, i64> {
    let plain = |display: Value| Ok(Checked { media: None, display });
    match msg_type {
        "text" => {
            only(message, &["content"])?;
            let content = string(message, "content", 44004)?;
            match content.len() {
                0 => Err(44004),
                length if length > around.options.text_limit => Err(45002),
                _ => plain(json!({ "content": content })),
            }
        }
        "image" | "voice" => {
            only(message, &["media_id"])?;
            let kind = if msg_type == "image" {
                Kind::Image
            } else {
                Kind::Voice
            };
            let file = around.file(message, "media_id", kind)?;
            Ok(Checked {
                display: json!({ "media": link(&file) }),
                media: Some(file),
            })
        }
        "video" => {
            only(message, &["media_id", "thumb_media_id", "title", "description"])?;
            optional(message, &["title", "description"])?;
            let file = around.file(message, "media_id", Kind::Video)?;
            if around.options.video_needs_thumb || message.contains_key("thumb_media_id") {
                around.file(message, "thumb_media_id", Kind::Thumb)?;
            }
            let display = json!({ "media": link(&file), "title": message.get("title") });
            Ok(Checked {
                media: Some(file),
                display,
            })
        }
        "music" => {
            only(
                message,
                &["title", "description", "musicurl", "hqmusicurl", "thumb_media_id"],
            )?;
            optional(message, &["title", "description"])?;
            web_address(string(message, "musicurl", 40035)?)?;
            web_address(string(message, "hqmusicurl", 40035)?)?;
            let thumb = around.file(message, "thumb_media_id", Kind::Thumb)?;
            plain(
                json!({ "title": message.get("title"), "url": message["musicurl"], "picurl": link(&thumb) }),
            )
        }
        "news" => news(message),
        "mpnewsarticle" => {
            only(message, &["article_id"])?;
            let id = string(message, "article_id", 53600)?;
            let known = around.options.articles.iter().any(|article| article == id);
            if known {
                plain(json!({ "title": id }))
            } else {
                Err(53600)
            }
        }
        "msgmenu" => menu(message),
        "wxcard" => {
            only(message, &["card_id"])?;
            plain(json!({ "title": filled(message, "card_id")? }))
        }
        "miniprogrampage" => {
            only(message, &["title", "appid", "pagepath", "thumb_media_id"])?;
            filled(message, "appid")?;
            filled(message, "pagepath")?;
            let thumb = around.file(message, "thumb_media_id", Kind::Thumb)?;
            plain(json!({ "title": filled(message, "title")?, "picurl": link(&thumb) }))
        }
        // Withdrawn with the draft box.
        "mpnews" => Err(48008),
        _ => Err(40008),
    }
}

fn news(message: &Map<String, Value>) -> Result<Checked, i64> {
    only(message, &["articles"])?;
    let articles = message.get("articles").ok_or(44003)?.as_array().ok_or(40035)?;
    match articles.as_slice() {
        [] => Err(44003),
        [article] => {
            let article = article.as_object().ok_or(40035)?;
            only(article, &["title", "description", "url", "picurl"])?;
            optional(article, &["description", "picurl"])?;
            filled(article, "title")?;
            web_address(string(article, "url", 40035)?)?;
            if let Some(picture) = article
                .get("picurl")
                .and_then(Value::as_str)
                .filter(|url| !url.is_empty())
            {
                web_address(picture)?;
            }
            Ok(Checked {
                media: None,
                display: Value::Object(article.clone()),
            })
        }
        _ => Err(45008),
    }
}

fn menu(message: &Map<String, Value>) -> Result<Checked, i64> {
    only(message, &["head_content", "list", "tail_content"])?;
    optional(message, &["head_content", "tail_content"])?;
    let list = message
        .get("list")
        .and_then(Value::as_array)
        .filter(|list| !list.is_empty())
        .ok_or(40035)?;
    for entry in list {
        let entry = entry.as_object().ok_or(40035)?;
        only(entry, &["id", "content"])?;
        filled(entry, "id")?;
        filled(entry, "content")?;
    }
    Ok(Checked {
        media: None,
        display: Value::Object(message.clone()),
    })
}
