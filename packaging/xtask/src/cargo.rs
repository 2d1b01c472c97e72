//! Cargo builds whose products are wanted: their paths come from cargo's own messages, never from
//! guessing its folder layout.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::problem::{Outcome, Problem};

/// One thing that cargo made or found fresh.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) target: ArtifactTarget,
    #[serde(default)]
    pub(crate) profile: ArtifactProfile,
    pub(crate) filenames: Vec<PathBuf>,
    pub(crate) executable: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ArtifactProfile {
    /// The target's own tests, not the target.
    pub(crate) test: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ArtifactTarget {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

impl Artifact {
    /// The shared object among the files.
    pub(crate) fn shared_object(&self) -> Option<&PathBuf> {
        self.filenames.iter().find(|file| {
            file.extension()
                .is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION)
        })
    }
}

/// The executable of that name; tests of the same name are not it.
pub(crate) fn executable(artifacts: &[Artifact], name: &str) -> Option<PathBuf> {
    artifacts
        .iter()
        .filter(|artifact| {
            artifact.target.name == name
                && artifact.target.kind.iter().any(|kind| kind == "bin")
                && !artifact.profile.test
        })
        .find_map(|artifact| artifact.executable.clone())
}

/// Runs a cargo build and returns what it made; compiler messages go to the terminal as usual.
pub(crate) fn artifacts(command: &mut Command) -> Outcome<Vec<Artifact>> {
    let shown: Vec<_> = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let shown = shown.join(" ");
    eprintln!("$ cargo {shown}");
    command
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let failed = |why: String| {
        Problem::failed(
            format!("`cargo {shown}` 没有成功（{why}）：原因见它上面的输出。"),
            format!("`cargo {shown}` did not succeed ({why}): its output above says why."),
        )
    };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let mut made = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            made.extend(artifact(&line.map_err(|error| failed(error.to_string()))?));
        }
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    if status.success() {
        Ok(made)
    } else {
        Err(failed(status.to_string()))
    }
}

/// One line of cargo's messages, when it tells of an artifact.
fn artifact(line: &str) -> Option<Artifact> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    (message["reason"] == "compiler-artifact")
        .then(|| serde_json::from_value(message).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = r#"{"reason":"compiler-artifact","target":{"name":"weikefu_plugin_h5","kind":["cdylib","rlib"]},
        "filenames":["t/libweikefu_plugin_h5.rlib","t/libweikefu_plugin_h5.so"],"executable":null}"#;
    const PROGRAM: &str = r#"{"reason":"compiler-artifact","target":{"name":"weikefu","kind":["bin"]},
        "filenames":["t/weikefu"],"executable":"t/weikefu"}"#;
    const TEST: &str = r#"{"reason":"compiler-artifact","target":{"name":"weikefu","kind":["test"]},
        "filenames":["t/deps/weikefu-1"],"executable":"t/deps/weikefu-1"}"#;

    const OWN_TESTS: &str = r#"{"reason":"compiler-artifact","target":{"name":"weikefu","kind":["bin"]},"profile":{"test":true},
        "filenames":["t/deps/weikefu-2"],"executable":"t/deps/weikefu-2"}"#;

    #[test]
    fn the_tests_inside_a_program_are_not_the_program() {
        let made: Vec<_> = [OWN_TESTS, PROGRAM].into_iter().filter_map(artifact).collect();
        assert_eq!(executable(&made, "weikefu"), Some(PathBuf::from("t/weikefu")));
    }

    #[test]
    fn products_are_found_by_name_and_kind() {
        let made: Vec<_> = [TEST, LIBRARY, PROGRAM]
            .into_iter()
            .filter_map(artifact)
            .collect();
        assert_eq!(made.len(), 3);
        assert_eq!(executable(&made, "weikefu"), Some(PathBuf::from("t/weikefu")));
        assert_eq!(executable(&made, "other"), None);
        if cfg!(target_os = "linux") {
            assert_eq!(
                made[1].shared_object(),
                Some(&PathBuf::from("t/libweikefu_plugin_h5.so"))
            );
        }
    }

    #[test]
    fn other_messages_are_passed_over() {
        for line in ["", "not json", r#"{"reason":"build-finished","success":true}"#] {
            assert!(artifact(line).is_none(), "{line}");
        }
    }
}
