//! A checked plugin library. Loaded once, never unloaded: threads of the plugin's runtime support may still
//! stand in its code.
use crate::ffi::{self, Table};
use crate::refusal::LoadError;
use crate::unpack::place;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weikefu_channel::{MANIFEST_SCHEMA, Manifest, Words};

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
        // The administrator knows the file, not its copy.
        let copy = place(copies, &stem, &bytes).map_err(|refused| refused.of_file(&file))?;
        crate::probe::probe(probe, &copy).map_err(|refused| refused.of_file(&file))?;
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
        reason: crate::said::system(&e),
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
    let refuse = |found: Words, wanted: (&str, &str)| LoadError::Manifest {
        file: file.into(),
        found,
        wanted: Box::new(wanted.into()),
    };
    let document = table.manifest();
    if document.is_empty() || document.len() > MAX_MANIFEST {
        return Err(refuse(
            Words::new(
                format!(" {} 字节", document.len()),
                format!("{} bytes", document.len()),
            ),
            (
                " 1 字节到 1 MiB 的 JSON 文档",
                "a JSON document of 1 byte to 1 MiB",
            ),
        ));
    }
    let value: serde_json::Value = serde_json::from_slice(document).map_err(|e| {
        let found = Words::new(
            format!("无法解析的内容（第 {} 行第 {} 列）", e.line(), e.column()),
            format!("no JSON ({e})"),
        );
        refuse(found, (" JSON 文档", "a JSON document"))
    })?;
    // The number first: a later schema may look different in everything else.
    match value["manifest"].as_u64() {
        Some(number) if (1..=u64::from(MANIFEST_SCHEMA)).contains(&number) => {}
        Some(number) => {
            let found = Words::new(format!("格式版本 {number}"), format!("schema {number}"));
            let zh = format!("不高于 {MANIFEST_SCHEMA} 的格式版本（或更新的 weikefu）");
            let en = format!("a schema up to {MANIFEST_SCHEMA} (or a newer weikefu)");
            return Err(refuse(found, (&zh, &en)));
        }
        None => {
            let found = Words::new("缺少 `manifest` 字段的清单", "no field `manifest`");
            return Err(refuse(found, ("写明格式版本的清单", "the schema's number")));
        }
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|e| {
        let field = e.to_string().split('`').nth(1).map(str::to_owned);
        let zh = field.map_or("字段类型不正确的清单".into(), |field| {
            format!("`{field}` 不正确的清单")
        });
        refuse(
            Words::new(zh, e.to_string()),
            ("格式版本 1 的全部字段", "the fields of schema 1"),
        )
    })?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=40).contains(&manifest.id.len()) || !manifest.id.chars().all(letters) {
        let found = manifest.id.chars().take(60).collect::<String>();
        let found = Words::new(format!(" id {found:?}"), format!("the id {found:?}"));
        let wanted = (" 1 到 40 个 a-z、0-9 和 - 组成的 id", "1 to 40 of a-z, 0-9 and -");
        return Err(refuse(found, wanted));
    }
    Ok(manifest)
}
