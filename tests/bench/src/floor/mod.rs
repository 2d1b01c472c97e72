//! The floors: the least that could answer the same requests on this machine.
//!
//! floor-http is bare hyper: it reads the body and answers. floor-store appends the body to a file, many in one
//! group, waits for `fdatasync`, then answers and tells one agent's socket, or all: the least a durable live chat
//! can do.
//! Neither checks who writes, knows conversations or looks for repetitions. Each runs as a process of its own.

mod log;
mod send;
mod server;

pub(crate) use send::{Orders, send};

use crate::problem::Outcome;
use std::path::Path;

/// Serves until it is killed; with a file as floor-store, else as floor-http.
pub(crate) fn serve(file: Option<&Path>, seniors: usize) -> Outcome {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let log = file.map(|file| log::Log::start(file, seniors)).transpose()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(server::serve(log))
}
