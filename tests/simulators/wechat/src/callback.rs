//! Building and posting callbacks (protocol sections 1 to 3 and 5): envelope, signature, one request,
//! and the loop of attempts. What an answer means is told by `answer`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::account::{Mode, Retry};
use crate::answer::{self, Answer};
use crate::crypto::{self, signature};
use crate::record::Fate;
use crate::text::percent_encode;
use crate::world::World;
use crate::xml::{self, Node};

pub(crate) type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 256 * 1024;

pub(crate) fn http_client() -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Something a customer did, with the id and time the platform gave it. Delivering it twice is a duplicate.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Who did it.
    pub openid: String,
    /// `MsgType`.
    pub msg_type: String,
    /// `Event`, for events.
    pub event: Option<String>,
    /// `MsgId`; events have none.
    pub msg_id: Option<u64>,
    /// `CreateTime`, seconds.
    pub create_time: u64,
    /// The plain document.
    pub xml: String,
    /// The line on the phone that shows it.
    pub(crate) line: Option<u64>,
}

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    /// What stands behind the question mark.
    pub query: String,
    /// The body.
    pub body: Bytes,
    /// The `timestamp` of the query.
    pub timestamp: String,
    /// The `nonce` of the query.
    pub nonce: String,
}

/// What came back, unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
}

/// One request of a delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// From sending to the whole answer.
    pub took: Duration,
    /// How it ended.
    pub answer: Answer,
}

/// How the delivery of a callback went.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// All requests, the last one decides.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub answer: Answer,
}

impl Delivery {
    /// Whether the server took the callback.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.answer, Answer::Success | Answer::Empty | Answer::Reply(_))
    }
}

/// What a request is signed with; the account's own unless it is to be wrong.
pub(crate) struct Seal {
    pub(crate) token: String,
    pub(crate) app_id: String,
    pub(crate) timestamp: String,
    pub(crate) nonce: String,
}

impl Seal {
    pub(crate) fn of(world: &World) -> Self {
        let nonce = u32::from_be_bytes(crypto::random_bytes());
        Self {
            token: world.account.token.clone(),
            app_id: world.account.app_id.clone(),
            timestamp: world.options.clock.now().to_string(),
            nonce: nonce.to_string(),
        }
    }
}

/// Wraps a plain document the way the account's mode asks.
pub(crate) fn sign(world: &World, openid: &str, plain: &[u8], seal: &Seal) -> SignedRequest {
    let cipher = (world.account.mode != Mode::Plaintext).then(|| world.cipher.seal(plain, &seal.app_id));
    let body = match (&cipher, world.account.mode) {
        (Some(cipher), Mode::Secure) => envelope(world, cipher).into_bytes(),
        (Some(cipher), _) => {
            let mut body = plain.strip_suffix(b"</xml>").unwrap_or(plain).to_vec();
            body.extend_from_slice(format!("<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>").as_bytes());
            body
        }
        (None, _) => plain.to_vec(),
    };
    finish(openid, body, cipher.as_deref(), seal)
}

/// The outer document of secure mode.
pub(crate) fn envelope(world: &World, cipher: &str) -> String {
    xml::document(&[
        Node::text("ToUserName", world.account.original_id.as_str()),
        Node::text("Encrypt", cipher),
    ])
}

/// The query for a body; `cipher` is what `msg_signature` covers.
pub(crate) fn finish(
    openid: &str,
    body: impl Into<Bytes>,
    cipher: Option<&str>,
    seal: &Seal,
) -> SignedRequest {
    let Seal {
        token,
        timestamp,
        nonce,
        ..
    } = seal;
    let plain = signature(&[token, timestamp, nonce]);
    let openid = percent_encode(openid);
    let mut query = format!("signature={plain}&timestamp={timestamp}&nonce={nonce}&openid={openid}");
    if let Some(cipher) = cipher {
        let over_body = signature(&[token, timestamp, nonce, cipher]);
        query.push_str("&encrypt_type=aes&msg_signature=");
        query.push_str(&over_body);
    }
    SignedRequest {
        query,
        body: body.into(),
        timestamp: timestamp.clone(),
        nonce: nonce.clone(),
    }
}

fn address(world: &World, query: &str) -> Result<Uri, String> {
    let base = world.callback().ok_or("no callback address is set")?.to_string();
    let joint = if base.contains('?') { '&' } else { '?' };
    format!("{base}{joint}{query}")
        .parse()
        .map_err(|_| "the callback address is not valid".to_owned())
}

async fn exchange(world: &World, request: Request<Full<Bytes>>) -> Result<RawAnswer, String> {
    let limit = world.options.answer_limit;
    let work = async {
        let response = world
            .http
            .request(request)
            .await
            .map_err(|error| format!("no connection: {error}"))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body
            .map_err(|error| format!("the answer broke off: {error}"))?
            .to_bytes();
        Ok(RawAnswer { status, body })
    };
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
}

/// Posts a request once; the error says why there was no answer.
pub(crate) async fn post(world: &World, request: &SignedRequest) -> Result<RawAnswer, String> {
    let http = Request::post(address(world, &request.query)?)
        .header("content-type", "text/xml")
        .header("user-agent", "Mozilla/4.0")
        .body(Full::new(request.body.clone()))
        .map_err(|error| error.to_string())?;
    exchange(world, http).await
}

/// The verification of the address (section 1): true when the echo came back byte for byte.
pub(crate) async fn verify_url(world: &World, token: Option<&str>) -> Result<RawAnswer, String> {
    let mut seal = Seal::of(world);
    if let Some(token) = token {
        seal.token = token.into();
    }
    let echo = u64::from_be_bytes(crypto::random_bytes()).to_string();
    let proof = signature(&[&seal.token, &seal.timestamp, &seal.nonce]);
    let query = format!(
        "signature={proof}&echostr={echo}&timestamp={}&nonce={}",
        seal.timestamp, seal.nonce
    );
    let http = Request::get(address(world, &query)?)
        .header("user-agent", "Mozilla/4.0")
        .body(Full::default())
        .map_err(|error| error.to_string())?;
    let answer = exchange(world, http).await?;
    let echoed = answer.status == 200 && answer.body == echo.as_bytes();
    if echoed {
        Ok(answer)
    } else {
        Err(format!(
            "the server answered {} instead of the echo",
            answer.status
        ))
    }
}

/// Delivers with all attempts, shows the fate on the phone and keeps a passive reply.
pub(crate) async fn deliver(world: &World, callback: &Callback) -> Delivery {
    let mut attempts = Vec::new();
    let mut request = None;
    loop {
        let fresh = world.options.retry == Retry::FreshEnvelope;
        let signed = match request.take() {
            Some(request) if !fresh => request,
            _ => sign(world, &callback.openid, callback.xml.as_bytes(), &Seal::of(world)),
        };
        let started = Instant::now();
        let answer = match post(world, &signed).await {
            Ok(raw) => answer::judge(world, callback, &raw),
            Err(reason) => Answer::None(reason),
        };
        let again = matches!(answer, Answer::None(_) | Answer::Http(500..));
        attempts.push(Attempt {
            took: started.elapsed(),
            answer: answer.clone(),
        });
        if !again || attempts.len() >= world.options.attempts.max(1) as usize {
            let delivery = Delivery { attempts, answer };
            settle(world, callback, &delivery);
            return delivery;
        }
        request = Some(signed);
        tokio::time::sleep(world.options.retry_pause).await;
    }
}

fn settle(world: &World, callback: &Callback, delivery: &Delivery) {
    let now_ms = world.now_ms();
    world.change(|state| {
        let fate = if delivery.is_accepted() {
            Fate::Done
        } else {
            Fate::Failed
        };
        if let (Some(person), Some(line)) = (state.people.get_mut(&callback.openid), callback.line) {
            person.set_fate(line, fate);
            if fate == Fate::Failed && callback.event.is_none() {
                let text = "该公众号暂时无法提供服务，请稍后再试";
                person.add_line(
                    crate::record::Author::Notice,
                    "notice",
                    serde_json::json!({ "content": text }),
                    now_ms,
                );
            }
        }
        if let Answer::Reply(reply) = &delivery.answer {
            let (sent, display) = reply.sent(state, &callback.openid, now_ms);
            state.deliver_to_customer(sent, display);
        }
    });
}
