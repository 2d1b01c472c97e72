//! A server process: started, waited for, stopped.

use crate::problem::{Outcome, wrong};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    // Held open, so that the server may go on writing.
    _output: BufReader<ChildStdout>,
    /// `host:port`.
    pub(crate) address: String,
    /// From spawning to the line that says where it listens.
    pub(crate) listening_after: Duration,
    /// When it was spawned.
    pub(crate) started: Instant,
}

impl Server {
    /// Starts a program whose first line is JSON with its `address`.
    pub(crate) fn start(mut command: Command) -> Outcome<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let Some(output) = child.stdout.take() else {
            return wrong("a server was started without its output");
        };
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let listening_after = started.elapsed();
        let address = serde_json::from_str::<Value>(&line)
            .ok()
            .and_then(|ready| Some(ready.get("address")?.as_str()?.to_owned()));
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            return wrong(format!("a server did not start; it said {line:?}: {command:?}"));
        };
        Ok(Self {
            child,
            _output: output,
            address,
            listening_after,
            started,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> Outcome {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        wrong(format!(
            "the server ended with {status} when it was asked to stop"
        ))
    }

    /// kill -9.
    pub(crate) fn kill(mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
