//! The thread of an instance: creates it, hands it its letters one at a time, ends it.
use crate::ffi::{Door, Table};
use crate::mailbox::{Letter, Mailbox};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use weikefu_channel::abi::Frame;
use weikefu_channel::{Cause, Error};

/// A plugin that keeps its thread longer than this delays everybody of its account.
const SLOW: Duration = Duration::from_millis(50);

/// Starts the thread. `created` tells whether there is an instance, `ended` that there is none any more.
pub(crate) fn start(
    table: Table,
    config: Vec<u8>,
    mailbox: Arc<Mailbox>,
    inbox: mpsc::Receiver<Letter>,
    created: oneshot::Sender<Result<(), Error>>,
    ended: watch::Sender<bool>,
) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name(format!("plugin:{}", mailbox.name));
    thread.spawn(move || {
        let door = Door::open(mailbox.clone());
        live(table, &config, &mailbox, &inbox, created, door);
        door.close();
        mailbox.end();
        // Nobody may wait for the end.
        let _ = ended.send(true);
    })?;
    Ok(())
}

fn live(
    table: Table,
    config: &[u8],
    mailbox: &Mailbox,
    inbox: &mpsc::Receiver<Letter>,
    created: oneshot::Sender<Result<(), Error>>,
    door: &'static Door,
) {
    let Some(guest) = table.create(door, config) else {
        let refusal = mailbox.take_refusal();
        let silent = || {
            Error::told(
                Cause::Internal,
                "插件拒绝启动，且没有说明原因；请联系插件作者",
                "the plugin refused to start and gave no reason; ask its author",
            )
        };
        // The opener may have left.
        let _ = created.send(Err(refusal.unwrap_or_else(silent)));
        return;
    };
    // The opener may have left; then a stop follows.
    let _ = created.send(Ok(()));
    while let Ok(Letter::Frame {
        kind,
        id,
        op,
        payload,
        room,
    }) = inbox.recv()
    {
        drop(room);
        if !mailbox.taken(kind, id) {
            continue;
        }
        let began = Instant::now();
        guest.post(&Frame {
            kind,
            id,
            op,
            head: &payload.0,
            body: &payload.1,
        });
        let took = began.elapsed();
        if took > SLOW {
            let took = took.as_millis() as u64;
            tracing::warn!(plugin = %mailbox.name, op, ms = took, "the plugin kept its thread");
        }
    }
    guest.destroy();
}
