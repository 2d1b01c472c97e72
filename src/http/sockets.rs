//! WebSockets: the handshake, with buffers small enough for ten thousand of them.
use super::context::Context;
use super::reply::{self, Reply};
use http::{HeaderValue, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use weikefu_core::error::Refusal;

/// A socket after the handshake.
pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The largest message a client may send, bytes.
const LARGEST: usize = 64 << 10;

/// Answers a handshake and hands the socket to `serve` once it stands.
pub(crate) fn upgrade<F>(
    context: &mut Context,
    serve: impl FnOnce(Socket) -> F + Send + 'static,
) -> Result<Reply, Refusal>
where
    F: Future<Output = ()> + Send + 'static,
{
    let not_a_socket = || Refusal::Malformed("this address takes WebSockets only".into());
    let has = |name: &str, token: &str| {
        context.header(name).is_some_and(|value| {
            value
                .split(',')
                .any(|part| part.trim().eq_ignore_ascii_case(token))
        })
    };
    if !has("connection", "upgrade") || !has("upgrade", "websocket") || !has("sec-websocket-version", "13") {
        return Err(not_a_socket());
    }
    let key = context.header("sec-websocket-key").ok_or_else(not_a_socket)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| not_a_socket())?;
    let upgrading = context
        .parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or_else(not_a_socket)?;
    tokio::spawn(async move {
        // A client that leaves during the handshake needs nothing.
        if let Ok(upgraded) = upgrading.await {
            serve(
                WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config())).await,
            )
            .await;
        }
    });
    let mut answer = reply::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}

fn config() -> WebSocketConfig {
    // The default read buffer is 128 KiB and allocated at once: 1.3 GB for ten thousand visitors.
    WebSocketConfig::default()
        .read_buffer_size(2 << 10)
        // Frames that are ready together leave together; nothing is allocated before there are any, and a
        // flush sends what there is.
        .write_buffer_size(16 << 10)
        .max_write_buffer_size(1 << 20)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST))
}
