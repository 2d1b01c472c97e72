//! Every path that a document names exists, so that documents cannot rot unseen.
//!
//! A path is recognised in back-quotes, in links and in code blocks: it begins with a top-level
//! folder of ours, or it looks like a file or folder by its end.

use std::collections::BTreeSet;

use super::{Finding, Source, numbered};

/// Ends by which a word with a slash is taken for a file even when its first folder is unknown.
const FILE_ENDS: [&str; 12] = [
    "rs", "md", "toml", "ts", "vue", "mjs", "js", "h", "c", "json", "sh", "service",
];
/// Made by builds, so not in the listing.
const BUILD_OUTPUT: [&str; 4] = ["target", "node_modules", "dist", "artifacts"];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let tree = Tree::of(sources);
    let documents = sources.iter().filter(|source| is_document(&source.path));
    documents
        .flat_map(|document| {
            let tree = &tree;
            named(&document.text)
                .into_iter()
                .filter_map(move |(line, word, link)| {
                    tree.lacks(&word, link.then_some(&*document.path)).then(|| {
                        Finding::new(
                            &document.path,
                            line,
                            format!("names `{word}`, which does not exist"),
                        )
                    })
                })
        })
        .collect()
}

fn is_document(path: &str) -> bool {
    let root = !path.contains('/');
    path.ends_with(".md") && (path.starts_with("docs/") || (root && path != "CHANGELOG.md"))
}

/// Words that may be paths: line, word, and whether it is a link's target.
fn named(text: &str) -> Vec<(usize, String, bool)> {
    let mut words = Vec::new();
    let mut fenced = false;
    for (number, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            words.extend(
                line.split_whitespace()
                    .map(|word| (number, word.to_owned(), false)),
            );
            continue;
        }
        let code = line.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
        words.extend(code.map(|word| (number, word.to_owned(), false)));
        let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        words.extend(links.map(|target| {
            (
                number,
                target.split('#').next().unwrap_or_default().to_owned(),
                true,
            )
        }));
    }
    words
}

/// What exists: files and folders.
struct Tree {
    entries: BTreeSet<String>,
}

impl Tree {
    fn of(sources: &[Source]) -> Self {
        let mut entries = BTreeSet::new();
        for source in sources {
            entries.extend(
                source
                    .path
                    .match_indices('/')
                    .map(|(at, _)| source.path[..at].to_owned()),
            );
            entries.insert(source.path.clone());
        }
        Self { entries }
    }

    /// Whether the word is meant as a path of ours and there is none. A link is relative to its document.
    fn lacks(&self, word: &str, linked_from: Option<&str>) -> bool {
        let word = word
            .trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '\''))
            .trim_end_matches('.');
        let (word, position) = word.rsplit_once(':').unwrap_or((word, ""));
        let plain =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '*' | '{' | '}' | ',');
        if !position.bytes().all(|b| b.is_ascii_digit()) || word.is_empty() || !word.chars().all(plain) {
            return false;
        }
        if let Some(document) = linked_from {
            return !self.holds(&relative_to(document, word));
        }
        let word = word.strip_prefix("./").unwrap_or(word);
        let Some((first, _)) = word.split_once('/') else {
            // A bare name is a path only as a file at the root, and only some names are surely that.
            return word.ends_with(".md")
                && word.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
                && !self.holds(word);
        };
        if first.is_empty() || word.split('/').any(|part| BUILD_OUTPUT.contains(&part)) {
            return false;
        }
        let known = self.entries.contains(first);
        let end = word.rsplit_once('.').map_or("", |(_, end)| end);
        let like_a_path = FILE_ENDS.contains(&end) || word.ends_with('/');
        (known || like_a_path) && !self.holds(word)
    }

    fn holds(&self, word: &str) -> bool {
        alternatives(word.trim_end_matches('/')).iter().all(|path| {
            if path.contains('*') {
                self.entries.iter().any(|entry| matches(path, entry))
            } else {
                path.is_empty() || self.entries.contains(path)
            }
        })
    }
}

fn relative_to(document: &str, target: &str) -> String {
    let mut parts: Vec<_> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `a/{b,c}` as `a/b` and `a/c`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let Some((inside, after)) = rest.split_once('}') else {
        return vec![path.to_owned()];
    };
    inside
        .split(',')
        .flat_map(|choice| alternatives(&format!("{before}{choice}{after}")))
        .collect()
}

/// Shell matching, where `*` stays inside one segment and `**` spans them.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        return path.char_indices().any(|(at, _)| matches(rest, &path[at..])) || rest.is_empty();
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let segment = path.find('/').unwrap_or(path.len());
        return (0..=segment)
            .filter(|at| path.is_char_boundary(*at))
            .any(|at| matches(rest, &path[at..]));
    }
    match (pattern.chars().next(), path.chars().next()) {
        (None, None) => true,
        (Some(a), Some(b)) if a == b => matches(&pattern[a.len_utf8()..], &path[b.len_utf8()..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    fn found(document: &str, text: &str) -> Vec<String> {
        let mut sources = sample(document, text);
        for path in [
            "src/main.rs",
            "core/src/desk/mod.rs",
            "docs/adr/0001-a.md",
            "plugins/h5/Cargo.toml",
            "README.md",
            ".ci/run",
        ] {
            if path != document {
                sources.extend(sample(path, ""));
            }
        }
        check(&sources)
            .into_iter()
            .map(|finding| finding.what.split('`').nth(1).unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn a_path_that_is_gone_is_found_wherever_a_document_names_it() {
        let text = "See `core/src/gone.rs`, [this](docs/gone.md) and `crates/old/src/lib.rs:12`.\n\
            ```text\nsrc/gone/   the loop\n```\nAlso `GONE.md` and `plugins/{h5,mall}/Cargo.toml`.\n";
        let want = [
            "core/src/gone.rs",
            "docs/gone.md",
            "crates/old/src/lib.rs:12",
            "src/gone/",
            "GONE.md",
        ];
        let got = found("ARCHITECTURE.md", text);
        for path in want {
            assert!(got.iter().any(|found| found == path), "{path} in {got:?}");
        }
        assert!(
            got.iter().any(|found| found.starts_with("plugins/{h5")),
            "{got:?}"
        );
    }

    #[test]
    fn what_exists_and_what_is_no_path_is_left_alone() {
        let text = "`core/src/desk/`, `src/main.rs:3`, `plugins/*/Cargo.toml`, `core/**/mod.rs`, `.ci/run`, `README.md`, \
            `application/json`, `/api/shops`, `target/debug/weikefu`, `ui-assets/console/dist`, `a::b`, `and/or`, `GET /m/{id}`, \
            [web](https://example.org/a.md), [part](#part), [up](README.md#run)\n";
        assert_eq!(found("ARCHITECTURE.md", text), Vec::<String>::new());
    }

    #[test]
    fn links_are_relative_to_their_document_and_other_files_are_not_read() {
        assert_eq!(
            found(
                "docs/guide.md",
                "[a](adr/0001-a.md) [b](../README.md) [c](README.md)"
            ),
            ["README.md"]
        );
        assert_eq!(found("CHANGELOG.md", "`core/src/gone.rs`"), Vec::<String>::new());
        assert_eq!(
            found("core/src/notes.txt", "`core/src/gone.rs`"),
            Vec::<String>::new()
        );
    }
}
