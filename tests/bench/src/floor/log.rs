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
    done: oneshot::Sender<u64>,
}

/// A handle on the thread that writes.
#[derive(Clone)]
pub(crate) struct Log {
    messages: mpsc::Sender<Message>,
    file: PathBuf,
    agent: Agent,
}

type Agent = Arc<Mutex<Option<pipe::UnboundedSender<String>>>>;

impl Log {
    pub(crate) fn start(path: &Path) -> Outcome<Self> {
        let file = File::create_new(path)?;
        let (messages, inbox) = mpsc::channel();
        let agent = Agent::default();
        let told = Arc::clone(&agent);
        std::thread::Builder::new().name("log".into()).spawn(move || {
            if let Err(problem) = write(file, &inbox, &told) {
                // Nobody is answered any more, which ends the run.
                eprintln!("floor-store: {problem}");
            }
        })?;
        Ok(Self {
            messages,
            file: path.to_owned(),
            agent,
        })
    }

    /// Returns the number of a message once it is durable.
    pub(crate) async fn append(&self, body: Bytes, mark: Option<String>) -> Outcome<u64> {
        let (done, stored) = oneshot::channel();
        let message = Message { body, mark, done };
        self.messages.send(message).map_err(|_| "the log has ended")?;
        Ok(stored.await?)
    }

    /// What is stored from now on is told here.
    pub(crate) fn listen(&self) -> pipe::UnboundedReceiver<String> {
        let (sender, receiver) = pipe::unbounded_channel();
        *self.agent.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
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

fn write(mut file: File, inbox: &mpsc::Receiver<Message>, agent: &Agent) -> Outcome {
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
        let agent = agent.lock().unwrap_or_else(PoisonError::into_inner);
        for Message { body, mark, done } in group.drain(..) {
            stored += 1;
            // Whoever wrote it may have left.
            let _ = done.send(stored);
            if let Some(agent) = &*agent {
                let shown = mark.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
                let _ = agent.send(shown);
            }
        }
    }
    Ok(())
}
