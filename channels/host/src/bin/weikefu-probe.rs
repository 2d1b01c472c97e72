//! What `weikefu plugin-host --probe <file>` does, as an executable of its own for this crate's tests.
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(3) {
        Some(file) => weikefu_channel_host::probe_main(&PathBuf::from(file)),
        None => ExitCode::FAILURE,
    }
}
