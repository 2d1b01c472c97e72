//! The plugins inside the executable.
//!
//! A release carries them; a debug build takes those that lie beside it, where cargo leaves them. Either way
//! they are unpacked and loaded through the same door as anybody else's.
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(rust_embed::RustEmbed)]
#[folder = "$WEIKEFU_PLUGIN_DIR"]
#[include = "*.so"]
#[allow_missing = true]
struct Embedded;

/// What the plugins' libraries are called.
const PREFIX: &str = "libweikefu_plugin_";

/// All bundled plugins: id and bytes.
pub(crate) fn plugins() -> Vec<(String, Cow<'static, [u8]>)> {
    if !cfg!(debug_assertions) {
        let embedded: Vec<_> = Embedded::iter()
            .filter_map(|file| Some((id(Path::new(file.as_ref()))?, Embedded::get(&file)?.data)))
            .collect();
        if !embedded.is_empty() {
            return embedded;
        }
    }
    beside()
}

/// Plugins beside the executable. `cargo build` and `cargo test` leave them in two places; the newer counts.
fn beside() -> Vec<(String, Cow<'static, [u8]>)> {
    let Some(folder) = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.to_owned()))
    else {
        return Vec::new();
    };
    let mut newest: BTreeMap<String, (SystemTime, PathBuf)> = BTreeMap::new();
    for folder in [folder.clone(), folder.join("deps")] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let (Some(id), Ok(modified)) = (id(&path), modified) else {
                continue;
            };
            if newest.get(&id).is_none_or(|(known, _)| *known < modified) {
                newest.insert(id, (modified, path));
            }
        }
    }
    newest
        .into_iter()
        .filter_map(|(id, (_, path))| Some((id, std::fs::read(path).ok()?.into())))
        .collect()
}

/// The id in a library's name: `libweikefu_plugin_<id>.so`. Cargo's copies with a hash in their name are not it.
fn id(path: &Path) -> Option<String> {
    let id = path
        .file_name()?
        .to_str()?
        .strip_prefix(PREFIX)?
        .strip_suffix(".so")?;
    (!id.contains('-')).then(|| id.to_owned())
}
