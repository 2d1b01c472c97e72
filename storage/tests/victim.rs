//! A process that the tests kill, starve or lock out: `storage-victim <load|fill|hold> <folder>`.
//!
//! It writes numbered transactions over three trees and prints each number once it is told that the
//! transaction is stored: what it has printed may never be lost.
#![allow(missing_docs)] // not a part of the crate

use std::io::{Write as _, stdout};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, Error, Options, Tree, Txn, record};

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    text: String,
}
record!(Message, b"message1");

#[derive(Debug, Serialize, Deserialize)]
struct Mark(u64);
record!(Mark, b"mark1");

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Desk {
    db: Db,
    messages: Tree<(u64, u64), Message>,
    index: Tree<(u64, u64), Mark>,
    heads: Tree<u64, Mark>,
}

impl Desk {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let (db, report) = Db::open(folder, Options::default())?;
        let (messages, index, heads) = (db.tree("messages")?, db.tree("index")?, db.tree("heads")?);
        let mut out = stdout().lock();
        writeln!(out, "open {}", report.repairs.len())?;
        out.flush()?;
        Ok(Self {
            db,
            messages,
            index,
            heads,
        })
    }

    /// The next message of a writer: three trees that must agree.
    fn next(&self, writer: u64) -> Result<(Txn, u64), Error> {
        let mut txn = self.db.begin();
        let number = txn.get(&self.heads, &writer)?.map_or(0, |Mark(last)| last) + 1;
        let length = (number.wrapping_mul(2_654_435_761) >> 7) % 3_000;
        txn.put(
            &self.messages,
            &(writer, number),
            &Message {
                text: "x".repeat(length as usize),
            },
        )?;
        txn.put(&self.index, &(number, writer), &Mark(length))?;
        txn.put(&self.heads, &writer, &Mark(number))?;
        Ok((txn, number))
    }

    /// Keeps up to 16 transactions under way, for ever.
    fn load(&self, writer: u64) -> Result<(), Failure> {
        let under_way = Arc::new((Mutex::new(0_u32), Condvar::new()));
        loop {
            let (txn, number) = self.next(writer)?;
            let (count, changed) = &*under_way;
            let mut waiting = changed
                .wait_while(count.lock().map_err(|_| "a callback panicked")?, |count| {
                    *count >= 16
                })
                .map_err(|_| "a callback panicked")?;
            *waiting += 1;
            drop(waiting);
            let under_way = under_way.clone();
            self.db.submit(txn, move |result| {
                if result.is_ok() {
                    // One write per line: a line that was read whole was said.
                    let _ = stdout()
                        .lock()
                        .write_all(format!("{writer} {number}\n").as_bytes());
                }
                let (count, changed) = &*under_way;
                if let Ok(mut count) = count.lock() {
                    *count -= 1;
                }
                changed.notify_one();
            });
        }
    }

    /// Writes until it is refused, then shows what refusals look like.
    fn fill(&self) -> Result<(), Failure> {
        let error = loop {
            let (txn, number) = self.next(0)?;
            match self.db.commit(txn) {
                Ok(()) => writeln!(stdout(), "0 {number}")?,
                Err(error) => break error,
            }
        };
        writeln!(stdout(), "refused {} {error}", error.code())?;
        let again = self
            .db
            .commit(self.db.begin())
            .err()
            .ok_or("accepted after a failure")?;
        writeln!(stdout(), "refused {} {again}", again.code())?;
        let closed = self
            .db
            .clone()
            .close()
            .err()
            .ok_or("closed as if nothing had happened")?;
        writeln!(stdout(), "refused {} {closed}", closed.code())?;
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, folder] = arguments.as_slice() else {
        return Err("usage: storage-victim <load|fill|hold> <folder>".into());
    };
    let desk = Desk::open(Path::new(folder))?;
    match mode.as_str() {
        "load" => std::thread::scope(|scope| {
            let desk = &desk;
            let writers: Vec<_> = (0..3)
                .map(|writer| scope.spawn(move || desk.load(writer)))
                .collect();
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().map_err(|_| "a writer panicked")?)
        }),
        "fill" => desk.fill(),
        // Ends when the test closes its side.
        "hold" => std::io::stdin()
            .read_line(&mut String::new())
            .map(drop)
            .map_err(Into::into),
        other => Err(format!("there is no mode {other}").into()),
    }
}
