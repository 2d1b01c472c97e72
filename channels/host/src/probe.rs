//! Examines an unknown file in a child process: a damaged library can end the process that loads it.
use crate::ffi::die_with_parent;
use crate::library::{Library, read};
use crate::refusal::LoadError;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use weikefu_channel::{Manifest, Words};

/// How long a file may take to load.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most that is read of a child's answer, bytes.
const MAX_ANSWER: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Finding {
    Plugin(Box<Manifest>),
    Refused(LoadError),
}

/// The child's part: loads the file and prints one line of JSON. Called by `weikefu plugin-host --probe <file>`.
#[must_use]
pub fn probe_main(path: &Path) -> ExitCode {
    let file = path.display().to_string();
    let loaded = read(path).and_then(|bytes| {
        crate::elf::check(&file, &bytes)?;
        Library::inline(path, &file, &bytes)
    });
    let finding = match loaded {
        Ok(library) => Finding::Plugin(Box::new(library.manifest().clone())),
        Err(error) => Finding::Refused(error),
    };
    let mut line = serde_json::to_vec(&finding).unwrap_or_default();
    line.push(b'\n');
    // The plugin may have printed something of its own; the answer stands on a line by itself.
    let written = std::io::stdout()
        .write_all(b"\n")
        .and_then(|()| std::io::stdout().write_all(&line));
    if written.is_ok() && matches!(finding, Finding::Plugin(_)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The parent's part: runs `<exe> plugin-host --probe <path>` and believes nothing but its answer. Blocking,
/// at most 10 seconds.
pub fn probe(exe: &Path, path: &Path) -> Result<Manifest, LoadError> {
    probe_within(PATIENCE, exe, path)
}

fn probe_within(patience: Duration, exe: &Path, path: &Path) -> Result<Manifest, LoadError> {
    let file = path.display().to_string();
    let mut command = Command::new(exe);
    command.args(["plugin-host", "--probe"]).arg(path);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    die_with_parent(&mut command);
    let mut child = command.spawn().map_err(|e| LoadError::NoProbe {
        file: file.clone(),
        program: exe.display().to_string(),
        reason: crate::said::system(&e),
    })?;
    let (answer, status) = wait(&mut child, patience);
    let Some(answer) = answer else {
        return Err(LoadError::Hung {
            file,
            seconds: patience.as_secs(),
        });
    };
    let last = answer
        .trim_ascii_end()
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match (serde_json::from_slice(last), status) {
        (Ok(Finding::Refused(error)), _) => Err(error),
        (Ok(Finding::Plugin(manifest)), Some(status)) if status.success() => Ok(*manifest),
        (_, status) => Err(LoadError::Crashed {
            file,
            found: status.map_or_else(unknown_end, ending),
        }),
    }
}

/// The child's output and how it ended; no output when it took too long.
fn wait(child: &mut Child, patience: Duration) -> (Option<Vec<u8>>, Option<ExitStatus>) {
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            // What was read before an error is judged like everything else.
            let _ = stdout.take(MAX_ANSWER).read_to_end(&mut answer);
        }
        // Nobody listens after the time limit.
        let _ = sender.send(answer);
    });
    let answer = receiver.recv_timeout(patience).ok();
    if answer.is_none() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().ok();
    drop(reader);
    (answer, status)
}

fn unknown_end() -> Words {
    Words::new("结束原因不明", "an unknown end")
}

fn ending(status: ExitStatus) -> Words {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            libc::SIGBUS => " (SIGBUS)",
            libc::SIGSEGV => " (SIGSEGV)",
            libc::SIGABRT => " (SIGABRT)",
            libc::SIGILL => " (SIGILL)",
            libc::SIGKILL => " (SIGKILL)",
            _ => "",
        };
        return Words::new(format!("信号 {signal}{name}"), format!("signal {signal}{name}"));
    }
    status.code().map_or_else(unknown_end, |code| {
        Words::new(
            format!("退出码 {code}，没有结果"),
            format!("exit code {code} and no answer"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_hangs_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("hangs");
        std::fs::write(&script, "#!/bin/sh\nexec sleep 3600\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let refused = probe_within(Duration::from_millis(100), &script, Path::new("x.so")).unwrap_err();
        assert_eq!(
            refused,
            LoadError::Hung {
                file: "x.so".into(),
                seconds: 0
            }
        );
    }
}
