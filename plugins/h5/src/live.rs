//! Telling connected visitors: pushing frames through sockets in order, catching up, waking polls.
//!
//! Every socket has one pump, a task of its own that hands its frames to the host one after the other; so no
//! caller waits for a slow socket, and frames keep their order although many calls are under way.
use crate::account::{Accepted, Account};
use crate::frames::{self, ServerFrame};
use crate::limits;
use crate::sockets::{Next, Offer};
use crate::texts::Code;
use std::rc::Rc;
use weikefu_channel::{Cursor, Thread, ThreadMessage, ThreadQuery};

/// WebSocket close codes (RFC 6455, 7.4).
const POLICY: u16 = 1008;
const TRY_AGAIN_LATER: u16 = 1013;

impl Account {
    /// A new message of the thread goes to every page of its visitor.
    pub(crate) fn deliver(self: &Rc<Self>, peer: &str, message: &ThreadMessage) -> usize {
        let mut frame = None;
        let connections = self.sockets.borrow().of(peer);
        let pages = connections.len();
        for connection in connections {
            let offer = self.sockets.borrow_mut().offer(connection, message);
            self.act(connection, offer, || {
                frame
                    .get_or_insert_with(|| ServerFrame::Message { message }.text())
                    .clone()
            });
        }
        self.polls.wake(peer);
        pages
    }

    /// A visitor's own message goes to the other pages; see [`Account::accept`].
    pub(crate) fn echo(self: &Rc<Self>, peer: &str, accepted: &Accepted, through: Option<u64>) {
        let connections = self.sockets.borrow().of(peer);
        for connection in connections {
            let offer = {
                let mut sockets = self.sockets.borrow_mut();
                match (accepted.duplicate, through == Some(connection)) {
                    // The thread has what was written first, not what was written now.
                    (true, _) => sockets.hint(connection, accepted.cursor),
                    (false, true) => sockets.own(connection, &accepted.message),
                    (false, false) => sockets.offer(connection, &accepted.message),
                }
            };
            self.act(connection, offer, || {
                ServerFrame::Message {
                    message: &accepted.message,
                }
                .text()
            });
        }
        self.polls.wake(peer);
    }

    fn act(self: &Rc<Self>, connection: u64, offer: Offer, frame: impl FnOnce() -> String) {
        match offer {
            Offer::Done => {}
            Offer::Send => self.push(connection, frame()),
            Offer::CatchUp => {
                let account = Rc::clone(self);
                self.host
                    .spawn(async move { account.catch_up(connection, false).await });
            }
        }
    }

    /// A frame about the service goes to every page of a visitor, never in front of the welcome.
    pub(crate) fn announce(self: &Rc<Self>, peer: &str, frame: &str) {
        let connections = self.sockets.borrow().of(peer);
        for connection in connections {
            if !self.sockets.borrow_mut().hold_service(connection, frame) {
                self.push(connection, frame.to_owned());
            }
        }
    }

    /// The agent is writing: told to those who are up to date, forgotten for all others.
    pub(crate) fn announce_typing(self: &Rc<Self>, peer: &str) {
        let connections = self.sockets.borrow().of(peer);
        for connection in connections {
            if self.sockets.borrow().reading(connection).is_none() {
                self.push(connection, ServerFrame::Typing.text());
            }
        }
    }

    /// Puts a frame on its way to a socket.
    pub(crate) fn push(self: &Rc<Self>, connection: u64, frame: String) {
        let pump = self.sockets.borrow_mut().enqueue(connection, frame);
        match pump {
            Some(true) => {
                let account = Rc::clone(self);
                self.host.spawn(async move { account.pump(connection).await });
            }
            Some(false) => {}
            None => self.drop_socket(connection, TRY_AGAIN_LATER, "too slow"),
        }
    }

    async fn pump(self: Rc<Self>, connection: u64) {
        loop {
            let frame = self.sockets.borrow_mut().next_frame(connection);
            let Some(frame) = frame else { return };
            if self.host.ws_send(connection, frame).await.is_err() {
                // A lost frame would be a gap: the visitor connects again and says what it has.
                self.drop_socket(connection, TRY_AGAIN_LATER, "try again");
                return;
            }
        }
    }

    fn drop_socket(self: &Rc<Self>, connection: u64, code: u16, reason: &'static str) {
        if !self.sockets.borrow().is_open(connection) {
            return;
        }
        self.sockets.borrow_mut().close(connection);
        let host = self.host.clone();
        self.host.spawn(async move {
            // It may be gone already, which is what was wanted.
            let _ = host.ws_close(connection, code, reason).await;
        });
    }

    /// Refuses a socket: says why, then closes it.
    pub(crate) async fn refuse_socket(&self, connection: u64, code: Code) {
        let lang = self.sockets.borrow().lang(connection);
        self.sockets.borrow_mut().close(connection);
        // Either fails only when the socket is gone.
        let _ = self
            .host
            .ws_send(connection, ServerFrame::error(None, code, lang))
            .await;
        let _ = self.host.ws_close(connection, POLICY, code.word()).await;
    }

    /// Sends a socket everything behind its cursor, page by page, until it is up to date. The first pages
    /// after a hello are welcomes.
    pub(crate) async fn catch_up(self: Rc<Self>, connection: u64, mut welcome: bool) {
        loop {
            let behind = self.sockets.borrow().reading(connection);
            let Some((peer, after)) = behind else { return };
            let Ok(page) = self.thread_after(&peer, after).await else {
                return self.drop_socket(connection, TRY_AGAIN_LATER, "try again");
            };
            // Behind nothing the newest are read, and `more` means older ones.
            let goes_on = page.more && after.is_some();
            if welcome {
                let Thread {
                    service,
                    messages,
                    more,
                } = &page;
                // One frame carries only so much; what does not fit follows message by message.
                let (first, rest) = messages.split_at(frames::fitting(messages));
                self.push(
                    connection,
                    ServerFrame::Welcome {
                        service,
                        messages: first,
                        more: *more,
                    }
                    .text(),
                );
                self.push_messages(connection, rest);
                welcome = goes_on;
            } else {
                self.push_messages(connection, &page.messages);
            }
            let caught = self
                .sockets
                .borrow_mut()
                .caught(connection, &page.messages, goes_on);
            self.push_messages(connection, &caught.send);
            match caught.next {
                Next::Gone => return,
                Next::Read => {}
                Next::UpToDate(service) => {
                    if let Some(frame) = service {
                        self.push(connection, frame);
                    }
                    return;
                }
            }
        }
    }

    fn push_messages(self: &Rc<Self>, connection: u64, messages: &[ThreadMessage]) {
        for message in messages {
            self.push(connection, ServerFrame::Message { message }.text());
        }
    }

    /// The thread behind a place, or its newest messages.
    pub(crate) async fn thread_after(
        &self,
        peer: &str,
        after: Option<Cursor>,
    ) -> weikefu_channel::Result<Thread> {
        let query = ThreadQuery {
            peer: peer.to_owned(),
            after,
            before: None,
            limit: limits::PAGE,
        };
        self.host.thread(&query).await
    }
}
