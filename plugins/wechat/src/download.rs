//! Gets one file of a customer from the platform and stores it with the host. Knows nothing of messages, queues
//! and repetitions; see [`crate::fetch`].
use crate::api::{Api, Failure, Reply, encode};
use crate::errcode::INVALID_MEDIA;
use crate::inbound::{File, Wanted, clip};
use std::rc::Rc;
use weikefu_channel::prelude::*;

const TIMEOUT_MS: u64 = 60_000;

/// One account's way to files.
pub(crate) struct Downloads(pub(crate) Rc<Api>);

impl Downloads {
    /// The message with its file, stored with the host.
    pub(crate) async fn content(&self, file: &File) -> Result<Content, Failure> {
        let media = match self.download(&file.media_id).await {
            // Accounts without the permission to fetch files still get pictures by their address.
            Err(refused @ Failure::Platform(..)) if !file.address.is_empty() => {
                self.plain(&file.address).await.map_err(|_| refused)?
            }
            outcome => outcome?,
        };
        let media = Some(media);
        Ok(match file.wanted {
            Wanted::Image => Content::Image { media },
            Wanted::Voice => Content::Voice {
                media,
                transcript: file.transcript.clone(),
            },
            Wanted::Video => {
                let mut thumbnail = None;
                if !file.thumb_media_id.is_empty() {
                    // A film without a still picture is still a film.
                    thumbnail = self.download(&file.thumb_media_id).await.ok();
                }
                Content::Video { media, thumbnail }
            }
        })
    }

    /// `media/get`: a file, or for films the address of one.
    async fn download(&self, media_id: &str) -> Result<MediaRef, Failure> {
        if media_id.is_empty() {
            return Err(Failure::Platform(INVALID_MEDIA, "no media id".into()));
        }
        let url = self.0.url("media/get");
        let make = |token: &str| {
            let mut request = Request::get(format!(
                "{url}?access_token={token}&media_id={}",
                encode(media_id)
            ));
            request.timeout_ms = TIMEOUT_MS;
            Ok(request)
        };
        match self.0.call(make, true).await? {
            Reply::File(response) => Ok(self.store(response).await?),
            Reply::Json(value) => match value.get("video_url").and_then(serde_json::Value::as_str) {
                Some(address) => self.plain(&reachable(address)).await,
                None => Err(crate::api::garbled(200, true).into()),
            },
        }
    }

    /// A file from a plain address.
    async fn plain(&self, address: &str) -> Result<MediaRef, Failure> {
        let mut request = Request::get(address);
        request.timeout_ms = TIMEOUT_MS;
        let response = self
            .0
            .host
            .http(request)
            .await
            .map_err(|error| crate::api::unreached(&error, true))?;
        if response.status != 200 {
            return Err(crate::api::garbled(response.status, true).into());
        }
        Ok(self.store(response).await?)
    }

    async fn store(&self, response: Response) -> Result<MediaRef> {
        if response.body.is_empty() {
            return Err(crate::api::garbled(response.status, true));
        }
        let mime = response
            .header_value("content-type")
            .unwrap_or("application/octet-stream")
            .to_owned();
        let mime = mime.split(';').next().unwrap_or_default().trim();
        let name = response
            .header_value("content-disposition")
            .and_then(file_name)
            .map(str::to_owned);
        self.0.host.media_put(mime, name.as_deref(), response.body).await
    }
}

/// A film's address names a machine by number and the real host as the first part of the path. The host's list of
/// allowed names cannot hold the numbers, and the named host serves the same file.
fn reachable(address: &str) -> String {
    const FILMS: &str = "vweixinp.tc.qq.com/";
    let numbered = address
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    match numbered {
        Some((machine, path)) if machine.parse::<std::net::Ipv4Addr>().is_ok() && path.starts_with(FILMS) => {
            format!("http://{path}")
        }
        _ => address.to_owned(),
    }
}

/// The name in `attachment; filename="…"`.
fn file_name(disposition: &str) -> Option<&str> {
    let (_, name) = disposition.split_once("filename=")?;
    let name = name.split(';').next()?.trim().trim_matches('"');
    (!name.is_empty()).then(|| clip(name, 128))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_machines_are_asked_by_name() {
        let numbered = "http://203.0.113.9/vweixinp.tc.qq.com/1007_a.mp4?vkey=A&sha=0";
        assert_eq!(
            reachable(numbered),
            "http://vweixinp.tc.qq.com/1007_a.mp4?vkey=A&sha=0"
        );
        for other in [
            "http://127.0.0.1:4000/v.mp4",
            "http://203.0.113.9/evil.example/x",
            "https://a.example/v",
            "x",
        ] {
            assert_eq!(reachable(other), other);
        }
    }

    #[test]
    fn file_names_are_read() {
        assert_eq!(file_name("attachment; filename=\"a b.amr\""), Some("a b.amr"));
        assert_eq!(file_name("attachment; filename=x.jpg; size=3"), Some("x.jpg"));
        assert_eq!(file_name("inline"), None);
        assert_eq!(file_name("attachment; filename=\"\""), None);
    }
}
