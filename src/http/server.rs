//! The server: connections in, rights checked, handlers called, drained at the end.
use super::context::Context;
use super::leaving::Answer;
use super::reply::{self, Reply};
use super::route::{Access, Route};
use super::routes;
use crate::app::App;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::rights;

/// Connections at a time, sockets included.
const CONNECTIONS: u32 = 20_000;
/// How long requests under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// A client that has not sent its head by then is not one.
const HEAD: Duration = Duration::from_secs(15);

/// Why the server could not listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    #[error("{0} is in use by another program: stop that program or choose another port with --listen")]
    InUse(SocketAddr),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
}

/// A bound address, not yet served.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

struct Table {
    app: Arc<App>,
    routes: Vec<Route>,
    paths: matchit::Router<HashMap<Method, usize>>,
}

impl Server {
    /// Binds. Port 0 takes a free one.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::AddrInUse => ServerError::InUse(address),
                _ => ServerError::Listen(address, error),
            })?;
        let address = listener
            .local_addr()
            .map_err(|error| ServerError::Listen(address, error))?;
        Ok(Server { listener, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stopping` turns true, then lets what is under way finish.
    pub(crate) async fn serve(self, app: Arc<App>, mut stopping: watch::Receiver<bool>) {
        let table = Arc::new(Table::new(app));
        let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                break;
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = crate::app::stopped(&mut stopping) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: give connections time to end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // Small answers must not wait for more.
            let _ = stream.set_nodelay(true);
            let table = Arc::clone(&table);
            let service = service_fn(move |request| {
                let table = Arc::clone(&table);
                async move { Ok::<_, Infallible>(Answer::whole(table.answer(request, peer.ip()).await)) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(64 << 10)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            let mut stopping = stopping.clone();
            tokio::spawn(async move {
                let mut connection = std::pin::pin!(connection);
                // A broken connection is the client's affair.
                tokio::select! {
                    _ = connection.as_mut() => {}
                    () = crate::app::stopped(&mut stopping) => {
                        connection.as_mut().graceful_shutdown();
                        let _ = connection.await;
                    }
                }
                drop(place);
            });
        }
        drop(self.listener);
        // Every connection holds a place; when all places are free, everything has been answered.
        if tokio::time::timeout(DRAIN, places.acquire_many(CONNECTIONS))
            .await
            .is_err()
        {
            tracing::warn!("some requests did not end in time and were cut off");
        }
    }
}

impl Table {
    fn new(app: Arc<App>) -> Self {
        let routes = routes::table();
        let mut by_path: HashMap<&str, HashMap<Method, usize>> = HashMap::new();
        for (index, route) in routes.iter().enumerate() {
            by_path
                .entry(route.path)
                .or_default()
                .insert(route.method.clone(), index);
        }
        let mut paths = matchit::Router::new();
        for (path, methods) in by_path {
            if let Err(error) = paths.insert(path, methods) {
                unreachable!("the table of routes is ambiguous at {path}: {error}");
            }
        }
        Table { app, routes, paths }
    }

    async fn answer(&self, request: Request<Incoming>, remote: IpAddr) -> Reply {
        let head = request.method() == Method::HEAD;
        let (parts, body) = request.into_parts();
        let accept = parts
            .headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let language = Language::choose(accept.unwrap_or_default());
        let mut answer = match self.route(parts, body, remote).await {
            Ok(answer) => answer,
            Err(refusal) => reply::refusal(&refusal, language),
        };
        answer.headers_mut().insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if head {
            *answer.body_mut() = http_body_util::Full::default();
            answer.extensions_mut().remove::<super::download::Stream>();
        }
        answer
    }

    async fn route(
        &self,
        parts: http::request::Parts,
        body: Incoming,
        remote: IpAddr,
    ) -> Result<Response<http_body_util::Full<bytes::Bytes>>, Refusal> {
        let path = weikefu_channel::percent_decode(&parts.uri.path().replace('+', "%2B"));
        let found = self.paths.at(&path).map_err(|_| Refusal::NotFound("page"))?;
        let method = if parts.method == Method::HEAD {
            &Method::GET
        } else {
            &parts.method
        };
        let Some(route) = found.value.get(method).and_then(|index| self.routes.get(*index)) else {
            return Ok(reply::empty(StatusCode::METHOD_NOT_ALLOWED));
        };
        let params = found
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let remote = client(remote, &parts.headers);
        let mut context = Context {
            app: Arc::clone(&self.app),
            parts,
            body: Some(body),
            params,
            remote,
            login: None,
            role: None,
        };
        if let Err(refusal) = authorize(&mut context, route) {
            context.drain().await;
            return Err(refusal);
        }
        (route.handler)(context).await
    }
}

/// Who the client is. Only a proxy on this machine is believed, and only what it added itself: the last address.
fn client(peer: IpAddr, headers: &http::HeaderMap) -> IpAddr {
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok());
    match forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()) {
        Some(named) if peer.is_loopback() => named,
        _ => peer,
    }
}

/// The one place where the table's rights are checked.
fn authorize(context: &mut Context, route: &Route) -> Result<(), Refusal> {
    if route.access == Access::Public {
        return Ok(());
    }
    context.authenticate(route.method != Method::GET)?;
    let Access::Shop(action) = route.access else {
        return Ok(());
    };
    let agent = context.agent()?;
    if agent.must_change {
        return Err(Refusal::PasswordChangeRequired);
    }
    let role = context
        .app
        .installation
        .accounts
        .role(context.shop()?, agent.id)?;
    // A shop one does not belong to looks like one that does not exist.
    let role = role.ok_or(Refusal::NotFound("shop"))?;
    if !rights::permits(role, action) {
        return Err(Refusal::Forbidden);
    }
    context.role = Some(role);
    Ok(())
}
