//! The documents every clone must hold, and how long the map may be.

use super::{Finding, Source};

const REQUIRED: [&str; 8] = [
    ".ci/run",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "deny.toml",
    "rustfmt.toml",
];
/// A map that is longer is not read.
const ARCHITECTURE_LINES: usize = 200;

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let find = |name: &str| sources.iter().find(|source| source.path == name);
    let mut findings: Vec<_> = REQUIRED
        .iter()
        .filter(|name| find(name).is_none())
        .map(|name| Finding::new(name, 0, "is missing: every clone must hold it"))
        .collect();
    if let Some(map) = find("ARCHITECTURE.md") {
        let lines = map.text.lines().count();
        if lines > ARCHITECTURE_LINES {
            let what = format!(
                "{lines} lines, at most {ARCHITECTURE_LINES}: move details to docs/ or to module heads"
            );
            findings.push(Finding::new(&map.path, 0, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    #[test]
    fn a_missing_document_and_a_long_map_are_found() {
        let long = sample("ARCHITECTURE.md", &"x\n".repeat(201));
        let found = check(&long);
        assert_eq!(found.len(), REQUIRED.len());
        assert!(
            found
                .iter()
                .any(|finding| finding.path == "ARCHITECTURE.md" && finding.what.contains("201 lines"))
        );
        assert!(found.iter().any(|finding| finding.path == "README.md"));
        let whole: Vec<_> = REQUIRED.iter().flat_map(|name| sample(name, "x\n")).collect();
        assert_eq!(check(&whole), []);
    }
}
