//! One account of a plugin, as the executable sees it: typed calls with deadlines.
use crate::library::Library;
use crate::mailbox::Mailbox;
use crate::network::Network;
use crate::served::{Payload, read, reply};
use crate::services::Services;
use crate::thread;
use crate::web::Web;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use weikefu_channel::abi::{MAX_BODY, MAX_HEAD};
use weikefu_channel::{Card, Cause, Error, Notice, Outgoing, Receipt, Request, Response};

/// How long calls may take and how many may wait.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Creating and opening, each.
    pub open: Duration,
    /// `send`; covers the upload of a large file.
    pub send: Duration,
    /// `receive`; covers a long poll.
    pub receive: Duration,
    /// `alarm`.
    pub alarm: Duration,
    /// `typing`, `notice`.
    pub brief: Duration,
    /// The three calls of a socket, each.
    pub socket: Duration,
    /// `close`: how long a plugin may take to end.
    pub close: Duration,
    /// Calls that wait to be taken out of the mailbox.
    pub mailbox: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            open: Duration::from_secs(30),
            send: Duration::from_mins(1),
            receive: Duration::from_mins(1),
            alarm: Duration::from_mins(1),
            brief: Duration::from_secs(10),
            socket: Duration::from_secs(30),
            close: Duration::from_secs(10),
            mailbox: 1024,
        }
    }
}

/// An open account. Dropping it ends it in the background; [`Instance::close`] waits for the end.
/// Dropping the future of a call cancels the call.
pub struct Instance {
    mailbox: Arc<Mailbox>,
    ended: watch::Receiver<bool>,
    limits: Limits,
}

#[derive(Serialize)]
struct Socket<'a> {
    connection: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a Request>,
}

impl Instance {
    /// Opens an account. `name` appears in logs and names the thread. The configuration must be an object;
    /// an error of kind `config` names the field.
    pub async fn open(
        library: &Library,
        name: &str,
        config: serde_json::Value,
        services: Arc<dyn Services>,
        runtime: tokio::runtime::Handle,
    ) -> Result<Self, Error> {
        Self::open_with(library, name, config, services, runtime, Limits::default()).await
    }

    /// The same with limits of one's own.
    pub async fn open_with(
        library: &Library,
        name: &str,
        config: serde_json::Value,
        services: Arc<dyn Services>,
        runtime: tokio::runtime::Handle,
        limits: Limits,
    ) -> Result<Self, Error> {
        let web = Web::new(Network::of(library.manifest(), &config), &runtime);
        let (mailbox, inbox) = Mailbox::new(name, limits.mailbox, services, web, runtime);
        let ((created, is_created), (ends, ended)) = (oneshot::channel(), watch::channel(false));
        let config = reply(&config)?.0;
        thread::start(library.table, config, mailbox.clone(), inbox, created, ends).map_err(|e| {
            Error::told(
                Cause::Retryable,
                format!("{name}：无法启动线程（{e}）；请检查系统的进程数限制和内存"),
                format!("{name}: no thread could be started: {e}"),
            )
        })?;
        // From here on, leaving early drops the instance, which stops the thread.
        let instance = Instance {
            mailbox,
            ended,
            limits,
        };
        let late = || {
            Error::told(
                Cause::Retryable,
                format!("渠道 {name} 没有及时启动，请用 weikefu channel set 重新打开"),
                format!("{name} did not start in time; open it again with `weikefu channel set`"),
            )
        };
        timeout(instance.limits.open, is_created)
            .await
            .map_err(|_| late())?
            .map_err(|_| late())??;
        instance
            .call("channel.open", b"{}".to_vec(), Vec::new(), instance.limits.open)
            .await?;
        Ok(instance)
    }

    /// Carries a message to a customer. `Unknown` when the plugin had it and no answer came in time.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Receipt, Error> {
        let head = reply(&outgoing)?.0;
        let (head, _) = self
            .call("channel.send", head, Vec::new(), self.limits.send)
            .await?;
        read("channel.send", &head)
    }

    /// Shows the customer that the agent is writing.
    pub async fn typing(&self, peer: &str) -> Result<(), Error> {
        let head = reply(&serde_json::json!({ "peer": peer }))?.0;
        self.call("channel.typing", head, Vec::new(), self.limits.brief)
            .await
            .map(drop)
    }

    /// Tells that an alarm has come due.
    pub async fn alarm(&self, id: &str) -> Result<(), Error> {
        let head = reply(&serde_json::json!({ "id": id }))?.0;
        self.call("channel.alarm", head, Vec::new(), self.limits.alarm)
            .await
            .map(drop)
    }

    /// Hands over a request below `/c/<key>/`.
    pub async fn receive(&self, mut request: Request) -> Result<Response, Error> {
        let body = std::mem::take(&mut request.body);
        let head = reply(&request)?.0;
        let (head, body) = self
            .call("webhooks.receive", head, body, self.limits.receive)
            .await?;
        let mut response: Response = read("webhooks.receive", &head)?;
        response.body = body;
        Ok(response)
    }

    /// Tells that a socket was opened. The three socket calls wait for room in the mailbox instead of failing:
    /// the socket's sender is slowed down.
    pub async fn socket_opened(&self, connection: u64, request: Request) -> Result<(), Error> {
        let head = reply(&Socket {
            connection,
            request: Some(&request),
        })?
        .0;
        self.socket("sockets.opened", head, Vec::new()).await
    }

    /// Hands over a text message of a socket. Returns when the plugin has dealt with it.
    pub async fn socket_message(&self, connection: u64, text: String) -> Result<(), Error> {
        let head = reply(&Socket {
            connection,
            request: None,
        })?
        .0;
        self.socket("sockets.message", head, text.into_bytes()).await
    }

    /// Tells that a socket is gone.
    pub async fn socket_closed(&self, connection: u64) -> Result<(), Error> {
        let head = reply(&Socket {
            connection,
            request: None,
        })?
        .0;
        self.socket("sockets.closed", head, Vec::new()).await
    }

    /// Tells that a customer's service has changed.
    pub async fn notice(&self, notice: Notice) -> Result<(), Error> {
        let head = reply(&notice)?.0;
        self.call("notices.notify", head, Vec::new(), self.limits.brief)
            .await
            .map(drop)
    }

    /// Tells that the shop has switched the entry on or off.
    pub async fn switched(&self, on: bool) -> Result<(), Error> {
        let head = reply(&serde_json::json!({ "on": on }))?.0;
        self.call("entry.switched", head, Vec::new(), self.limits.brief)
            .await
            .map(drop)
    }

    /// Asks what the platform's register says of a customer. The answer is cut to its bounds.
    pub async fn card(&self, peer: &str) -> Result<Card, Error> {
        let head = reply(&serde_json::json!({ "peer": peer }))?.0;
        let (head, _) = self
            .call("directory.card", head, Vec::new(), self.limits.send)
            .await?;
        let mut card: Card = read("directory.card", &head)?;
        card.tags.truncate(50);
        let Card {
            tags,
            remark,
            language,
        } = &mut card;
        for text in tags.iter_mut().chain([remark]).chain(language.as_mut()) {
            text.truncate(text.floor_char_boundary(256));
        }
        Ok(card)
    }

    /// Any operation: what the typed calls above are made of.
    pub async fn call(
        &self,
        op: &'static str,
        head: Vec<u8>,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<Payload, Error> {
        let room = self
            .mailbox
            .room
            .clone()
            .try_acquire_owned()
            .map_err(|_| self.mailbox.busy())?;
        self.post(op, (head, body), room, limit).await
    }

    async fn socket(&self, op: &'static str, head: Vec<u8>, body: Vec<u8>) -> Result<(), Error> {
        let limit = self.limits.socket;
        let room = timeout(limit, self.mailbox.room.clone().acquire_owned()).await;
        let Ok(Ok(room)) = room else {
            return Err(self.mailbox.busy());
        };
        self.post(op, (head, body), room, limit).await.map(drop)
    }

    async fn post(
        &self,
        op: &'static str,
        payload: Payload,
        room: tokio::sync::OwnedSemaphorePermit,
        limit: Duration,
    ) -> Result<Payload, Error> {
        if payload.0.len() > MAX_HEAD || payload.1.len() > MAX_BODY {
            return Err(Error::told(
                Cause::Rejected,
                "内容过大：文字部分上限 1 MB，文件上限 32 MB，请缩小后再发",
                format!("{op}: larger than 1 MiB of head or 32 MiB of body"),
            ));
        }
        if self.quarantined() {
            let name = self.name();
            return Err(Error::told(
                Cause::Retryable,
                format!("渠道 {name} 因反复出错已停用，请重新打开渠道"),
                format!("{name} is stopped because it failed again and again; open the channel again"),
            ));
        }
        let mut ticket = self.mailbox.call(op, payload, room)?;
        match timeout(limit, &mut ticket.receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.mailbox.closed()),
            Err(_) => Err(ticket.late(limit)),
        }
    }

    /// The name it was opened with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.mailbox.name
    }

    /// Whether it panicked so often (5 times in 10 minutes) that it gets no more calls.
    /// [`Services::status`] is told when that happens; opening a new instance ends it.
    #[must_use]
    pub fn quarantined(&self) -> bool {
        self.mailbox.quarantined()
    }

    /// Ends the instance and waits for it. Calls under way fail with `Retryable`. Returns whether the plugin
    /// ended in time; one that does not keeps its thread.
    pub async fn close(&self) -> bool {
        self.mailbox.stop();
        let mut ended = self.ended.clone();
        timeout(self.limits.close, ended.wait_for(|ended| *ended))
            .await
            .is_ok_and(|ended| ended.is_ok())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.mailbox.stop();
    }
}
