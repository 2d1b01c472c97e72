//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule is a pure function from the tracked files, or from `cargo metadata`, to findings; every
//! one has a bad sample in its tests. There is no exceptions file: a wrong rule is changed here.

mod code;
mod dependencies;
mod documents;
mod lengths;
mod lock_files;
mod named_paths;
mod places;
mod source;
mod words;

use crate::problem::{Outcome, Problem, say};
use crate::project::Project;

pub(crate) use source::Source;

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Below the root, with slashes.
    path: String,
    /// From 1; 0 for the file as a whole.
    line: usize,
    /// What is wrong and what is wanted.
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

/// Checks every rule, prints the lengths and each finding.
pub(crate) fn tidy(project: &Project) -> Outcome {
    let sources = source::load(project)?;
    let metadata = project.metadata()?;
    let mut findings = dependencies::check(&metadata);
    for rule in [
        lengths::check,
        lock_files::check,
        named_paths::check,
        documents::check,
        places::check,
        words::check,
        dependencies::versions_stand_in_the_root,
    ] {
        findings.extend(rule(&sources));
    }
    findings.sort();
    findings.dedup();
    for line in lengths::report(&sources) {
        println!("{line}");
    }
    for Finding { path, line, what } in &findings {
        match line {
            0 => println!("{path}: {what}"),
            line => println!("{path}:{line}: {what}"),
        }
    }
    if findings.is_empty() {
        println!("{}", say("整洁：没有发现问题。", "tidy: nothing found."));
        return Ok(());
    }
    let count = findings.len();
    Err(Problem::failed(
        format!("发现 {count} 处不符合约定，见上面的列表；约定写在 CONTRIBUTING.md。"),
        format!("{count} places break the rules of CONTRIBUTING.md; they are listed above."),
    ))
}

/// The lines of a text with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

/// Where `word` stands in `line` as a whole word: not as a part of a longer identifier.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(part)
            && !line[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_found_inside_a_longer_one() {
        assert!(has_word("(word)", "word") && has_word("word", "word") && has_word("a_word word", "word"));
        assert!(!has_word("swordfish word_2 3word", "word"));
    }
}
