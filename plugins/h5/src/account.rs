//! One open account and what all its parts share; the visitor's way in: checking a message, giving it to the
//! desk, telling the visitor's other pages.
use crate::config::Config;
use crate::frames::{Draft, DraftBody};
use crate::identity::{Tokens, Visitor};
use crate::limits::{self, Rate};
use crate::poll::Polls;
use crate::sockets::Sockets;
use crate::texts::Code;
use crate::visitors::Visitors;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use weikefu_channel::{
    Cause, Content, Cursor, Error, From, Host, Inbound, Level, MediaRef, Refused, Result, ThreadMessage, What,
};

/// Key of the token secret in the account's own store.
const SECRET_KEY: &str = "token-secret";

/// An open account.
pub(crate) struct Account {
    pub(crate) host: Host,
    pub(crate) config: Config,
    /// The shop has switched the entry off.
    pub(crate) off: Cell<bool>,
    pub(crate) tokens: Tokens,
    pub(crate) sockets: RefCell<Sockets>,
    pub(crate) polls: Polls,
    pub(crate) visitors: RefCell<Visitors>,
    pub(crate) messages: RefCell<Rate>,
    pub(crate) uploads: RefCell<Rate>,
    pub(crate) page_views: RefCell<Rate>,
}

/// A refusal on its way to the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Why.
    pub(crate) code: Code,
    /// When to try again, milliseconds.
    pub(crate) retry_after_ms: Option<i64>,
}

impl std::convert::From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Refusal {
            code,
            retry_after_ms: None,
        }
    }
}

/// A stored message of a visitor.
pub(crate) struct Accepted {
    /// Its place.
    pub(crate) cursor: Cursor,
    /// When it was stored, Unix milliseconds.
    pub(crate) at: i64,
    /// Whether it had been stored before.
    pub(crate) duplicate: bool,
    /// The message as the thread has it; not to be shown when it is a duplicate.
    pub(crate) message: ThreadMessage,
}

impl Account {
    /// Opens an account: checks the settings and fetches its token secret, which is made once.
    ///
    /// # Errors
    /// [`Cause::Config`], or what the host's store answers.
    pub(crate) async fn open(host: Host, config: Config) -> Result<Rc<Self>> {
        let config = config.checked()?;
        let rate = config.messages_per_10_seconds;
        let tokens = Tokens::new(secret(&host).await?);
        Ok(Rc::new(Account {
            host,
            config,
            off: Cell::new(false),
            tokens,
            sockets: RefCell::default(),
            polls: Polls::default(),
            visitors: RefCell::default(),
            messages: RefCell::new(Rate::new(rate, limits::RATE_MS)),
            uploads: RefCell::new(Rate::new(limits::UPLOADS, limits::UPLOAD_MS)),
            page_views: RefCell::new(Rate::new(limits::PAGE_VIEWS, limits::RATE_MS)),
        }))
    }

    /// Whether nobody may come in.
    pub(crate) fn is_closed(&self) -> bool {
        self.off.get() || !self.config.enabled
    }

    /// The shop has switched the entry. Who is here when it goes off is told, by socket and by poll.
    pub(crate) async fn switch(&self, on: bool) {
        self.off.set(!on);
        if !self.is_closed() {
            return;
        }
        self.polls.wake_all();
        let connections = self.sockets.borrow().all();
        for connection in connections {
            self.refuse_socket(connection, Code::Closed).await;
        }
    }

    /// Unix second now.
    pub(crate) fn now_s(&self) -> i64 {
        self.host.now() / 1_000
    }

    /// The visitor of a token.
    pub(crate) fn visitor(&self, token: &str) -> Result<Visitor, Refusal> {
        self.tokens
            .check(token, self.now_s())
            .ok_or(Code::BadToken.into())
    }

    /// Gives a visitor's message to the desk and, once it is durable, to the visitor's sockets and polls.
    /// `through` is the socket it came through: an acknowledgement tells that one enough, so its caller must
    /// send it before anything else, in `acknowledge`.
    pub(crate) async fn accept(
        self: &Rc<Self>,
        peer: &str,
        draft: Draft,
        through: Option<u64>,
        acknowledge: impl FnOnce(&Accepted),
    ) -> Result<(), Refusal> {
        let taken = self.messages.borrow_mut().take(peer, self.host.now());
        taken.map_err(|wait| Refusal {
            code: Code::TooFast,
            retry_after_ms: Some(wait),
        })?;
        let content = match draft.body {
            DraftBody::Text(text) => Content::Text { text },
            DraftBody::Image(id) => Content::Image {
                media: Some(self.picture(&id).await?),
            },
        };
        let inbound = Inbound {
            peer: peer.to_owned(),
            dedupe: draft.client_id,
            sent_at: limits::sent_at(draft.created_at),
            what: What::Message { content },
            profile: self.visitors.borrow().profile(peer),
            trigger: None,
            passive: None,
        };
        let stored = self
            .host
            .emit(&inbound)
            .await
            .map_err(|error| self.refused(&error))?;
        let cursor = stored.cursor.ok_or(match stored.refused {
            Some(Refused::EntryOff) => Code::Closed,
            _ => Code::Refused,
        })?;
        let What::Message { content } = inbound.what else {
            return Err(Code::Unavailable.into());
        };
        let message = ThreadMessage {
            cursor,
            at: stored.at,
            from: From::Customer,
            content,
            dedupe: Some(inbound.dedupe),
        };
        let accepted = Accepted {
            cursor,
            at: stored.at,
            duplicate: stored.duplicate,
            message,
        };
        acknowledge(&accepted);
        self.echo(peer, &accepted, through);
        Ok(())
    }

    /// Why the desk did not do something, in the visitor's terms. The cause goes to the log.
    pub(crate) fn refused(&self, error: &Error) -> Refusal {
        if error.kind == Cause::Rejected {
            return Code::Refused.into();
        }
        self.host
            .log(Level::Warn, &format!("a visitor was told to try again: {error}"));
        Refusal {
            code: Code::Unavailable,
            retry_after_ms: Some(2_000),
        }
    }

    async fn picture(&self, id: &str) -> Result<MediaRef, Refusal> {
        if let Some(media) = self.visitors.borrow().picture(id) {
            return Ok(media);
        }
        // Only after a restart between upload and message: the host tells what a file is along with its bytes.
        let (media, _) = self.host.media_get(id).await.map_err(|error| match error.kind {
            Cause::NotFound => Code::BadMedia.into(),
            _ => self.refused(&error),
        })?;
        if !limits::PICTURES.contains(&media.mime.as_str()) {
            return Err(Code::BadMedia.into());
        }
        self.visitors.borrow_mut().keep(&media);
        Ok(media)
    }
}

/// The account's token secret. Two instances that open at once agree on one by the host's compare-and-swap.
async fn secret(host: &Host) -> Result<[u8; 32]> {
    let broken = |what: &str| {
        Error::new(
            Cause::Internal,
            format!("the token secret of this account {what}"),
        )
    };
    if host.kv_get(SECRET_KEY).await?.is_none() {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|error| broken(&format!("could not be made: {error}")))?;
        host.kv_swap(SECRET_KEY, None, fresh.to_vec()).await?;
    }
    let stored = host.kv_get(SECRET_KEY).await?.unwrap_or_default();
    stored
        .try_into()
        .map_err(|_| broken("is damaged; remove the channel and add it again"))
}
