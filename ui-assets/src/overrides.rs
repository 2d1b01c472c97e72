//! A folder that stands in for the embedded files while the server runs (`--web-dir`).
//!
//! Reads at each call and blocks on the disk: call it from a blocking thread. Keeps nothing in memory.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use crate::Asset;
use crate::lookup::{Found, find};

/// Console and widget from disk. A part that the folder does not hold comes from the executable.
#[derive(Clone, Debug)]
pub struct Overrides {
    console: Option<PathBuf>,
    widget: Option<PathBuf>,
}

impl Overrides {
    /// Takes `<folder>/console` and `<folder>/widget`, or the `dist` folder inside each, so that both an
    /// unpacked release and the `ui-assets` folder of a work tree do. A console is known by its
    /// `index.html`, a widget by its `loader.js`. Fails when neither is there; the text names both.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let part = |name: &str, mark: &str| {
            let base = folder.join(name);
            [base.join("dist"), base]
                .into_iter()
                .find(|candidate| candidate.join(mark).is_file())
                .map(fs::canonicalize)
                .transpose()
        };
        let console = part("console", "index.html")?;
        let widget = part("widget", "loader.js")?;
        if console.is_none() && widget.is_none() {
            let text = format!(
                "{} holds neither console/index.html nor widget/loader.js; name the folder above them",
                folder.display()
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(Self { console, widget })
    }

    /// As [`crate::console`].
    #[must_use]
    pub fn console(&self, path: &str, accept_encoding: Option<&str>) -> Option<Asset> {
        match &self.console {
            Some(root) => find(&|name| read(root, name), path, accept_encoding, true),
            None => crate::console(path, accept_encoding),
        }
    }

    /// As [`crate::widget`].
    #[must_use]
    pub fn widget(&self, path: &str, accept_encoding: Option<&str>) -> Option<Asset> {
        match &self.widget {
            Some(root) => find(&|name| read(root, name), path, accept_encoding, false),
            None => crate::widget(path, accept_encoding),
        }
    }
}

/// The name is clean already; what is left is a symbolic link that leads out of the folder.
fn read(root: &Path, name: &str) -> Option<Found> {
    let file = fs::canonicalize(root.join(name)).ok()?;
    if !file.starts_with(root) || !file.is_file() {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Some(Found {
        tag: hasher.finish(),
        bytes: bytes.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        dir
    }

    #[test]
    fn the_folder_wins_and_a_change_on_disk_changes_the_etag() {
        let dir = folder(&[("console/index.html", "one")]);
        let web = Overrides::open(dir.path()).unwrap();
        let before = web.console("/desk", None).unwrap();
        assert_eq!(before.bytes, b"one".as_slice());
        fs::write(dir.path().join("console/index.html"), "two").unwrap();
        let after = web.console("/desk", None).unwrap();
        assert_eq!(after.bytes, b"two".as_slice());
        assert_ne!(before.etag, after.etag);
        assert!(
            web.widget("loader.js", None).is_some(),
            "the widget still comes from the executable"
        );
    }

    #[test]
    fn a_work_tree_is_read_at_its_dist_folders() {
        let dir = folder(&[
            ("console/index.html", "source"),
            ("console/dist/index.html", "built"),
        ]);
        let page = Overrides::open(dir.path()).unwrap().console("/", None).unwrap();
        assert_eq!(page.bytes, b"built".as_slice());
    }

    #[test]
    fn neither_dots_nor_links_lead_out() {
        let dir = folder(&[("secret.txt", "secret"), ("widget/loader.js", "x")]);
        std::os::unix::fs::symlink(dir.path().join("secret.txt"), dir.path().join("widget/link.txt"))
            .unwrap();
        let web = Overrides::open(dir.path()).unwrap();
        assert!(web.widget("loader.js", None).is_some());
        for path in [
            "../secret.txt",
            "/../secret.txt",
            "link.txt",
            "x/../../secret.txt",
        ] {
            assert_eq!(web.widget(path, None), None, "{path}");
        }
    }

    #[test]
    fn a_folder_without_a_front_end_is_refused_by_name() {
        let dir = folder(&[("readme.txt", "")]);
        let error = Overrides::open(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("console/index.html") && error.contains("widget/loader.js"),
            "{error}"
        );
    }
}
