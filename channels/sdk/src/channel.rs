//! The traits a plugin implements. Each optional capability is a trait of its own; `export!` builds the
//! dispatch and the manifest's list of capabilities from one list.
use crate::error::Result;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::inbound::Card;
use crate::manifest::Manifest;
use crate::thread::{Notice, Outgoing, Receipt};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A channel: one instance is one account. Everything runs on the instance's own thread, so state is
/// `Cell` and `RefCell`, and futures need not be `Send`.
#[allow(async_fn_in_trait)] // one thread per instance: the futures are meant to be !Send
pub trait Channel: Sized + 'static {
    /// The account's settings. Doc comments become the help texts of the console's form.
    type Config: DeserializeOwned + JsonSchema;

    /// What this plugin is. Called without an instance, any number of times.
    fn manifest() -> Manifest;

    /// Opens an account. Refuse with [`crate::Cause::Config`] and name the field when the settings are wrong.
    /// Host services are available.
    async fn open(host: Host, config: Self::Config) -> Result<Self>;

    /// Carries one message to a customer. The desk sends the messages of one customer one at a time and in
    /// order; different customers' messages may be under way together.
    async fn send(&self, outgoing: Outgoing) -> Result<Receipt>;

    /// Shows the customer that the agent is writing. Best effort: the default does nothing.
    async fn typing(&self, _peer: String) -> Result<()> {
        Ok(())
    }

    /// A timer set with [`Host::alarm_set`] has come due.
    async fn alarm(&self, _id: String) -> Result<()> {
        Ok(())
    }
}

/// Capability `webhooks`: the host forwards every request below `/c/<key>/`.
#[allow(async_fn_in_trait)] // see Channel
pub trait Webhooks: Channel {
    /// Answers one request. It may wait, for a long poll; the host gives up after 60 seconds.
    async fn receive(&self, request: Request) -> Result<Response>;
}

/// Capability `sockets`: the host accepts WebSockets at `/c/<key>/ws` and hands over whole text messages.
/// The three calls of one connection arrive in order.
#[allow(async_fn_in_trait)] // see Channel
pub trait Sockets: Channel {
    /// A socket was opened. `connection` names it until `closed`.
    async fn opened(&self, connection: u64, request: Request);
    /// A text message of at most 64 KiB arrived.
    async fn message(&self, connection: u64, text: String);
    /// The socket is gone.
    async fn closed(&self, connection: u64);
}

/// Capability `notices`: the channel can show customers who serves them.
#[allow(async_fn_in_trait)] // see Channel
pub trait Notices: Channel {
    /// The service of a customer has changed.
    async fn notice(&self, notice: Notice) -> Result<()>;
}

/// Capability `entry`: the channel shows customers whether they may come in. What they write while they may not is
/// refused by the host, with or without this.
#[allow(async_fn_in_trait)] // see Channel
pub trait Entry: Channel {
    /// The shop has switched the entry on or off. It is on when the channel opens, unless this says otherwise.
    async fn switched(&self, on: bool) -> Result<()>;
}

/// Capability `directory`: the platform keeps a register of customers that can be read.
#[allow(async_fn_in_trait)] // see Channel
pub trait Directory: Channel {
    /// What the register says of a customer now. Asked at most once an hour per customer, and when an agent wants
    /// to know; fail rather than answer half of it.
    async fn card(&self, peer: String) -> Result<Card>;
}
