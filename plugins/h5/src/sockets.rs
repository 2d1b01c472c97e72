//! The table of sockets: who is connected, how far each one has been told, what waits for it. Pure.
//!
//! Every socket has a cursor: the place up to which its visitor has everything. A message leaves through a
//! socket only when it directly follows that cursor; anything else puts the socket into catching up, during
//! which new messages are held and the missing ones are read from the desk's thread (`live.rs`). So a socket
//! never skips, repeats or reorders, whatever order sends and acknowledgements come in.
use crate::limits;
use crate::texts::{Code, Lang};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use weikefu_channel::{Cursor, ThreadMessage};

/// Frames that may wait for one socket in the plugin; the host keeps another 256.
const QUEUE: usize = 512;
/// Messages held for a socket that is catching up. More are forgotten and read from the thread instead.
const HELD: usize = 256;

struct Socket {
    lang: Lang,
    member: Option<Member>,
    queue: VecDeque<String>,
    pumping: bool,
}

struct Member {
    peer: Rc<str>,
    cursor: Option<Cursor>,
    catching: Option<Catching>,
}

#[derive(Default)]
struct Catching {
    held: BTreeMap<Cursor, ThreadMessage>,
    /// Something was held back that is not in `held`: read once more.
    again: bool,
    /// The newest frame about the service; it must not overtake the welcome.
    service: Option<String>,
}

/// What to do after a message was offered to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nothing: the socket has it, holds it or is gone.
    Done,
    /// Send it; the cursor has moved.
    Send,
    /// Start catching up.
    CatchUp,
}

/// What to do after a page of the thread was read for a socket and sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Caught {
    /// Send these held messages.
    pub(crate) send: Vec<ThreadMessage>,
    /// Then do this.
    pub(crate) next: Next,
}

/// See [`Caught`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The socket is gone.
    Gone,
    /// Read the next page.
    Read,
    /// The socket is up to date; send the frame about the service, if there is one.
    UpToDate(Option<String>),
}

/// All sockets of an account.
#[derive(Default)]
pub(crate) struct Sockets {
    sockets: HashMap<u64, Socket>,
    peers: HashMap<Rc<str>, Vec<u64>>,
}

impl Sockets {
    /// A socket was opened.
    pub(crate) fn open(&mut self, connection: u64, lang: Lang) {
        self.sockets.insert(
            connection,
            Socket {
                lang,
                member: None,
                queue: VecDeque::new(),
                pumping: false,
            },
        );
    }

    /// A visitor said hello. The socket is catching up from now on.
    ///
    /// # Errors
    /// What to answer.
    pub(crate) fn join(
        &mut self,
        connection: u64,
        peer: &str,
        after: Option<Cursor>,
        lang: Option<Lang>,
    ) -> Result<(), Code> {
        let Some(socket) = self.sockets.get_mut(&connection) else {
            return Err(Code::BadRequest);
        };
        if socket.member.is_some() {
            return Err(Code::BadRequest);
        }
        let peer = self
            .peers
            .get_key_value(peer)
            .map_or_else(|| Rc::from(peer), |(known, _)| Rc::clone(known));
        let connections = self.peers.entry(Rc::clone(&peer)).or_default();
        if connections.len() >= limits::SOCKETS {
            return Err(Code::TooMany);
        }
        connections.push(connection);
        socket.lang = lang.unwrap_or(socket.lang);
        socket.member = Some(Member {
            peer,
            cursor: after,
            catching: Some(Catching::default()),
        });
        Ok(())
    }

    /// A socket is gone.
    pub(crate) fn close(&mut self, connection: u64) {
        let Some(Socket {
            member: Some(member), ..
        }) = self.sockets.remove(&connection)
        else {
            return;
        };
        if let Some(connections) = self.peers.get_mut(&member.peer) {
            connections.retain(|other| *other != connection);
            if connections.is_empty() {
                self.peers.remove(&member.peer);
            }
        }
    }

    /// Whether the socket is open.
    #[must_use]
    pub(crate) fn is_open(&self, connection: u64) -> bool {
        self.sockets.contains_key(&connection)
    }

    /// The visitor of a socket that said hello.
    #[must_use]
    pub(crate) fn peer(&self, connection: u64) -> Option<Rc<str>> {
        Some(Rc::clone(&self.sockets.get(&connection)?.member.as_ref()?.peer))
    }

    /// The language of a socket.
    #[must_use]
    pub(crate) fn lang(&self, connection: u64) -> Lang {
        self.sockets
            .get(&connection)
            .map_or(Lang::default(), |socket| socket.lang)
    }

    /// The sockets of a visitor, in the order they joined.
    #[must_use]
    pub(crate) fn of(&self, peer: &str) -> Vec<u64> {
        self.peers.get(peer).cloned().unwrap_or_default()
    }

    /// Every socket.
    #[must_use]
    pub(crate) fn all(&self) -> Vec<u64> {
        self.sockets.keys().copied().collect()
    }

    /// Number of sockets and of visitors.
    #[cfg(test)]
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.sockets.len(), self.peers.len())
    }

    fn member(&mut self, connection: u64) -> Option<&mut Member> {
        self.sockets.get_mut(&connection)?.member.as_mut()
    }

    /// Offers a new message of the thread to a socket.
    pub(crate) fn offer(&mut self, connection: u64, message: &ThreadMessage) -> Offer {
        let Some(member) = self.member(connection) else {
            return Offer::Done;
        };
        if member.cursor >= Some(message.cursor) {
            return Offer::Done;
        }
        if member.catching.is_none() && follows(member.cursor, message.cursor) {
            member.cursor = Some(message.cursor);
            return Offer::Send;
        }
        member.hold(Some(message))
    }

    /// Tells a socket that something is in the thread at `cursor`, without saying what.
    pub(crate) fn hint(&mut self, connection: u64, cursor: Cursor) -> Offer {
        match self.member(connection) {
            Some(member) if member.cursor < Some(cursor) => member.hold(None),
            _ => Offer::Done,
        }
    }

    /// The visitor wrote this message through this very socket: an acknowledgement is enough when it follows.
    pub(crate) fn own(&mut self, connection: u64, message: &ThreadMessage) -> Offer {
        match self.offer(connection, message) {
            Offer::Send => Offer::Done,
            other => other,
        }
    }

    /// For a socket that is catching up: its visitor and the cursor to read behind.
    #[must_use]
    pub(crate) fn reading(&self, connection: u64) -> Option<(Rc<str>, Option<Cursor>)> {
        let member = self.sockets.get(&connection)?.member.as_ref()?;
        member
            .catching
            .as_ref()
            .map(|_| (Rc::clone(&member.peer), member.cursor))
    }

    /// Keeps a frame about the service back while the socket is catching up. Whether it did.
    pub(crate) fn hold_service(&mut self, connection: u64, frame: &str) -> bool {
        match self
            .member(connection)
            .and_then(|member| member.catching.as_mut())
        {
            Some(catching) => {
                catching.service = Some(frame.to_owned());
                true
            }
            None => false,
        }
    }

    /// A page of the thread behind the socket's cursor was read. `more` says that the thread goes on behind it.
    pub(crate) fn caught(&mut self, connection: u64, page: &[ThreadMessage], more: bool) -> Caught {
        let mut send = Vec::new();
        let Some(member) = self.member(connection) else {
            return Caught {
                send,
                next: Next::Gone,
            };
        };
        let Some(mut catching) = member.catching.take() else {
            return Caught {
                send,
                next: Next::Gone,
            };
        };
        member.cursor = member.cursor.max(page.last().map(|message| message.cursor));
        catching.held.retain(|cursor, _| Some(*cursor) > member.cursor);
        if more || std::mem::take(&mut catching.again) {
            member.catching = Some(catching);
            return Caught {
                send,
                next: Next::Read,
            };
        }
        // Nothing new was read and yet a later message is held: what is between them will never be shown.
        let mut jump = page.is_empty();
        while let Some(entry) = catching.held.first_entry() {
            if !follows(member.cursor, *entry.key()) && !std::mem::take(&mut jump) {
                member.catching = Some(catching);
                return Caught {
                    send,
                    next: Next::Read,
                };
            }
            let message = entry.remove();
            member.cursor = Some(message.cursor);
            send.push(message);
        }
        Caught {
            send,
            next: Next::UpToDate(catching.service),
        }
    }

    /// Adds a frame to what waits for a socket. `Some(true)`: start pumping; `None`: the socket is gone or too
    /// slow and must be closed.
    pub(crate) fn enqueue(&mut self, connection: u64, frame: String) -> Option<bool> {
        let socket = self.sockets.get_mut(&connection)?;
        if socket.queue.len() >= QUEUE {
            return None;
        }
        socket.queue.push_back(frame);
        Some(!std::mem::replace(&mut socket.pumping, true))
    }

    /// The next frame that waits. `None` ends the pumping.
    pub(crate) fn next_frame(&mut self, connection: u64) -> Option<String> {
        let socket = self.sockets.get_mut(&connection)?;
        let frame = socket.queue.pop_front();
        socket.pumping = frame.is_some();
        frame
    }
}

impl Member {
    fn hold(&mut self, message: Option<&ThreadMessage>) -> Offer {
        let started = self.catching.is_none();
        let catching = self.catching.get_or_insert_default();
        match message {
            Some(message) if catching.held.len() < HELD => {
                catching.held.insert(message.cursor, message.clone());
            }
            // A socket that only now starts will read after this anyway.
            _ => catching.again = !started,
        }
        if started { Offer::CatchUp } else { Offer::Done }
    }
}

/// Whether nothing can lie between two places. The first message of a conversation never counts: an earlier
/// conversation may have got a message that is still on its way here.
#[must_use]
pub(crate) fn follows(cursor: Option<Cursor>, next: Cursor) -> bool {
    cursor.is_some_and(|cursor| {
        cursor.conversation == next.conversation && cursor.seq.checked_add(1) == Some(next.seq)
    })
}

#[cfg(test)]
#[path = "sockets_tests.rs"]
mod tests;
