//! floor-send: bare hyper connections that post the customer-service messages of a broadcast, and keep nothing. The
//! least that could send them.

use crate::machine;
use crate::problem::{Outcome, wrong};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::net::TcpStream;

/// What is sent, to whom.
pub(crate) struct Orders {
    /// `host:port` of the platform.
    pub(crate) address: String,
    /// An access token.
    pub(crate) token: String,
    /// The text.
    pub(crate) text: String,
    /// Customers.
    pub(crate) customers: usize,
    /// At the same time.
    pub(crate) connections: usize,
}

/// Sends one message to each customer, and prints rate and processor time as JSON.
pub(crate) fn send(orders: &Orders) -> Outcome {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(all(orders))
}

async fn all(orders: &Orders) -> Outcome {
    let next = Arc::new(AtomicUsize::new(0));
    let (started, before) = (Instant::now(), machine::cpu(std::process::id())?);
    let mut tasks = Vec::new();
    for _ in 0..orders.connections {
        let stream = TcpStream::connect(&orders.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let path = format!("/cgi-bin/message/custom/send?access_token={}", orders.token);
        let (next, text, customers) = (Arc::clone(&next), orders.text.clone(), orders.customers);
        tasks.push(tokio::spawn(async move {
            let mut sender = sender;
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= customers {
                    return Ok(());
                }
                one(&mut sender, &path, &crate::wechat::openid(n), &text).await?;
            }
        }));
    }
    for task in tasks {
        let sent: Outcome = task.await?;
        sent?;
    }
    let cpu = machine::cpu(std::process::id())? - before;
    let seconds = started.elapsed().as_secs_f64();
    println!("{}", json!({ "seconds": seconds, "cpu": cpu }));
    Ok(())
}

async fn one(sender: &mut SendRequest<Full<Bytes>>, path: &str, openid: &str, text: &str) -> Outcome {
    let body = json!({ "touser": openid, "msgtype": "text", "text": { "content": text } });
    let request = Request::post(path)
        .header("host", "floor")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    if body.windows(11).any(|part| part == b"\"errcode\":0") {
        return Ok(());
    }
    wrong(format!(
        "the platform refused a message of the floor: {}",
        String::from_utf8_lossy(&body)
    ))
}
