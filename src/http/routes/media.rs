//! Files: stored by agents, read by whoever has the id.
use super::SERVE;
use super::session::blocking;
use crate::http::context::Context;
use crate::http::reply::{self, Reply};
use crate::http::route::{Access, Route};
use crate::http::views::MediaView;
use http::{HeaderValue, Method, StatusCode, header};
use weikefu_core::error::Refusal;
use weikefu_core::media::{self, MAX_FILE, MediaId};

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let summary = "Store a file: its bytes as the body";
    vec![
        Route::raw(Method::POST, "/api/shops/{shop}/media", SERVE, summary, store).answers::<MediaView>(),
        Route::raw(
            Method::GET,
            "/m/{id}",
            Access::Public,
            "A stored file; its id is the permission",
            serve,
        ),
    ]
}

pub(crate) async fn store(mut context: Context) -> Result<Reply, Refusal> {
    let mime = context.header("content-type").unwrap_or_default().to_owned();
    let name = context.header("x-file-name").map(weikefu_channel::percent_decode);
    let bytes = context.bytes(MAX_FILE).await?;
    let trees = context.app.installation.trees.clone();
    let (id, meta) = blocking(move || media::put(&trees, &mime, name.as_deref(), &bytes)).await?;
    let view = MediaView {
        id: id.to_string(),
        mime: meta.mime,
        size: meta.size,
        name: meta.name,
    };
    Ok(reply::json(StatusCode::OK, &view))
}

pub(crate) async fn serve(context: Context) -> Result<Reply, Refusal> {
    let id: MediaId = context
        .param::<MediaId>("id")
        .map_err(|_| Refusal::NotFound("file"))?;
    let trees = context.app.installation.trees.clone();
    let meta = media::meta(&trees, id)?;
    let range = context
        .header("range")
        .and_then(|range| parse_range(range, meta.size));
    let (from, until) = range.unwrap_or((0, meta.size));
    let bytes = blocking(move || media::read(&trees, id, from, until)).await?;
    let mut reply = reply::body(StatusCode::OK, "application/octet-stream", bytes);
    let headers = reply.headers_mut();
    if let Ok(mime) = HeaderValue::from_str(&meta.mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    // Never run as a page, whatever the bytes are.
    let policy = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=31536000, immutable"),
    );
    let inline = ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&meta.mime.as_str())
        || meta.mime.starts_with("audio/")
        || meta.mime.starts_with("video/");
    let download = !inline || context.query("download").is_some();
    if let Ok(value) = HeaderValue::from_str(&disposition(download, meta.name.as_deref())) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if range.is_some() {
        let value = format!("bytes {from}-{}/{}", until - 1, meta.size);
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        *reply.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(reply)
}

/// One range of `bytes=from-to`, `bytes=from-` or `bytes=-last`, as from and until. Anything else is answered
/// with the whole file, which the protocol allows.
fn parse_range(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, until) = match (from, to) {
        ("", last) => (size.saturating_sub(last.parse().ok()?), size),
        (from, "") => (from.parse().ok()?, size),
        (from, to) => (
            from.parse().ok()?,
            to.parse::<u64>().ok()?.checked_add(1)?.min(size),
        ),
    };
    (from < until).then_some((from, until))
}

/// `Content-Disposition` with the name in UTF-8 (RFC 6266).
fn disposition(download: bool, name: Option<&str>) -> String {
    let kind = if download { "attachment" } else { "inline" };
    let Some(name) = name else { return kind.to_owned() };
    let encoded: String = name
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    format!("{kind}; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(parse_range("bytes=0-0", 10), Some((0, 1)));
        assert_eq!(parse_range("bytes=4-", 10), Some((4, 10)));
        assert_eq!(parse_range("bytes=-3", 10), Some((7, 10)));
        assert_eq!(parse_range("bytes=8-99", 10), Some((8, 10)));
        for bad in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=-0",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(parse_range(bad, 10), None, "{bad}");
        }
    }
}
