//! The bundled plugins as they are shipped: each built alone as a shared object, gathered with an
//! index in `target/dist/plugins`, from where the executable's own build embeds them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cargo;
use crate::front::hex;
use crate::problem::{Outcome, Problem};
use crate::project::{Metadata, Project};
use crate::shell;

/// Names the folder to the executable's build script.
pub(crate) const FOLDER_VARIABLE: &str = "WEIKEFU_PLUGIN_DIR";

/// One line of `index.json`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Entry {
    /// The plugin's folder below `plugins/`.
    id: String,
    /// Beside the index.
    file: String,
    /// Lower-case hex of the file's SHA-256.
    sha256: String,
}

/// Builds every plugin of the workspace; returns the folder.
pub(crate) fn gather(project: &Project, metadata: &Metadata) -> Outcome<PathBuf> {
    let folder = metadata.target_directory.join("dist/plugins");
    let mut built = Vec::new();
    for plugin in metadata.plugins() {
        let id = plugin
            .manifest_path
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default();
        // A single crate type lets the linker drop what an rlib would have to keep.
        let mut command = shell::cargo(project);
        command.args([
            "rustc",
            "--package",
            &plugin.name,
            "--lib",
            "--profile",
            "plugin",
            "--crate-type",
            "cdylib",
        ]);
        let library = plugin.name.replace('-', "_");
        let object = cargo::artifacts(&mut command)?
            .into_iter()
            .filter(|artifact| artifact.target.name == library)
            .find_map(|artifact| artifact.shared_object().cloned());
        let object = object.ok_or_else(|| {
            Problem::failed(
                format!("{} 没有产生动态库：请检查它的 crate-type。", plugin.name),
                format!("{} made no shared object: check its crate-type.", plugin.name),
            )
        })?;
        built.push((id.to_string_lossy().into_owned(), object));
    }
    write(&folder, &built).map_err(|error| Problem::file(&folder, &error))?;
    Ok(folder)
}

/// Replaces the folder, so that a plugin that is gone does not stay embedded.
fn write(folder: &Path, built: &[(String, PathBuf)]) -> std::io::Result<()> {
    if folder.is_dir() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut index = Vec::new();
    for (id, object) in built {
        let bytes = fs::read(object)?;
        // The library's own name, by which a debug build finds it beside itself too.
        let file = object
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        index.push(Entry {
            id: id.clone(),
            sha256: hex(&bytes),
            file: file.clone(),
        });
        fs::write(folder.join(file), bytes)?;
    }
    index.sort_by(|a, b| a.id.cmp(&b.id));
    fs::write(folder.join("index.json"), serde_json::to_vec_pretty(&index)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_each_file_with_its_hash_and_old_files_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let object = dir.path().join("libweikefu_plugin_wechat.so");
        fs::write(&object, "").unwrap();
        let folder = dir.path().join("plugins");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("old.so"), "old").unwrap();
        write(&folder, &[("wechat".into(), object)]).unwrap();
        let index: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(
            index,
            serde_json::json!([{"id": "wechat", "file": "libweikefu_plugin_wechat.so", "sha256": hash}])
        );
        assert!(folder.join("libweikefu_plugin_wechat.so").is_file());
        assert!(!folder.join("old.so").exists());
    }
}
