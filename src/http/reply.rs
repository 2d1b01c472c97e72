//! Answers.
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use serde_json::json;
use weikefu_core::error::{Language, Refusal};

/// An answer. Bodies are whole: the largest thing served is a file of at most 20 MiB.
pub(crate) type Reply = Response<Full<Bytes>>;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::new()));
    *reply.status_mut() = status;
    reply
}

/// An answer with a body of a content type.
pub(crate) fn body(status: StatusCode, mime: &'static str, bytes: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(bytes.into()));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    reply
}

/// An answer of the API: JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let Ok(bytes) = serde_json::to_vec(value) else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut reply = body(status, "application/json", bytes);
    reply
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A refusal in the reader's language. Details of a failed store stay in the log.
pub(crate) fn refusal(refusal: &Refusal, language: Language) -> Reply {
    let (code, status) = refusal.code();
    let mut answer = json!({ "code": code, "message": refusal.text(language) });
    match refusal {
        Refusal::Invalid { field, .. } => {
            answer["fields"] = json!({ field.as_ref(): refusal.text(language) });
        }
        Refusal::TooManyAttempts { retry_after_s } => answer["retry_after_s"] = json!(retry_after_s),
        Refusal::Store(error) => tracing::error!(%error, "the store failed"),
        _ => {}
    }
    let mut reply = json(
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        &answer,
    );
    if let Refusal::TooManyAttempts { retry_after_s } = refusal {
        reply
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
    reply
}
