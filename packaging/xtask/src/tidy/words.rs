//! Words that no tracked file may hold. The patterns are put together at run time, so that this file
//! does not break its own rules.

use super::{Finding, Source, has_word, numbered};

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let banned = Banned::new();
    sources
        .iter()
        .flat_map(|source| {
            numbered(&source.text).flat_map(|(number, line)| banned.in_line(source, number, line))
        })
        .collect()
}

struct Banned {
    machine_paths: Vec<String>,
    registries: Vec<String>,
    skipped_rust: Vec<String>,
    skipped_script: Vec<String>,
    promises: Vec<String>,
}

impl Banned {
    fn new() -> Self {
        let join = |pairs: &[[&str; 2]]| pairs.iter().map(|pair| pair.concat()).collect();
        Self {
            machine_paths: join(&[
                ["/wo", "rk/"],
                ["/fa", "rm/"],
                ["/ro", "ot/"],
                ["/ho", "me/"],
                ["/Us", "ers/"],
            ]),
            registries: join(&[
                ["static.crates", ".io"],
                ["index.crates", ".io"],
                ["crates.io", "-index"],
                ["registry.npm", "js.org"],
                ["npm", "mirror.com"],
                ["pypi", ".org"],
                ["files.python", "hosted.org"],
                ["deb.deb", "ian.org"],
                ["proxy.gol", "ang.org"],
            ]),
            skipped_rust: join(&[
                ["#[ign", "ore"],
                ["tod", "o!("],
                ["unimpl", "emented!("],
                ["assert!(", "true)"],
            ]),
            skipped_script: join(&[
                [".sk", "ip("],
                [".on", "ly("],
                [".to", "do("],
                [".ski", "pIf("],
                ["xi", "t("],
                ["xdes", "cribe("],
            ]),
            promises: join(&[["TO", "DO"], ["FIX", "ME"], ["XX", "X"]]),
        }
    }

    fn in_line(&self, source: &Source, number: usize, line: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut found = |what: String| findings.push(Finding::new(&source.path, number, what));
        let first = |words: &[String]| words.iter().find(|word| line.contains(word.as_str())).cloned();
        // Cargo writes its registry into its lock file; npm's is told not to.
        if !source.path.ends_with(".lock")
            && let Some(word) = first(&self.registries)
        {
            found(format!(
                "names the registry {word}: leave it to the user's own settings"
            ));
        }
        if source.is_lock_file() {
            return findings;
        }
        if let Some(word) = self.machine_paths.iter().find(|word| begins_a_path(line, word)) {
            found(format!(
                "names {word}, a path of somebody's machine: use a relative one or an argument"
            ));
        }
        let skipped = match source.extension() {
            "rs" => first(&self.skipped_rust),
            "ts" | "js" | "mjs" | "vue" => self
                .skipped_script
                .iter()
                .find(|word| begins_a_word(line, word))
                .cloned(),
            _ => None,
        };
        if let Some(word) = skipped {
            found(format!(
                "has {word}: a test runs or goes, code is finished or not there"
            ));
        }
        let promise = self.promises.iter().find(|word| has_word(line, word));
        if let Some(word) = promise.filter(|_| !has_issue_number(line)) {
            found(format!(
                "has {word} without an issue number: file the issue and write #N behind it"
            ));
        }
        findings
    }
}

/// The word stands where an absolute path begins, not in the middle of a relative one.
fn begins_a_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '*'))
    })
}

/// A call of that name, or of a method when the word begins with its dot; not the end of a longer name.
fn begins_a_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    line.match_indices(word)
        .any(|(at, _)| word.starts_with('.') || !line[..at].chars().next_back().is_some_and(part))
}

fn has_issue_number(line: &str) -> bool {
    line.match_indices('#')
        .any(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    /// Each bad line is put together here, so that it is bad only in the sample.
    fn found(path: &str, line: &[&str]) -> bool {
        !check(&sample(path, &line.concat())).is_empty()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        assert!(found("docs/a.md", &["run /wo", "rk/main/x"]));
        assert!(found("src/a.rs", &["\"/ho", "me/someone/x\""]));
        assert!(found(".ci/run", &["cd /ro", "ot/.cache"]));
        assert!(!found("src/a.rs", &["\"docs/ho", "me/x\", ../wo", "rk/y"]));
    }

    #[test]
    fn registries_are_found_in_npm_lock_files_too_but_not_in_cargos() {
        assert!(found(
            "deny.toml",
            &["https://github.com/rust-lang/crates.io", "-index"]
        ));
        assert!(found(
            "ui-assets/console/package-lock.json",
            &["https://registry.npm", "js.org/vue"]
        ));
        assert!(!found(
            "Cargo.lock",
            &["registry+https://github.com/rust-lang/crates.io", "-index"]
        ));
    }

    #[test]
    fn skipped_tests_and_hollow_code_are_found_in_their_language() {
        assert!(found("core/src/a.rs", &["#[ign", "ore = \"slow\"]"]));
        assert!(found("core/src/a.rs", &["tod", "o!()"]));
        assert!(found("core/src/a.rs", &["unimpl", "emented!(\"later\")"]));
        assert!(found("ui-assets/widget/src/a.test.ts", &["it.sk", "ip('x')"]));
        assert!(found("ui-assets/widget/src/a.test.ts", &["it.on", "ly('x')"]));
        assert!(found("ui-assets/widget/src/a.test.ts", &["  xi", "t('x')"]));
        assert!(
            !found("ui-assets/widget/size.mjs", &["process.exi", "t(1)"]),
            "the end of a longer name"
        );
        assert!(
            !found("core/src/a.rs", &["list.iter().sk", "ip(1)"]),
            "an iterator's own method"
        );
    }

    #[test]
    fn a_promise_needs_an_issue_number() {
        assert!(found("src/a.rs", &["// TO", "DO: later"]));
        assert!(found("ui-assets/console/src/a.vue", &["<!-- FIX", "ME -->"]));
        assert!(!found("src/a.rs", &["// TO", "DO(#12): later"]));
        assert!(!found("src/a.rs", &["let TO", "DOS = 1;"]));
    }
}
