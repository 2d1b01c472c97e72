//! A client of the simulated API and a server that receives its callbacks; independent of the library's code.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of each test file, which uses a part of it"
)]
#![allow(clippy::unwrap_used, reason = "these functions are only called by tests")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use weikefu_wechat_simulator::{Account, Clock, Kind, Mode, Options, Simulator, sample};

pub const NOW: u64 = 1_795_000_000;

pub fn account(mode: Mode) -> Account {
    Account {
        app_id: "wxba5fad812f8e6fb9".into(),
        secret: "0123456789abcdef0123456789abcdef".into(),
        token: "AAAAA".into(),
        aes_key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into(),
        original_id: "gh_97417a04a28d".into(),
        mode,
    }
}

pub fn standing() -> Options {
    Options {
        clock: Clock::standing_at(NOW),
        ..Options::quick()
    }
}

pub struct Api {
    base: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

pub struct Got {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn errcode(&self) -> i64 {
        self.json()["errcode"].as_i64().unwrap_or(0)
    }
}

impl Api {
    pub fn of(simulator: &Simulator) -> Self {
        Self::at(&simulator.api_base())
    }

    pub fn at(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Option<Got> {
        let response = self.http.request(request).await.ok()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Got {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    pub async fn try_post(&self, path: &str, content_type: &str, body: impl Into<Bytes>) -> Option<Got> {
        let request = Request::post(format!("{}{path}", self.base)).header("content-type", content_type);
        self.call(request.body(Full::new(body.into())).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Got {
        self.try_post(path, "application/json", body).await.unwrap()
    }

    pub async fn post_from(&self, origin: &str, path: &str, body: &'static str) -> Got {
        let request = Request::post(format!("{}{path}", self.base)).header("origin", origin);
        self.call(request.body(Full::from(body)).unwrap()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Got {
        let request = Request::get(format!("{}{path}", self.base));
        self.call(request.body(Full::default()).unwrap()).await.unwrap()
    }

    pub async fn token(&self) -> String {
        let account = account(Mode::Secure);
        let body =
            json!({ "grant_type": "client_credential", "appid": account.app_id, "secret": account.secret });
        let got = self.post("/cgi-bin/stable_token", body.to_string()).await;
        got.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn send_raw(&self, token: &str, body: impl Into<Bytes>) -> Got {
        self.post(
            &format!("/cgi-bin/message/custom/send?access_token={token}"),
            body,
        )
        .await
    }

    pub async fn send(&self, token: &str, openid: &str, msg_type: &str, message: Value) -> i64 {
        let body = json!({ "touser": openid, "msgtype": msg_type, msg_type: message });
        let got = self.send_raw(token, body.to_string()).await;
        assert_eq!(got.status, 200);
        got.json()["errcode"].as_i64().unwrap()
    }

    pub async fn text(&self, token: &str, openid: &str, content: &str) -> i64 {
        self.send(token, openid, "text", json!({ "content": content }))
            .await
    }

    pub async fn upload_bytes(&self, token: &str, kind: &str, bytes: &[u8]) -> Got {
        let mut body =
            b"--b0\r\nContent-Disposition: form-data; name=\"media\"; filename=\"f\"\r\nContent-Type: image/png\r\n\r\n"
                .to_vec();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--b0--\r\n");
        let path = format!("/cgi-bin/media/upload?access_token={token}&type={kind}");
        self.try_post(&path, "multipart/form-data; boundary=b0", body)
            .await
            .unwrap()
    }

    pub async fn upload(&self, token: &str, kind: Kind) -> String {
        let got = self.upload_bytes(token, kind.name(), &sample(kind)).await.json();
        let key = if kind == Kind::Thumb {
            "thumb_media_id"
        } else {
            "media_id"
        };
        got[key].as_str().unwrap().to_owned()
    }
}

/// What a callback server saw.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub query: HashMap<String, String>,
    pub body: Bytes,
}

/// What it does.
pub enum Reaction {
    Answer(u16, String),
    Hang,
}

pub fn success() -> Reaction {
    Reaction::Answer(200, "success".into())
}

pub struct Receiver {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// `react` gets the request and how many came before it.
    pub async fn start(react: impl Fn(&Seen, usize) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback/1", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (react, log) = (Arc::new(react), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (react, log) = (Arc::clone(&react), Arc::clone(&log));
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let (react, log) = (Arc::clone(&react), Arc::clone(&log));
                    async move {
                        let (head, body) = request.into_parts();
                        let pairs = head
                            .uri
                            .query()
                            .unwrap_or("")
                            .split('&')
                            .filter_map(|p| p.split_once('='));
                        let seen = Seen {
                            method: head.method.to_string(),
                            query: pairs.map(|(name, value)| (name.into(), value.into())).collect(),
                            body: body.collect().await.unwrap().to_bytes(),
                        };
                        let before = {
                            let mut log = log.lock().unwrap();
                            log.push(seen.clone());
                            log.len() - 1
                        };
                        let (status, text) = match react(&seen, before) {
                            Reaction::Answer(status, text) => (status, text),
                            Reaction::Hang => std::future::pending().await,
                        };
                        let mut response = Response::new(Full::new(Bytes::from(text)));
                        *response.status_mut() = StatusCode::from_u16(status).unwrap();
                        Ok::<_, Infallible>(response)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, seen, task }
    }
}
