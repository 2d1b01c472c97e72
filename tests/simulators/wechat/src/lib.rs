//! An imitation of the WeChat platform for tests and demos: the API an account calls, and the callbacks it
//! receives. Written only from the protocol reference (numbers of sections in the comments are its), so that
//! it and the plugin agree through that document alone. It is stricter than the platform where the document
//! says what a client should do. It does not speak TLS and listens on loopback.

mod account;
mod answer;
mod api;
mod broken;
mod callback;
mod clock;
mod crypto;
mod customer;
mod faults;
mod inbound;
mod media;
mod record;
mod rules;
mod server;
mod storm;
mod text;
mod tokens;
mod web;
mod world;
mod xml;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use account::{Account, Mode, Options, Retry};
pub use answer::{Answer, PassiveReply};
pub use broken::Broken;
pub use callback::{Attempt, Callback, Delivery, RawAnswer, SignedRequest};
pub use clock::Clock;
pub use crypto::{CipherError, MessageCipher, Opened, signature};
pub use customer::{Customer, TooFew};
pub use faults::{Fault, Faults};
pub use inbound::Inbound;
pub use media::{Format, Kind, MediaFile, sample};
pub use record::{Call, Sent, Via, Violation};
pub use rules::{Closed, Grant, Quota, Trigger, WindowRules, Windows};
pub use storm::Storm;
pub use xml::Node;

use world::World;

/// The simulator could not be started, and why.
#[derive(Debug)]
pub struct StartError(String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// A running platform; it ends when the last clone is dropped.
#[derive(Clone)]
pub struct Simulator {
    world: Arc<World>,
    _server: Arc<Server>,
}

struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Simulator {
    /// Starts the API server.
    pub async fn start(account: Account, options: Options) -> Result<Self, StartError> {
        let listen = options.listen;
        if !listen.ip().is_loopback() {
            return Err(StartError(format!(
                "{listen} is not a loopback address: use 127.0.0.1:0"
            )));
        }
        let world = Arc::new(World::new(account, options)?);
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            StartError(format!(
                "cannot listen on {listen}: {error}; choose another port, 0 takes any free one"
            ))
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError(error.to_string()))?;
        let _ = world.base.set(format!("http://{address}"));
        let task = tokio::spawn(server::run(Arc::clone(&world), listener));
        Ok(Self {
            world,
            _server: Arc::new(Server(task)),
        })
    }

    /// `http://127.0.0.1:port`, for the setting of the API's address.
    #[must_use]
    pub fn api_base(&self) -> String {
        self.world.base().to_owned()
    }

    /// The account that is played.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.world.account
    }

    /// Where callbacks go; only `http://`.
    pub fn set_callback(&self, url: &str) -> Result<(), StartError> {
        let uri = url
            .parse::<http::Uri>()
            .ok()
            .filter(|uri| uri.scheme_str() == Some("http"));
        let wrong = || {
            StartError(format!(
                "{url:?} is not an http address such as http://127.0.0.1:8080/path"
            ))
        };
        self.world.set_callback(uri.ok_or_else(wrong)?);
        Ok(())
    }

    /// Verifies the callback address as the console does on saving; the error says what was wrong.
    pub async fn verify_url(&self) -> Result<(), String> {
        callback::verify_url(&self.world, None).await.map(drop)
    }

    /// Tries the verification with another token; a good server refuses it.
    pub async fn verify_url_with_token(&self, token: &str) -> Result<(), String> {
        callback::verify_url(&self.world, Some(token)).await.map(drop)
    }

    /// The person of this openid; a new one is a follower without an open reply window.
    #[must_use]
    pub fn customer(&self, openid: &str) -> Customer {
        Customer::meet(&self.world, openid, true)
    }

    /// As `customer`, but a new one does not follow.
    #[must_use]
    pub fn stranger(&self, openid: &str) -> Customer {
        Customer::meet(&self.world, openid, false)
    }

    /// Delivers a callback, with all attempts; again for a duplicate.
    pub async fn deliver(&self, callback: &Callback) -> Delivery {
        callback::deliver(&self.world, callback).await
    }

    /// Delivers many out of order and in parallel; each result has the index of its callback.
    pub async fn storm(&self, callbacks: Vec<Callback>, storm: Storm) -> Vec<(usize, Delivery)> {
        storm::run(&self.world, callbacks, storm).await
    }

    /// The request of a callback, well signed: to be changed, kept and replayed.
    #[must_use]
    pub fn sign(&self, callback: &Callback) -> SignedRequest {
        callback::sign(
            &self.world,
            &callback.openid,
            callback.xml.as_bytes(),
            &callback::Seal::of(&self.world),
        )
    }

    /// The request of a callback with a fault.
    #[must_use]
    pub fn broken(&self, callback: &Callback, broken: &Broken) -> SignedRequest {
        broken::build(&self.world, callback, broken)
    }

    /// Posts a request once, as it is; the error says why there was no answer.
    pub async fn post(&self, request: &SignedRequest) -> Result<RawAnswer, String> {
        callback::post(&self.world, request).await
    }

    /// The script of faults of the API.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// The platform's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.world.options.clock
    }

    /// Everything sent to anybody, in the order of arrival.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        let mut all: Vec<Sent> = self
            .world
            .state()
            .people
            .values()
            .flat_map(|person| person.sent.iter().cloned())
            .collect();
        all.sort_by_key(|sent| sent.order);
        all
    }

    /// Calls of a path so far; the last 50 000 of all paths are kept.
    #[must_use]
    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.world
            .state()
            .calls
            .iter()
            .filter(|call| call.path == path)
            .cloned()
            .collect()
    }

    /// Waits for at least `count` calls of a path; `false` when `Options::patience` is over.
    pub async fn wait_for_calls(&self, path: &str, count: usize) -> bool {
        let enough = |state: &world::State| {
            (state.calls.iter().filter(|call| call.path == path).count() >= count).then_some(())
        };
        self.world
            .wait_for(self.world.options.patience, enough)
            .await
            .is_some()
    }

    /// What clients did that the platform lets pass but the document forbids.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.world.state().violations.clone()
    }

    /// Takes all access tokens away, as another server with the same secret would.
    pub fn kill_tokens(&self) {
        self.world.change(|state| state.tokens.kill_all());
    }

    /// Forgets a media file, as if its 3 days were over.
    pub fn forget_media(&self, media_id: &str) {
        self.world.change(|state| state.media.remove(media_id));
    }
}
