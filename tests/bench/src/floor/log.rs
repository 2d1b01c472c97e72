//! floor-store's file: one thread appends what has come meanwhile, syncs it, then tells everybody.

use crate::problem::{Outcome, wrong};
use bytes::Bytes;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use tokio::sync::{mpsc as pipe, oneshot};

/// Messages of one group.
const GROUP: usize = 512;

struct Message {
    body: Bytes,
    /// What the agent is shown instead of the body.
    mark: Option<String>,
    audience: Audience,
    done: oneshot::Sender<u64>,
}

/// Who is told of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The next agent in turn, and the seniors.
    One,
    Everybody,
}

/// A handle on the thread that writes.
#[derive(Clone)]
pub(crate) struct Log {
    messages: mpsc::Sender<Message>,
    file: PathBuf,
    agents: Arc<Mutex<Agents>>,
}

/// The agents' sockets in the order they came; the first ones are the seniors'.
struct Agents {
    sockets: Vec<pipe::UnboundedSender<String>>,
    seniors: usize,
    turn: usize,
}

impl Agents {
    fn tell(&mut self, audience: Audience, shown: &str) {
        let seniors = self.seniors.min(self.sockets.len());
        let others = self.sockets.len() - seniors;
        self.turn += 1;
        let turn = seniors + self.turn % others.max(1);
        for (n, socket) in self.sockets.iter().enumerate() {
            if audience == Audience::Everybody || n < seniors || n == turn {
                // An agent who has left hears nothing.
                let _ = socket.send(shown.to_owned());
            }
        }
    }
}

impl Log {
    pub(crate) fn start(path: &Path, seniors: usize) -> Outcome<Self> {
        let file = File::create_new(path)?;
        let (messages, inbox) = mpsc::channel();
        let agents = Arc::new(Mutex::new(Agents {
            sockets: Vec::new(),
            seniors,
            turn: 0,
        }));
        let told = Arc::clone(&agents);
        std::thread::Builder::new().name("log".into()).spawn(move || {
            if let Err(problem) = write(file, &inbox, &told) {
                // Nobody is answered any more, which ends the run.
                eprintln!("floor-store: {problem}");
            }
        })?;
        Ok(Self {
            messages,
            file: path.to_owned(),
            agents,
        })
    }

    /// Returns the number of a message once it is durable.
    pub(crate) async fn append(&self, body: Bytes, mark: Option<String>, audience: Audience) -> Outcome<u64> {
        let (done, stored) = oneshot::channel();
        let message = Message {
            body,
            mark,
            audience,
            done,
        };
        self.messages.send(message).map_err(|_| "the log has ended")?;
        Ok(stored.await?)
    }

    /// What is stored from now on is told here.
    pub(crate) fn listen(&self) -> pipe::UnboundedReceiver<String> {
        let (sender, receiver) = pipe::unbounded_channel();
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.sockets.retain(|socket| !socket.is_closed());
        agents.sockets.push(sender);
        receiver
    }

    /// Counts what the file holds.
    pub(crate) fn count(&self) -> Outcome<u64> {
        let mut bytes = Vec::new();
        File::open(&self.file)?.read_to_end(&mut bytes)?;
        let (mut rest, mut count) = (bytes.as_slice(), 0);
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            match tail.get(u32::from_le_bytes(*length) as usize..) {
                Some(next) => rest = next,
                None => return wrong("the log ends within a record"),
            }
            count += 1;
        }
        Ok(count)
    }
}

fn write(mut file: File, inbox: &mpsc::Receiver<Message>, agents: &Mutex<Agents>) -> Outcome {
    let mut stored = 0;
    let mut buffer = Vec::new();
    let mut group = Vec::with_capacity(GROUP);
    while let Ok(first) = inbox.recv() {
        group.push(first);
        group.extend(inbox.try_iter().take(GROUP - 1));
        buffer.clear();
        for message in &group {
            buffer.extend_from_slice(&(message.body.len() as u32).to_le_bytes());
            buffer.extend_from_slice(&message.body);
        }
        file.write_all(&buffer)?;
        file.sync_data()?;
        let mut agents = agents.lock().unwrap_or_else(PoisonError::into_inner);
        for message in group.drain(..) {
            let Message {
                body,
                mark,
                audience,
                done,
            } = message;
            stored += 1;
            // Whoever wrote it may have left.
            let _ = done.send(stored);
            if !agents.sockets.is_empty() {
                let shown = mark.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
                agents.tell(audience, &shown);
            }
        }
    }
    Ok(())
}
