//! The channels' own addresses: everything below `/c/<key>/` belongs to the channel's plugin.
use super::context::Context;
use super::leaving::Leaving;
use super::reply::{self, Reply};
use super::sockets::{self, Socket};
use crate::channels::OpenChannel;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use weikefu_channel::{Cause, Request};
use weikefu_core::error::Refusal;

/// The largest body a channel's address takes: a file, and a little around it.
const LARGEST: u64 = (20 << 20) + (64 << 10);
/// A socket that has said nothing for this long is gone; clients ping every 25 seconds.
const SILENCE: Duration = Duration::from_secs(90);

pub(crate) async fn receive(mut context: Context) -> Result<Reply, Refusal> {
    let channels = &context.app.installation.channels;
    let Some(channel) = context.params.get("key").and_then(|key| channels.by_key(key)) else {
        // Readable from the shop's pages, so that their widget can tell "no such channel" from "no network".
        let mut answer = reply::refusal(&Refusal::NotFound("channel"), context.language());
        let anybody = HeaderValue::from_static("*");
        answer
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
        return Ok(answer);
    };
    let path = context.params.get("path").cloned().unwrap_or_default();
    let url = match context.parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.clone(),
    };
    let headers = context
        .parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let mut request = Request {
        method: context.parts.method.as_str().to_owned(),
        url,
        headers,
        timeout_ms: 0,
        remote: Some(context.remote.to_string()),
        body: Vec::new(),
    };
    if path == "ws" && context.header("upgrade").is_some() {
        if !channel.takes_sockets() {
            return Err(Refusal::NotFound("channel"));
        }
        let stopping = context.app.stopping.clone();
        return sockets::upgrade(&mut context, move |socket| {
            serve(socket, channel, request, stopping)
        });
    }
    request.body = context.bytes(LARGEST).await?.to_vec();
    match channel.instance.receive(request).await {
        Ok(response) => {
            let leaving = response
                .carries
                .and_then(|cursor| Leaving::of(&context, &channel, cursor));
            let mut answer = answer(response);
            if let Some(leaving) = leaving {
                answer.extensions_mut().insert(leaving);
            }
            Ok(answer)
        }
        Err(error) => {
            tracing::warn!(channel = %channel.id, %error, "a channel did not answer");
            let status = match error.kind {
                Cause::Unsupported | Cause::NotFound => StatusCode::NOT_FOUND,
                Cause::Retryable | Cause::RateLimited => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            Ok(reply::empty(status))
        }
    }
}

fn answer(response: weikefu_channel::Response) -> Reply {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = reply::empty(status);
    *reply.body_mut() = response.body.into();
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            reply.headers_mut().append(name, value);
        }
    }
    reply
}

/// Carries whole text messages between a visitor and the plugin. One message at a time goes to the plugin, so
/// that they arrive in order and a flood waits in the visitor's own connection.
async fn serve(
    mut socket: Socket,
    channel: Arc<OpenChannel>,
    request: Request,
    mut stopping: tokio::sync::watch::Receiver<bool>,
) {
    let (connection, mut outgoing) = channel.sockets.add();
    if channel.instance.socket_opened(connection, request).await.is_ok() {
        loop {
            tokio::select! {
                message = outgoing.recv() => {
                    let (frame, close) = match message {
                        Some(crate::channels::ToSocket::Text(text)) => (Message::text(text), false),
                        Some(crate::channels::ToSocket::Close { code, reason }) => {
                            (Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })), true)
                        }
                        // Too slow: removed from the table.
                        None => (Message::Close(None), true),
                    };
                    if socket.send(frame).await.is_err() || close {
                        break;
                    }
                }
                frame = tokio::time::timeout(SILENCE, socket.next()) => match frame {
                    Ok(Some(Ok(Message::Text(text)))) => {
                        if channel.instance.socket_message(connection, text.to_string()).await.is_err() {
                            break;
                        }
                    }
                    Ok(Some(Ok(Message::Ping(_)))) => {
                        if socket.flush().await.is_err() {
                            break;
                        }
                    }
                    Ok(Some(Ok(Message::Pong(_)))) => {}
                    _ => break,
                },
                () = crate::app::stopped(&mut stopping) => {
                    let going = CloseFrame { code: 1001_u16.into(), reason: "restarting".into() };
                    let _ = socket.close(Some(going)).await;
                    break;
                }
            }
        }
    }
    channel.sockets.remove(connection);
    // The plugin may be gone itself.
    let _ = channel.instance.socket_closed(connection).await;
}
