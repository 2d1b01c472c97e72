//! Node and npm: their version, and a package's dependencies by its lock file.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::problem::{Outcome, Problem};
use crate::shell;

/// The oldest major version that builds the front-ends.
const OLDEST: u32 = 20;
/// Written into `node_modules` after `npm ci`; `npm ci` itself removes it with the folder.
const MARK: &str = "node_modules/.weikefu-lock";

/// What to do when Node is not there.
pub(crate) fn missing() -> Problem {
    Problem::not_run(
        "需要 Node.js 20 或更新版本和 npm：请安装（例如 apt-get install nodejs npm 或官网安装包）后重试。",
        "Node.js 20 or newer with npm is needed: install it (your system's package or the one of nodejs.org) and try again.",
    )
}

/// Refuses a Node that is absent or too old.
pub(crate) fn check() -> Outcome {
    let version = shell::read(Command::new("node").arg("--version"))?;
    let version = version.trim();
    match major(version) {
        Some(found) if found >= OLDEST => Ok(()),
        _ => Err(Problem::not_run(
            format!("Node.js 版本是 {version}，需要 {OLDEST} 或更新版本：请升级后重试。"),
            format!("Node.js is {version} and {OLDEST} or newer is needed: upgrade it and try again."),
        )),
    }
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// npm in a package's folder.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

/// `npm ci`, unless the installed modules are those of the lock file already. Packages' own install
/// scripts do not run: nothing of ours needs one.
pub(crate) fn install(folder: &Path) -> Outcome {
    check()?;
    let lock = folder.join("package-lock.json");
    let Ok(lock) = fs::read(&lock) else {
        let lock = lock.display();
        return Err(Problem::not_run(
            format!("缺少 {lock}：请在该目录运行 npm install 生成并提交它。"),
            format!("{lock} is missing: make it with npm install in that folder and commit it."),
        ));
    };
    let wanted = crate::front::hex(&lock);
    let mark = folder.join(MARK);
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    shell::run(npm(folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::create_dir_all(folder.join("node_modules"))
        .and_then(|()| fs::write(&mark, wanted))
        .map_err(|error| Problem::file(&mark, &error))
}

/// Whether `package.json` has a script of that name.
pub(crate) fn has_script(folder: &Path, name: &str) -> bool {
    fs::read(folder.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        .is_some_and(|manifest| manifest["scripts"][name].is_string())
}

/// `npm run NAME`; a script that is not there was not run.
pub(crate) fn script(folder: &Path, name: &str) -> Outcome {
    if !has_script(folder, name) {
        let folder = folder.display();
        return Err(Problem::not_run(
            format!("{folder}/package.json 没有脚本 {name}：请加上它。"),
            format!("{folder}/package.json has no script {name}: add it."),
        ));
    }
    shell::run(npm(folder).args(["run", "--silent", name]).env("CI", "true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_as_node_prints_it() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v8.1.0"), Some(8));
        assert_eq!(major("20.1"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn a_package_without_lock_file_or_script_was_not_run() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("package.json"),
            r#"{"scripts":{"build":"true"}}"#,
        )
        .unwrap();
        assert!(has_script(folder.path(), "build"));
        let problem = script(folder.path(), "test").unwrap_err();
        assert!(problem.not_run && problem.to_string().contains("test"));
    }
}
