//! The text files that are tracked, or would be with the next `git add`.

use std::fs;
use std::process::Command;

use crate::problem::Outcome;
use crate::project::Project;
use crate::shell;

/// One file.
pub(crate) struct Source {
    /// Below the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every tracked or new file that is text; files that git ignores are nobody's concern.
pub(super) fn load(project: &Project) -> Outcome<Vec<Source>> {
    let mut git = Command::new("git");
    git.current_dir(&project.root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]);
    let listing = shell::read(&mut git)?;
    let names = listing.split('\0').filter(|name| !name.is_empty());
    Ok(names
        .filter_map(|name| {
            // A deleted file is still in the index until the next commit; a binary one is not text.
            let text = String::from_utf8(fs::read(project.path(name)).ok()?).ok()?;
            (!text.contains('\0')).then(|| Source {
                path: name.to_owned(),
                text,
            })
        })
        .collect())
}

impl Source {
    /// After the last dot of the name, empty without one.
    pub(super) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// A file that holds nothing but tests.
    pub(super) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || stem == "tests"
            || stem.ends_with("_tests")
            || name.contains(".test.")
            || name.contains(".spec.")
    }

    /// Written by a package manager, not by a person.
    pub(super) fn is_lock_file(&self) -> bool {
        self.path.ends_with(".lock") || self.path.ends_with("package-lock.json")
    }
}

/// A file for a rule's tests.
#[cfg(test)]
pub(super) fn sample(path: &str, text: &str) -> Vec<Source> {
    vec![Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_folder_or_name() {
        let is_test = |path: &str| sample(path, "")[0].is_test();
        for path in [
            "tests/kill.rs",
            "core/tests/desk.rs",
            "core/src/desk/tests.rs",
            "a/executor_tests.rs",
            "src/a.test.ts",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in [
            "core/src/contest.rs",
            "src/latest.ts",
            "ui-assets/console/src/desk/order.ts",
        ] {
            assert!(!is_test(path), "{path}");
        }
        assert_eq!(sample("ui-assets/a/X.vue", "")[0].extension(), "vue");
        assert_eq!(sample(".ci/run", "")[0].extension(), "");
    }
}
