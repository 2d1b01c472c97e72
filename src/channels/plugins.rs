//! The plugins this installation knows: those inside the executable and those somebody has installed.
use crate::bundled;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use weikefu_channel::Words;
use weikefu_channel_host::{Library, LoadError, Trust, unpack};

/// A plugin that was found, loaded or not.
pub(crate) struct Plugin {
    /// Id of the manifest, or the file's name when there is no manifest.
    pub(crate) id: String,
    pub(crate) bundled: bool,
    /// The library, or the sentence that says why not.
    pub(crate) library: Result<Library, LoadError>,
}

/// All of them. A refused plugin is kept with its reason; the others work.
pub(crate) struct Plugins(BTreeMap<String, Plugin>);

impl Plugins {
    /// Loads the bundled plugins, then every `.so` somebody has put into `folder`.
    pub(crate) fn load(folder: &Path) -> Self {
        let mut plugins = Plugins(BTreeMap::new());
        for (id, bytes) in bundled::plugins() {
            let library = unpack(folder, &id, &bytes).and_then(|file| Library::load(&file, Trust::Bundled));
            plugins.add(id, true, library);
        }
        for file in installed(folder) {
            let id = file
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            let copies = folder.join(".installed");
            let library = std::env::current_exe()
                .map_err(|error| LoadError::Copy {
                    file: file.display().to_string(),
                    reason: Words::new("找不到本程序的文件", error.to_string()),
                })
                .and_then(|exe| {
                    Library::load(
                        &file,
                        Trust::Unknown {
                            probe: &exe,
                            copies: &copies,
                        },
                    )
                });
            plugins.add(id, false, library);
        }
        plugins
    }

    fn add(&mut self, name: String, bundled: bool, library: Result<Library, LoadError>) {
        let id = library
            .as_ref()
            .map_or(name, |library| library.manifest().id.clone());
        if let Err(error) = &library {
            tracing::warn!(plugin = id, "{error}");
        }
        // The first keeps its id: nobody replaces a bundled plugin by putting a file beside it.
        if let Some(known) = self.0.get(&id).filter(|known| known.library.is_ok()) {
            tracing::warn!(
                plugin = id,
                bundled = known.bundled,
                "a second plugin with this id is ignored; remove its file"
            );
            return;
        }
        self.0.insert(id.clone(), Plugin { id, bundled, library });
    }

    /// A loaded plugin, or why there is none.
    pub(crate) fn library(&self, id: &str) -> Result<Library, Words> {
        match self.0.get(id) {
            Some(Plugin {
                library: Ok(library), ..
            }) => Ok(library.clone()),
            Some(Plugin {
                library: Err(error), ..
            }) => Err(Words::new(error.zh(), error.to_string())),
            None => Err(Words::new(
                format!("没有名为 {id} 的插件；可用 weikefu plugin list 查看已有插件。"),
                format!("There is no plugin {id}; see `weikefu plugin list`."),
            )),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Plugin> {
        self.0.values()
    }
}

fn installed(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "so"))
        .collect();
    files.sort();
    files
}
