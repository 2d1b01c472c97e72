//! The files inside the executable: console and widget.
use super::context::Context;
use super::reply::{self, Reply};
use http::{HeaderValue, StatusCode, header};
use weikefu_core::error::Refusal;
use weikefu_ui::Asset;

/// What the console's pages may do. `style-src` needs `unsafe-inline` for the component library.
const CONSOLE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; \
                              media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; \
                              form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

pub(crate) async fn console(context: Context) -> Result<Reply, Refusal> {
    let path = context.params.get("path").cloned().unwrap_or_default();
    // An unknown address of the API must not look like a page.
    if path == "api" || path.starts_with("api/") {
        return Err(Refusal::NotFound("route"));
    }
    let encoding = context.header("accept-encoding");
    let asset = match &context.app.web {
        Some(folder) => folder.console(&path, encoding),
        None => weikefu_ui::console(&path, encoding),
    };
    let mut answer = send(&context, asset.ok_or(Refusal::NotFound("page"))?);
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONSOLE_POLICY),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(answer)
}

pub(crate) async fn widget(context: Context) -> Result<Reply, Refusal> {
    let path = context.params.get("path").cloned().unwrap_or_default();
    let encoding = context.header("accept-encoding");
    let asset = match &context.app.web {
        Some(folder) => folder.widget(&path, encoding),
        None => weikefu_ui::widget(&path, encoding),
    };
    let mut answer = send(&context, asset.ok_or(Refusal::NotFound("file"))?);
    // The shop's pages are somewhere else.
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    Ok(answer)
}

fn send(context: &Context, asset: Asset) -> Reply {
    let same = context.header("if-none-match").is_some_and(|tags| {
        tags.split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == asset.etag)
    });
    let mut answer = if same {
        reply::empty(StatusCode::NOT_MODIFIED)
    } else {
        reply::body(StatusCode::OK, asset.mime, asset.bytes.into_owned())
    };
    let headers = answer.headers_mut();
    let caching = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = asset.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    answer
}
