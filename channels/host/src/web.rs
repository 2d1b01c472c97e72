//! HTTP for plugins: one pool of connections for all of them, a list of allowed hosts for each.
//! Addresses never reach a log or an error with their query string: tokens travel there.
use crate::network::{Network, authority};
use crate::served::{Payload, reply};
use crate::trust;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime;
use tokio::sync::Semaphore;
use weikefu_channel::abi::MAX_BODY;
use weikefu_channel::{Cause, Error, Request, Response};

/// Without a `timeout_ms`, and the longest there may be.
const USUAL: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_mins(2);
/// Waiting for a connection alone.
const CONNECT: Duration = Duration::from_secs(5);
/// A platform may close an idle connection at any time; older ones are not used again.
const IDLE: Duration = Duration::from_secs(15);
/// Requests of one instance at the same time.
const TOGETHER: usize = 64;

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The way out of one instance.
pub(crate) struct Web {
    pool: Pool,
    network: Network,
    room: Arc<Semaphore>,
}

impl Web {
    pub(crate) fn new(network: Network, runtime: &runtime::Handle) -> Self {
        Web {
            pool: pool(runtime),
            network,
            room: Arc::new(Semaphore::new(TOGETHER)),
        }
    }

    /// Makes one request.
    pub(crate) async fn exchange(&self, request: Request, body: Vec<u8>) -> Result<Payload, Error> {
        let limit = match request.timeout_ms {
            0 => USUAL,
            ms => Duration::from_millis(ms).min(LONGEST),
        };
        let uri: Uri = request
            .url
            .parse()
            .map_err(|_| refused("the address is not a URL"))?;
        let Some((host, port)) = authority(&uri) else {
            return Err(refused(
                "the address must begin with http:// or https:// and hold no password",
            ));
        };
        if !self.network.allows(&uri) {
            return Err(Error::told(
                Cause::Rejected,
                format!("插件无权访问 {host}:{port}：插件清单和渠道设置中的地址都没有包含它"),
                format!(
                    "http: {host}:{port} is not reachable for this plugin: neither its manifest's `network` \
                     nor a `uri` field of the configuration names it"
                ),
            ));
        }
        let mut outgoing = outgoing(uri, &request, body)?;
        let connection = capture_connection(&mut outgoing);
        let left = || connection.connection_metadata().is_some();
        let exchange = async {
            // Never closed.
            let _permit = self.room.acquire().await;
            let answer = self.pool.request(outgoing).await.map_err(|e| {
                let (zh, en) = if e.is_connect() {
                    ("无法连接", "no connection")
                } else {
                    ("连接中断", "the connection broke")
                };
                let why = innermost(&e);
                if let Some((zh, en)) = trust::refusal(&e) {
                    return Error::told(Cause::Config, format!("{host}：{zh}"), format!("{host}: {en}"));
                }
                failed(
                    &host,
                    !e.is_connect() && left(),
                    &format!("{zh}（{why}）"),
                    &format!("{en}: {why}"),
                )
            })?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await.map_err(|e| {
                let why = innermost(&*e);
                failed(
                    &host,
                    true,
                    &format!("应答不完整（{why}）"),
                    &format!("the answer did not arrive whole: {why}"),
                )
            })?;
            let headers = parts.headers.iter().map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            });
            let response = Response {
                status: parts.status.as_u16(),
                headers: headers.collect(),
                ..Response::default()
            };
            Ok((reply(&response)?.0, Vec::from(body.to_bytes())))
        };
        let late = || {
            let ms = limit.as_millis();
            failed(
                &host,
                left(),
                &format!("{ms} 毫秒内没有应答"),
                &format!("no answer within {ms} ms"),
            )
        };
        tokio::time::timeout(limit, exchange).await.map_err(|_| late())?
    }
}

fn outgoing(uri: Uri, request: &Request, body: Vec<u8>) -> Result<http::Request<Full<Bytes>>, Error> {
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| refused("the method is not valid"))?;
    let mut outgoing = http::Request::new(Full::new(Bytes::from(body)));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    for (name, value) in &request.headers {
        let field =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("a header's name is not valid"))?;
        // These belong to the connection and are written by it.
        if [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&field) {
            continue;
        }
        let value =
            HeaderValue::from_str(value).map_err(|_| refused(&format!("header {name}: not valid")))?;
        outgoing.headers_mut().append(field, value);
    }
    Ok(outgoing)
}

fn refused(why: &str) -> Error {
    Error::new(Cause::Rejected, format!("http: {why}"))
}

/// `left`: the request may have reached the other side.
fn failed(host: &str, left: bool, zh: &str, en: &str) -> Error {
    let kind = if left { Cause::Unknown } else { Cause::Retryable };
    Error::told(kind, format!("{host}：{zh}"), format!("{host}: {en}"))
}

/// The last cause of an error: "Connection refused" instead of "client error".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The pool of a runtime: a connection lives on the runtime that opened it.
fn pool(runtime: &runtime::Handle) -> Pool {
    static POOLS: Mutex<Vec<(runtime::Id, Pool)>> = Mutex::new(Vec::new());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pool)) = pools.iter().find(|(id, _)| *id == runtime.id()) {
        return pool.clone();
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(trust::client())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let pool = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(32)
        .build(tls);
    pools.push((runtime.id(), pool.clone()));
    pool
}
