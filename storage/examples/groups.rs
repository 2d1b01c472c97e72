//! Prints how fast groups become durable: `cargo run --release -p weikefu-storage --example groups`.
//!
//! A message is three keys in three trees: the message (200 bytes of text), its dedupe key and the
//! head of its conversation (one of 1,000). "one txn" packs a whole group into one transaction, as a
//! desk does that drains its mailbox; "in flight" keeps that many transactions of one message under
//! way, as many callers do. An argument names the folder to use and to leave behind.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, Options, Tree, Txn, record};

#[derive(Serialize, Deserialize)]
struct Message {
    sender: u64,
    at: u64,
    text: String,
}
record!(Message, b"message1");

#[derive(Serialize, Deserialize)]
struct Head {
    last: u64,
    unread: u32,
}
record!(Head, b"head1");

#[derive(Serialize, Deserialize)]
struct Seen;
record!(Seen, b"seen1");

const FOR: Duration = Duration::from_secs(3);
const CONVERSATIONS: u64 = 1_000;

struct Desk {
    db: Db,
    messages: Tree<(u64, u64), Message>,
    seen: Tree<(String, u64), Seen>,
    heads: Tree<u64, Head>,
    next: u64,
}

impl Desk {
    fn open(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let (db, _) = Db::open(folder, Options::default())?;
        let (messages, seen, heads) = (db.tree("messages")?, db.tree("seen")?, db.tree("heads")?);
        Ok(Self {
            db,
            messages,
            seen,
            heads,
            next: 0,
        })
    }

    fn receive(&mut self, txn: &mut Txn) -> weikefu_storage::Result<()> {
        self.next += 1;
        let conversation = self.next.wrapping_mul(7919) % CONVERSATIONS;
        let text = "x".repeat(200);
        txn.put(
            &self.messages,
            &(conversation, self.next),
            &Message {
                sender: conversation,
                at: self.next,
                text,
            },
        )?;
        txn.put(
            &self.seen,
            &(format!("gh_shop/o{conversation:06}"), self.next),
            &Seen,
        )?;
        txn.put(
            &self.heads,
            &conversation,
            &Head {
                last: self.next,
                unread: 1,
            },
        )
    }

    fn one_txn(&mut self, size: usize) -> weikefu_storage::Result<()> {
        let start = Instant::now();
        while start.elapsed() < FOR {
            let mut txn = self.db.begin();
            for _ in 0..size {
                self.receive(&mut txn)?;
            }
            self.db.commit(txn)?;
        }
        Ok(())
    }

    fn in_flight(&mut self, size: usize) -> weikefu_storage::Result<()> {
        let (tell, told) = mpsc::channel();
        let start = Instant::now();
        let mut waiting = 0;
        while start.elapsed() < FOR || waiting > 0 {
            while waiting < size && start.elapsed() < FOR {
                let mut txn = self.db.begin();
                self.receive(&mut txn)?;
                let tell = tell.clone();
                self.db.submit(txn, move |result| {
                    let _ = tell.send(result);
                });
                waiting += 1;
            }
            for result in told.recv().into_iter().chain(told.try_iter()) {
                result?;
                waiting -= 1;
            }
        }
        Ok(())
    }

    fn measure(&mut self, kind: &str, size: usize) -> weikefu_storage::Result<()> {
        let (before, first, start) = (self.db.stats(), self.next, Instant::now());
        match kind {
            "one txn" => self.one_txn(size)?,
            _ => self.in_flight(size)?,
        }
        let (after, seconds) = (self.db.stats(), start.elapsed().as_secs_f64());
        let per_second = |count: u64| count as f64 / seconds;
        println!(
            "{kind:>9} {size:>4}: {:>6.0} groups/s {:>7.0} messages/s {:>7.0} keys/s, mean group {:>5.1} txns",
            per_second(after.groups - before.groups),
            per_second(self.next - first),
            per_second(after.keys - before.keys),
            (after.transactions - before.transactions) as f64 / (after.groups - before.groups) as f64,
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporary = tempfile::tempdir()?;
    let named = std::env::args().nth(1);
    let folder = named.as_deref().map_or(temporary.path(), Path::new);
    let mut desk = Desk::open(folder)?;
    for kind in ["one txn", "in flight"] {
        for size in [1, 8, 32, 128] {
            desk.measure(kind, size)?;
        }
    }
    let stats = desk.db.stats();
    println!(
        "{} messages, {:.0} bytes on disk each, {} blob files",
        desk.next,
        stats.bytes_on_disk as f64 / desk.next as f64,
        stats.blob_files
    );
    let Desk {
        db,
        messages,
        seen,
        heads,
        ..
    } = desk;
    db.close()?;
    drop((messages, seen, heads)); // the folder is free when its trees are gone too
    let start = Instant::now();
    let desk = Desk::open(folder)?;
    println!("opened again in {:?}", start.elapsed());
    desk.db.close()?;
    Ok(())
}
