//! A checked plugin library. Loaded once, never unloaded: threads of the plugin's runtime support may still
//! stand in its code.
use crate::ffi::{self, Table};
use crate::refusal::LoadError;
use crate::unpack::place;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weikefu_channel::{MANIFEST_SCHEMA, Manifest};

/// Largest plugin file, bytes.
const MAX_FILE: u64 = 64 << 20;
/// Largest manifest, bytes.
const MAX_MANIFEST: usize = 1 << 20;

/// How much is known about a file.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// The file is what [`crate::unpack()`] returned for bytes that came with this executable.
    Bundled,
    /// Anybody's file. It is copied into `copies` under its content's name, and the copy is examined by
    /// `<probe> plugin-host --probe <copy>` before it is loaded here.
    Unknown {
        /// This executable, or another that calls [`crate::probe_main`].
        probe: &'a Path,
        /// Folder of private copies.
        copies: &'a Path,
    },
}

/// A loaded plugin, ready to open instances. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Library {
    pub(crate) table: Table,
    manifest: Arc<Manifest>,
    path: PathBuf,
}

impl Library {
    /// Loads a plugin. Blocking; an unknown file starts a child process for a moment.
    pub fn load(path: &Path, trust: Trust<'_>) -> Result<Self, LoadError> {
        let bytes = read(path)?;
        let file = path.display().to_string();
        crate::elf::check(&file, &bytes)?;
        let Trust::Unknown { probe, copies } = trust else {
            return Self::inline(path, &file, &bytes);
        };
        let stem = path
            .file_stem()
            .map_or_else(|| "plugin".into(), |stem| stem.to_string_lossy());
        let stem: String = stem
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(40)
            .collect();
        let copy = place(copies, &stem, &bytes)?;
        crate::probe::probe(probe, &copy)?;
        Self::inline(&copy, &file, &bytes)
    }

    /// Loads without examining the file in a child first.
    pub(crate) fn inline(path: &Path, file: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let table = ffi::open(path, bytes, file)?;
        let manifest = manifest(file, table)?;
        Ok(Library {
            table,
            manifest: Arc::new(manifest),
            path: path.into(),
        })
    }

    /// What the plugin says about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The file that was loaded.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a file that is going to be loaded.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let file = || path.display().to_string();
    let unreadable = |e: std::io::Error| LoadError::Unreadable {
        file: file(),
        reason: e.to_string(),
    };
    let opened = File::open(path).map_err(unreadable)?;
    let found = opened.metadata().map_err(unreadable)?.len();
    if found > MAX_FILE {
        return Err(LoadError::TooLarge {
            file: file(),
            found,
            wanted: MAX_FILE,
        });
    }
    let mut bytes = Vec::with_capacity(found as usize);
    opened
        .take(MAX_FILE)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn manifest(file: &str, table: Table) -> Result<Manifest, LoadError> {
    let refuse = |found: String, wanted: &str| LoadError::Manifest {
        file: file.into(),
        found,
        wanted: wanted.into(),
    };
    let document = table.manifest();
    if document.is_empty() || document.len() > MAX_MANIFEST {
        return Err(refuse(
            format!("{} bytes", document.len()),
            "a JSON document of 1 byte to 1 MiB",
        ));
    }
    let value: serde_json::Value =
        serde_json::from_slice(document).map_err(|e| refuse(format!("no JSON ({e})"), "a JSON document"))?;
    // The number first: a later schema may look different in everything else.
    match value["manifest"].as_u64() {
        Some(number) if (1..=u64::from(MANIFEST_SCHEMA)).contains(&number) => {}
        Some(number) => {
            let newest = format!("a schema up to {MANIFEST_SCHEMA} (or a newer weikefu)");
            return Err(refuse(format!("schema {number}"), &newest));
        }
        None => return Err(refuse("no field `manifest`".into(), "the schema's number")),
    }
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|e| refuse(e.to_string(), "the fields of schema 1"))?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=40).contains(&manifest.id.len()) || !manifest.id.chars().all(letters) {
        let found = manifest.id.chars().take(60).collect::<String>();
        return Err(refuse(format!("the id {found:?}"), "1 to 40 of a-z, 0-9 and -"));
    }
    Ok(manifest)
}
