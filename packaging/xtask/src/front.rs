//! The two front-ends: builds one when its sources differ from those its `dist/.stamp` was built from.
//!
//! A stamp is written last, after compression and budgets, so a `dist` with a stamp is whole and
//! within its budget; `ui-assets/build.rs` embeds nothing else.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::budget;
use crate::node;
use crate::problem::{Outcome, Problem, say};
use crate::project::Project;
use crate::shell;

/// One of the front-ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrontEnd {
    Console,
    Widget,
}

/// What a build makes or a tool leaves, none of it a source.
const NOT_SOURCES: [&str; 7] = [
    "node_modules",
    "dist",
    "coverage",
    "test-results",
    ".vite",
    "components.d.ts",
    "auto-imports.d.ts",
];
/// A change in how the files are packed makes every stamp stale.
const COMPRESS: &str = "packaging/xtask/compress.mjs";

impl FrontEnd {
    pub(crate) const ALL: [Self; 2] = [Self::Console, Self::Widget];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Widget => "widget",
        }
    }

    pub(crate) fn folder(self, project: &Project) -> PathBuf {
        project.path("ui-assets").join(self.name())
    }
}

/// Builds what is stale. Never touches a front-end whose stamp fits its sources.
pub(crate) fn build_all(project: &Project) -> Outcome {
    FrontEnd::ALL
        .into_iter()
        .try_for_each(|part| build(project, part))
}

/// Builds one front-end, checks its budget, compresses it, stamps it.
pub(crate) fn build(project: &Project, part: FrontEnd) -> Outcome {
    let folder = part.folder(project);
    if !folder.join("package.json").is_file() {
        return Err(missing(&folder));
    }
    let dist = folder.join("dist");
    let stamp = dist.join(".stamp");
    let sources = sources(project, &folder)?;
    if fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        eprintln!(
            "{}: {}",
            part.name(),
            say(
                "源码未变，沿用已有构建。",
                "sources unchanged, the build is kept."
            )
        );
        return Ok(());
    }
    node::install(&folder)?;
    // From here on a half-made dist must not pass for a whole one.
    match fs::remove_file(&stamp) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Problem::file(&stamp, &error)),
        _ => {}
    }
    match part {
        // The manifest tells which chunks a route loads; only the budget reads it.
        FrontEnd::Console => shell::run(node::npm(&folder).args(["run", "build", "--", "--manifest"]))?,
        FrontEnd::Widget => node::script(&folder, "build")?,
    }
    shell::run(Command::new("node").arg(project.path(COMPRESS)).arg(&dist))?;
    budget::check(part, &dist)?;
    if part == FrontEnd::Console {
        let manifest = dist.join(budget::MANIFEST_FOLDER);
        fs::remove_dir_all(&manifest).map_err(|error| Problem::file(&manifest, &error))?;
    }
    wake_cargo(project)?;
    fs::write(&stamp, sources).map_err(|error| Problem::file(&stamp, &error))
}

/// `ui-assets/build.rs` cannot watch a stamp that is not there yet; a newer file of its own wakes it.
fn wake_cargo(project: &Project) -> Outcome {
    let script = project.path("ui-assets/build.rs");
    fs::File::options()
        .append(true)
        .open(&script)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .map_err(|error| Problem::file(&script, &error))
}

fn missing(folder: &Path) -> Problem {
    let folder = folder.display();
    Problem::not_run(
        format!("{folder} 里没有 package.json：请检查克隆是否完整。"),
        format!("{folder} has no package.json: check that the clone is complete."),
    )
}

/// One hash over the names and contents of everything a build reads.
fn sources(project: &Project, folder: &Path) -> Outcome<String> {
    let mut files = vec![project.path(COMPRESS)];
    collect(folder, &mut files).map_err(|error| Problem::file(folder, &error))?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let text = fs::read(&file).map_err(|error| Problem::file(&file, &error))?;
        let name = file.strip_prefix(&project.root).unwrap_or(&file);
        hash.update(name.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(Sha256::digest(&text));
    }
    Ok(hex_of(&hash.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// SHA-256 in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    hex_of(&Sha256::digest(bytes))
}

fn hex_of(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("packaging/xtask/compress.mjs", "//"),
            ("ui-assets/widget/package.json", "{}"),
            ("ui-assets/widget/src/a.ts", "1"),
            ("ui-assets/widget/dist/loader.js", "built"),
            ("ui-assets/widget/node_modules/x/index.js", "foreign"),
        ] {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let project = Project {
            root: dir.path().to_owned(),
        };
        (dir, project)
    }

    fn hash(project: &Project) -> String {
        sources(project, &FrontEnd::Widget.folder(project)).unwrap()
    }

    #[test]
    fn the_hash_follows_sources_and_ignores_what_builds_leave() {
        let (dir, project) = project();
        let first = hash(&project);
        fs::write(dir.path().join("ui-assets/widget/dist/loader.js"), "other").unwrap();
        fs::write(
            dir.path().join("ui-assets/widget/node_modules/x/index.js"),
            "other",
        )
        .unwrap();
        assert_eq!(hash(&project), first);
        fs::rename(
            dir.path().join("ui-assets/widget/src/a.ts"),
            dir.path().join("ui-assets/widget/src/b.ts"),
        )
        .unwrap();
        let renamed = hash(&project);
        assert_ne!(renamed, first, "a name is part of the source");
        fs::write(dir.path().join("packaging/xtask/compress.mjs"), "// changed").unwrap();
        assert_ne!(hash(&project), renamed, "so is the way it is packed");
    }

    #[test]
    fn a_stamp_that_fits_needs_no_node() {
        let (dir, project) = project();
        fs::write(dir.path().join("ui-assets/widget/dist/.stamp"), hash(&project)).unwrap();
        assert_eq!(build(&project, FrontEnd::Widget), Ok(()));
    }

    #[test]
    fn a_front_end_that_is_not_there_was_not_run() {
        let (_dir, project) = project();
        assert!(build(&project, FrontEnd::Console).unwrap_err().not_run);
    }

    #[test]
    fn hashes_are_written_in_lower_case_hex() {
        assert_eq!(
            hex(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
