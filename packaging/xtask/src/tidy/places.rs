//! What may stand in some Rust files only: the dangers, each behind its one door.

use super::code::only_code;
use super::{Finding, Source, has_word, numbered};

/// The only shipped files with unsafe code; each says at its head what it guards.
const UNSAFE_FILES: [&str; 4] = [
    "channels/sdk/src/abi.rs",
    "channels/sdk/src/export.rs",
    "channels/host/src/ffi.rs",
    "storage/src/barrier.rs",
];
/// What tries those four from the other side: bad plugins, power cuts, the bare table measured.
const UNSAFE_TESTS: [&str; 5] = [
    "channels/host/src/ffi_tests.rs",
    "channels/sdk/tests/",
    "channels/host/tests/",
    "channels/host/examples/",
    "storage/tests/",
];
/// Engines, and the only folder that may name each.
const ENGINES: [(&str, &str); 3] = [
    ("sled", "storage/"),
    ("bincode", "storage/"),
    ("tantivy", "storage/search/"),
];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.extension() == "rs")
        .flat_map(in_one_file)
        .collect()
}

fn in_one_file(source: &Source) -> Vec<Finding> {
    let tries_one = UNSAFE_TESTS.iter().any(|folder| source.path.starts_with(folder));
    let may_be_unsafe = tries_one || UNSAFE_FILES.contains(&&*source.path);
    let mut findings = Vec::new();
    let code = only_code(&source.text);
    // One finding a file: the first place tells where to look.
    let first = numbered(&code).find(|(_, line)| has_word(line, "unsafe") || lowers_the_wall(line));
    if let Some((number, _)) = first.filter(|_| !may_be_unsafe) {
        let what = format!(
            "unsafe code outside {}: use what they offer",
            UNSAFE_FILES.join(", ")
        );
        findings.push(Finding::new(&source.path, number, what));
    }
    for (number, line) in numbered(&code) {
        for (engine, room) in ENGINES {
            let named = line.contains(&format!("{engine}::")) && has_word(line, engine);
            let imported = has_word(line, "use") && has_word(line, engine);
            if !source.path.starts_with(room) && (named || imported) {
                let what = format!("names {engine} outside {room}: go through what the crate there offers");
                findings.push(Finding::new(&source.path, number, what));
            }
        }
    }
    findings
}

/// An attribute that lifts the workspace's ban.
fn lowers_the_wall(line: &str) -> bool {
    has_word(line, "unsafe_code") && (has_word(line, "allow") || has_word(line, "expect"))
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&sample(path, text))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn unsafe_code_is_found_outside_its_files_only() {
        let text = "// unsafe\n#![allow(unsafe_code)]\nfn f() { unsafe { g() } }\nlet s = \"unsafe\";\n";
        assert_eq!(
            found("core/src/desk.rs", text),
            [2],
            "the first place of each file"
        );
        assert_eq!(found("core/src/desk.rs", "fn f() { unsafe { g() } }"), [1]);
        assert_eq!(
            found("core/tests/desk.rs", text),
            [2],
            "a test of a crate without such a file"
        );
        assert_eq!(found(UNSAFE_FILES[0], text), Vec::<usize>::new());
        assert_eq!(found("storage/tests/barrier.rs", text), Vec::<usize>::new());
        assert_eq!(
            found("core/src/lib.rs", "#![forbid(unsafe_code)]\n"),
            Vec::<usize>::new()
        );
    }

    #[test]
    fn an_engine_is_found_outside_storage_only() {
        let text = "/// Not sled::Tree.\nuse sled::Tree;\nlet a = bincode::serialize(&b);\nuse sled;\nlet hassled = 1;\n";
        assert_eq!(found("core/src/desk.rs", text), [2, 3, 4]);
        assert_eq!(found("storage/src/db.rs", text), Vec::<usize>::new());
        let index = "use tantivy::Index;\n";
        assert_eq!(found("storage/src/db.rs", index), [1]);
        assert_eq!(found("storage/search/src/index.rs", index), Vec::<usize>::new());
    }
}
