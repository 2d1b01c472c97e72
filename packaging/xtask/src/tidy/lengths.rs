//! Lengths of files: one idea each, read in one sitting.

use std::collections::BTreeMap;

use super::{Finding, Source};

/// Lines of code in one file.
const LIMIT: usize = 500;
/// Lines of tests in one file: tables are long and easy.
const TEST_LIMIT: usize = 800;
/// Half of all files should be shorter.
const MEDIAN_AIM: usize = 150;

fn measured(source: &Source) -> bool {
    matches!(source.extension(), "rs" | "ts" | "vue" | "mjs" | "js" | "c" | "h")
}

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| measured(source))
        .filter_map(|source| {
            let limit = if source.is_test() { TEST_LIMIT } else { LIMIT };
            let lines = source.text.lines().count();
            (lines > limit).then(|| {
                Finding::new(
                    &source.path,
                    0,
                    format!("{lines} lines, at most {limit}: split it into one idea per file"),
                )
            })
        })
        .collect()
}

/// Median, 90th percentile and longest, for each kind of file.
pub(super) fn report(sources: &[Source]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for source in sources.iter().filter(|source| measured(source)) {
        kinds
            .entry(source.extension())
            .or_default()
            .push((source.text.lines().count(), &source.path));
    }
    kinds
        .into_iter()
        .filter_map(|(kind, mut files)| {
            files.sort_unstable();
            let (longest, path) = files.last()?;
            let (median, _) = files[files.len() / 2];
            let (p90, _) = files[files.len() * 9 / 10];
            let note = if median > MEDIAN_AIM {
                format!(" (aim: {MEDIAN_AIM})")
            } else {
                String::new()
            };
            let count = files.len();
            Some(format!(
                "{kind}: {count} files, median {median} lines{note}, p90 {p90}, longest {longest} {path}"
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    #[test]
    fn a_long_file_is_found_and_tests_may_be_longer() {
        let found = |path: &str, lines: usize| !check(&sample(path, &"x\n".repeat(lines))).is_empty();
        assert!(
            found("src/a.rs", 501) && found("ui-assets/console/src/A.vue", 501) && found("tests/a.rs", 801)
        );
        assert!(!found("src/a.rs", 500) && !found("tests/a.rs", 800) && !found("README.md", 5_000));
    }

    #[test]
    fn the_report_names_the_longest() {
        let mut sources = sample("src/a.rs", "x\n");
        sources.extend(sample("src/b.rs", "x\nx\nx\n"));
        assert_eq!(
            report(&sources),
            ["rs: 2 files, median 3 lines, p90 3, longest 3 src/b.rs"]
        );
    }
}
