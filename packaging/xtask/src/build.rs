//! From a clone to one executable: front-ends, plugins, then the program that embeds both.

use std::path::PathBuf;

use crate::cargo;
use crate::front;
use crate::machine;
use crate::node;
use crate::plugins;
use crate::problem::{Outcome, Problem, say};
use crate::project::Project;
use crate::shell;

/// The WeChat simulator's package and executable, when the workspace has it.
const SIMULATOR: &str = "weikefu-wechat-simulator";

/// What a build made.
pub(crate) struct Built {
    pub(crate) weikefu: PathBuf,
    pub(crate) simulator: Option<PathBuf>,
}

/// Builds everything that is stale. A release embeds its plugins; a debug build finds them beside itself.
pub(crate) fn build(project: &Project, release: bool) -> Outcome<Built> {
    machine::enough_disk(project)?;
    node::check()?;
    front::build_all(project)?;
    let metadata = project.metadata()?;
    let mut command = shell::cargo(project);
    command.args(["build", "--package", "weikefu"]);
    if metadata.member(SIMULATOR).is_some() {
        command.args(["--package", SIMULATOR]);
    }
    if release {
        command
            .arg("--release")
            .env(plugins::FOLDER_VARIABLE, plugins::gather(project, &metadata)?);
    } else {
        command.env_remove(plugins::FOLDER_VARIABLE);
        for plugin in metadata.plugins() {
            command.args(["--package", &plugin.name]);
        }
    }
    let made = cargo::artifacts(&mut command)?;
    let weikefu = cargo::executable(&made, "weikefu").ok_or_else(|| {
        Problem::failed(
            "构建没有产生 weikefu 可执行文件：请检查根目录 Cargo.toml 的 [package]。",
            "the build made no executable weikefu: check [package] in the root Cargo.toml.",
        )
    })?;
    eprintln!("{}: {}", say("已构建", "built"), weikefu.display());
    Ok(Built {
        weikefu,
        simulator: cargo::executable(&made, SIMULATOR),
    })
}
