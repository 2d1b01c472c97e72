//! Brings stored files to the platform and remembers its names for them, which last three days.
use crate::api::{Api, Failure, Reply, encode};
use crate::gate::Gate;
use crate::random::boundary;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use weikefu_channel::prelude::*;

/// The platform forgets a file after three days; half a day is kept as a margin.
const KEPT_MS: i64 = 60 * 3_600_000;
const TIMEOUT_MS: u64 = 60_000;
const PREFIX: &str = "media/";

/// What a file is to the platform: its word, the largest size, the content types with their file endings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) word: &'static str,
    /// What people call it, Chinese and English.
    pub(crate) name: (&'static str, &'static str),
    pub(crate) max_bytes: u64,
    pub(crate) formats: &'static [(&'static str, &'static str)],
}

pub(crate) const IMAGE: Form = Form {
    word: "image",
    name: ("图片", "picture"),
    max_bytes: 10 << 20,
    formats: &[("image/png", "png"), ("image/jpeg", "jpg"), ("image/gif", "gif")],
};
pub(crate) const VOICE: Form = Form {
    word: "voice",
    name: ("语音", "recording"),
    max_bytes: 2 << 20,
    formats: &[("audio/amr", "amr"), ("audio/mpeg", "mp3")],
};
pub(crate) const VIDEO: Form = Form {
    word: "video",
    name: ("视频", "video"),
    max_bytes: 10 << 20,
    formats: &[("video/mp4", "mp4")],
};
/// The still picture of a film.
pub(crate) const THUMB: Form = Form {
    word: "thumb",
    name: ("缩略图", "still picture"),
    max_bytes: 64 << 10,
    formats: &[("image/jpeg", "jpg")],
};

impl Form {
    /// The file ending of a content type, or a refusal that names the limit.
    pub(crate) fn check(&self, mime: &str, size: u64) -> Result<&'static str> {
        let (zh, en) = self.name;
        let Some((_, ending)) = self.formats.iter().find(|(format, _)| *format == mime) else {
            let endings: Vec<_> = self
                .formats
                .iter()
                .map(|(_, ending)| ending.to_uppercase())
                .collect();
            return Err(Error::told(
                Cause::Rejected,
                format!("微信不接受这种格式的{zh}，请使用 {}", endings.join("、")),
                format!(
                    "WeChat does not take a {en} of this format; use {}",
                    endings.join(", ")
                ),
            ));
        };
        if size > self.max_bytes {
            let limit = match self.max_bytes >> 20 {
                0 => format!("{} KB", self.max_bytes >> 10),
                mib => format!("{mib} MB"),
            };
            return Err(Error::told(
                Cause::Rejected,
                format!("{zh}超过微信的 {limit} 限制，请压缩后再发"),
                format!("The {en} is larger than WeChat's {limit}; make it smaller first"),
            ));
        }
        Ok(ending)
    }
}

/// Where the bytes come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// A file the host keeps.
    Stored(&'a MediaRef),
    /// The still picture for films without one: the platform asks for it with every film.
    AnyFilm,
}

const ANY_FILM: &[u8] = include_bytes!("film.jpg");

#[derive(Serialize, Deserialize)]
struct Known {
    media_id: String,
    /// Unix milliseconds.
    until: i64,
}

/// One account's uploads.
pub(crate) struct Uploads {
    api: Rc<Api>,
    /// One upload of a file at a time: the same picture to many customers travels once.
    gates: RefCell<HashMap<String, Rc<Gate>>>,
}

impl Uploads {
    pub(crate) fn new(api: Rc<Api>) -> Self {
        Uploads {
            api,
            gates: RefCell::default(),
        }
    }

    /// The platform's name of a stored file, uploading it when needed.
    pub(crate) async fn id(&self, form: &Form, source: Source<'_>) -> Result<String, Failure> {
        let key = key(form, source);
        let gate = self.gates.borrow_mut().entry(key.clone()).or_default().clone();
        let outcome = {
            let _pass = gate.enter().await;
            self.find(form, source, &key).await
        };
        // Two: this one and the one in the table.
        if Rc::strong_count(&gate) <= 2 {
            self.gates.borrow_mut().remove(&key);
        }
        outcome
    }

    /// Forgets a name the platform no longer knows.
    pub(crate) async fn forget(&self, form: &Form, source: Source<'_>) -> Result<()> {
        self.api.host.kv_delete(&key(form, source)).await
    }

    /// Removes names that are past their time.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let host = &self.api.host;
        for key in host.kv_scan(PREFIX, 1_000).await? {
            let known = host
                .kv_get(&key)
                .await?
                .and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
            if known.is_none_or(|known| known.until <= host.now()) {
                host.kv_delete(&key).await?;
            }
        }
        Ok(())
    }

    async fn find(&self, form: &Form, source: Source<'_>, key: &str) -> Result<String, Failure> {
        let host = &self.api.host;
        let known = host
            .kv_get(key)
            .await?
            .and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
        if let Some(known) = known.filter(|known| host.now() < known.until) {
            return Ok(known.media_id);
        }
        let started = host.now();
        let media_id = match source {
            Source::AnyFilm => self.upload(form, "film.jpg", "image/jpeg", ANY_FILM).await?,
            Source::Stored(media) => {
                let (stored, bytes) = host
                    .media_get(&media.id)
                    .await
                    .map_err(|error| match error.kind {
                        Cause::NotFound => Error::told(
                            Cause::Rejected,
                            "文件已不存在，请重新选择文件后发送",
                            "The file is gone; choose it again and send it",
                        ),
                        _ => error,
                    })?;
                let ending = form.check(&stored.mime, bytes.len() as u64)?;
                self.upload(form, &format!("{}.{ending}", stored.id), &stored.mime, &bytes)
                    .await?
            }
        };
        let known = Known {
            media_id: media_id.clone(),
            until: started + KEPT_MS,
        };
        host.kv_put(key, serde_json::to_vec(&known).unwrap_or_default())
            .await?;
        Ok(media_id)
    }

    async fn upload(&self, form: &Form, name: &str, mime: &str, bytes: &[u8]) -> Result<String, Failure> {
        let url = self.api.url("media/upload");
        let make = |token: &str| {
            let boundary = boundary();
            let mut request = Request::get(format!("{url}?access_token={token}&type={}", encode(form.word)))
                .header(
                    "content-type",
                    format!("multipart/form-data; boundary={boundary}"),
                )
                .with_body(multipart(&boundary, name, mime, bytes));
            request.method = "POST".into();
            request.timeout_ms = TIMEOUT_MS;
            Ok(request)
        };
        let Reply::Json(value) = self.api.call(make, true).await? else {
            return Err(crate::api::garbled(200, true).into());
        };
        // A still picture's name comes under a key of its own.
        let id = ["media_id", "thumb_media_id"]
            .iter()
            .find_map(|field| value.get(*field)?.as_str());
        Ok(id.ok_or_else(|| crate::api::garbled(200, true))?.to_owned())
    }
}

fn key(form: &Form, source: Source<'_>) -> String {
    let id = match source {
        Source::Stored(media) => crate::inbound::clip(&media.id, 128),
        Source::AnyFilm => "any-film",
    };
    format!("{PREFIX}{}/{id}", form.word)
}

/// One part called `media`, the only name the platform looks for.
fn multipart(boundary: &str, name: &str, mime: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"\r\n\
         Content-Type: {mime}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named() {
        assert_eq!(IMAGE.check("image/png", 10 << 20).unwrap(), "png");
        let refusal = IMAGE.check("image/png", (10 << 20) + 1).unwrap_err();
        assert!(
            refusal.kind == Cause::Rejected && refusal.message.contains("10 MB"),
            "{refusal}"
        );
        let refusal = VOICE.check("audio/ogg", 1).unwrap_err();
        assert!(
            refusal.message_zh.contains("AMR、MP3") && refusal.message.contains("AMR, MP3"),
            "{refusal}"
        );
        assert!(
            THUMB
                .check("image/jpeg", 70_000)
                .unwrap_err()
                .message
                .contains("64 KB")
        );
    }

    #[test]
    fn the_part_is_called_media_and_has_a_file_name() {
        let body = multipart("B", "a.png", "image/png", b"\x89PNG");
        let expected = b"--B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\
            Content-Type: image/png\r\n\r\n\x89PNG\r\n--B--\r\n";
        assert_eq!(body, expected);
    }
}
