//! The loopback HTTP server: connections, body limits, faults. What a path means is told by `api` and `web`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::faults::Fault;
use crate::record::Call;
use crate::world::World;
use crate::{api, web};

/// Largest request body: more than any allowed upload, so that size errors are told by errcode.
const LARGEST_BODY: usize = 24 * 1024 * 1024;
const HEADER_PATIENCE: Duration = Duration::from_secs(30);

/// The connection is cut instead of answered.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// An answer, and the errcode in it when it is JSON of the API.
pub(crate) struct Reply {
    pub(crate) response: Response<Full<Bytes>>,
    pub(crate) errcode: Option<i64>,
}

impl Reply {
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        let errcode = value.get("errcode").map_or(Some(0), serde_json::Value::as_i64);
        Self {
            response: respond(200, "application/json; encoding=utf-8", value.to_string()),
            errcode,
        }
    }

    pub(crate) fn bytes(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            response: respond(200, content_type, bytes),
            errcode: Some(0),
        }
    }

    pub(crate) fn status(status: u16, text: &str) -> Self {
        Self {
            response: respond(status, "text/plain; charset=utf-8", text.to_owned()),
            errcode: None,
        }
    }
}

fn respond(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let value = http::HeaderValue::from_str(content_type);
    response.headers_mut().insert(
        "content-type",
        value.unwrap_or_else(|_| http::HeaderValue::from_static("text/plain")),
    );
    response
}

/// A request whose body has been read.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: String,
    pub(crate) origin: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) body: Bytes,
}

pub(crate) async fn run(world: Arc<World>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles: the next connection may close one.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let world = Arc::clone(&world);
        connections.spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&world), request));
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn read(request: Request<Incoming>) -> Result<Asked, Reply> {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Reply::json(&api::failure(45001))),
        Err(_) => return Err(Reply::status(400, "the body broke off")),
    };
    Ok(Asked {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type: header("content-type").unwrap_or_default(),
        origin: header("origin"),
        host: header("host"),
        body,
    })
}

async fn serve(world: Arc<World>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let asked = match read(request).await {
        Ok(asked) => asked,
        Err(reply) => return Ok(reply.response),
    };
    let page = asked.path == "/" || asked.path.starts_with("/sim/");
    if page {
        return Ok(web::answer(&world, asked).await.response);
    }
    let mut call = Call {
        at_ms: world.now_ms(),
        method: asked.method.to_string(),
        path: asked.path.clone(),
        errcode: None,
    };
    let result = with_fault(&world, asked).await;
    call.errcode = result.as_ref().ok().and_then(|reply| reply.errcode);
    world.change(|state| state.note_call(call));
    result.map(|reply| reply.response)
}

async fn with_fault(world: &World, asked: Asked) -> Result<Reply, Cut> {
    let in_flight = api::InFlight::enter(world, &asked);
    let answered = || api::answer(world, &asked);
    let reply = match world.faults.take(&asked.path) {
        None => answered(),
        Some(Fault::Errcode(code)) => Reply::json(&api::failure(code)),
        Some(Fault::Http(status)) => Reply::status(status, "<html>simulated fault</html>"),
        Some(Fault::Garbage(text)) => Reply {
            errcode: None,
            ..Reply::bytes("application/json", text)
        },
        Some(Fault::Cut) => return Err(Cut),
        Some(Fault::Lost) => {
            answered();
            return Err(Cut);
        }
        Some(Fault::Slow(time)) => {
            let reply = answered();
            tokio::time::sleep(time).await;
            reply
        }
        Some(Fault::TokenGone) => {
            world.change(|state| state.tokens.kill_all());
            answered()
        }
    };
    drop(in_flight);
    Ok(reply)
}
