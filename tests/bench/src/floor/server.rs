//! Both floors' HTTP and WebSockets.

use super::log::{Audience, Log};
use crate::problem::{Outcome, Problem};
use crate::requests::MARK;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

type Answer = Response<Full<Bytes>>;
type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Serves on a free port, which it prints.
pub(crate) async fn serve(log: Option<Log>) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", serde_json::json!({ "address": listener.local_addr()? }));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let log = log.clone();
        let service = service_fn(move |request| answer(request, log.clone()));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // A broken connection is the client's affair.
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn answer(request: Request<Incoming>, log: Option<Log>) -> Result<Answer, Problem> {
    if request.headers().contains_key(header::UPGRADE) {
        return upgrade(request, log);
    }
    if request.method() == Method::GET {
        let count = log.map_or(Ok(0), |log| log.count())?;
        return Ok(Response::new(Full::from(count.to_string())));
    }
    let audience = audience(request.uri().path());
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let stored = match log {
        None => 0,
        Some(log) => {
            let mark = parts.headers.get(MARK).and_then(|mark| mark.to_str().ok());
            let shown = mark.map(|mark| format!("{{\"text\":\"{mark} \",\"bytes\":{}}}", body.len()));
            log.append(body, shown, audience).await?
        }
    };
    let body = format!("{{\"stored\":{stored}}}");
    let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
    Ok(answer.body(Full::from(body))?)
}

fn upgrade(mut request: Request<Incoming>, log: Option<Log>) -> Result<Answer, Problem> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let accept = derive_accept_key(key.ok_or("no key of a WebSocket")?.as_bytes());
    let agent = request.uri().path() == crate::systems::AGENT;
    let audience = audience(request.uri().path());
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrading.await else { return };
        // The library's own 128 KiB a socket would make the floor of memory a ceiling.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0);
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        // A socket that breaks is the client's affair.
        let _ = match log {
            Some(log) if agent => show(socket, &log).await,
            log => listen(socket, log, audience).await,
        };
    });
    Ok(Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Full::default())?)
}

/// What is written below this path concerns all agents, as a customer who waits does.
fn audience(path: &str) -> Audience {
    if path.starts_with(crate::systems::EVERYBODY) {
        Audience::Everybody
    } else {
        Audience::One
    }
}

/// A visitor: each frame is stored, then acknowledged.
async fn listen(mut socket: Socket, log: Option<Log>, audience: Audience) -> Outcome {
    while let Some(frame) = socket.next().await {
        let Message::Text(text) = frame? else { continue };
        let stored = match &log {
            None => 0,
            Some(log) => log.append(Bytes::from(text), None, audience).await?,
        };
        let ack = format!("{{\"type\":\"ack\",\"stored\":{stored}}}");
        socket.send(Message::text(ack)).await?;
    }
    Ok(())
}

/// The agent: hears of everything, each message in a write of its own. Writing several at once would make the
/// floor a quarter faster at 64 connections, but the budgets were set by this one.
async fn show(mut socket: Socket, log: &Log) -> Outcome {
    let mut news = log.listen();
    while let Some(text) = news.recv().await {
        socket.send(Message::text(text)).await?;
    }
    Ok(())
}
