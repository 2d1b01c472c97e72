//! Where things stand in the work tree, and what cargo knows about its packages.

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::problem::{Outcome, Problem};
use crate::shell;

/// The work tree.
pub(crate) struct Project {
    /// The folder of `Cargo.lock`.
    pub(crate) root: PathBuf,
}

impl Project {
    /// Looks upwards from the current folder.
    pub(crate) fn find() -> Outcome<Self> {
        let here = env::current_dir().map_err(|error| Problem::file(Path::new("."), &error))?;
        let root = here
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").is_file());
        let root = root.ok_or_else(|| {
            Problem::not_run(
                "这里不是 weikefu 的源码目录：请在克隆下来的目录里运行。",
                "this is not weikefu's source folder: run the command inside the clone.",
            )
        })?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// A path below the root, written with slashes.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// `cargo metadata`, dependencies included.
    pub(crate) fn metadata(&self) -> Outcome<Metadata> {
        let text = shell::read(shell::cargo(self).args(["metadata", "--format-version", "1"]))?;
        serde_json::from_str(&text).map_err(|error| {
            Problem::failed(
                format!("无法解析 cargo metadata 的输出（{error}）：请使用 rust-toolchain 要求的 cargo 版本。"),
                format!("cannot read what cargo metadata says ({error}): use the cargo of Cargo.toml's rust-version."),
            )
        })
    }
}

/// The part of `cargo metadata` that is used here.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    pub(crate) resolve: Resolve,
    pub(crate) target_directory: PathBuf,
    pub(crate) workspace_root: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) targets: Vec<Target>,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) crate_types: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// One package and what it depends on, with this build's features.
#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

#[derive(Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// `kind` is absent for a normal dependency, else `dev` or `build`.
#[derive(Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The workspace package of that name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members().find(|package| package.name == name)
    }

    /// The channel plugins that are shipped: packages below `plugins/` that build a shared object.
    pub(crate) fn plugins(&self) -> impl Iterator<Item = &Package> {
        let folder = self.workspace_root.join("plugins");
        self.members().filter(move |package| {
            let shared = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
            package.manifest_path.starts_with(&folder) && package.targets.iter().any(shared)
        })
    }
}
