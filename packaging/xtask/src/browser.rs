//! Chromium and fonts for the browser tests: found, or installed from Debian's packages when allowed.

use std::path::PathBuf;
use std::process::Command;

use crate::problem::{Outcome, Problem, say};
use crate::shell;

/// The browser under its names on various systems.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];
/// Without the first font Chinese is boxes on a bare machine, without the second emoji are.
const PACKAGES: [&str; 3] = ["chromium", "fonts-noto-cjk", "fonts-noto-color-emoji"];

/// The browser's path, after installing what is missing.
pub(crate) fn ready() -> Outcome<PathBuf> {
    let missing: Vec<_> = PACKAGES.into_iter().filter(|package| !present(package)).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    shell::find(&NAMES).ok_or_else(|| refused(&PACKAGES))
}

fn present(package: &str) -> bool {
    if package == "chromium" && shell::find(&NAMES).is_some() {
        return true;
    }
    if shell::find(&["dpkg-query"]).is_none() {
        // Another system: its fonts are its own affair, a missing browser is told below.
        return package != "chromium";
    }
    let status = Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", package])
        .output();
    status.is_ok_and(|output| output.stdout.ends_with(b" installed"))
}

fn install(packages: &[&str]) -> Outcome {
    let Some(mut prefix) = privileged() else {
        return Err(refused(packages));
    };
    eprintln!("{} {}", say("正在安装：", "installing:"), packages.join(" "));
    shell::run(prefix().arg("update"))
        .and_then(|()| {
            shell::run(
                prefix()
                    .args(["install", "--yes", "--no-install-recommends"])
                    .args(packages),
            )
        })
        .map_err(|_| refused(packages))
}

/// A way to call apt-get without being asked for anything: as root, or by sudo without a password.
fn privileged() -> Option<impl FnMut() -> Command> {
    shell::find(&["apt-get"])?;
    let root = shell::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root && !shell::succeeds(Command::new("sudo").args(["-n", "true"])) {
        return None;
    }
    Some(move || {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.args(["-n", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
        command
    })
}

fn refused(packages: &[&str]) -> Problem {
    let packages = packages.join(" ");
    Problem::not_run(
        format!("浏览器测试缺少 {packages}，且无法自动安装：请运行 sudo apt-get install {packages} 后重试。"),
        format!(
            "the browser tests need {packages}, which could not be installed: run sudo apt-get install {packages} and try again."
        ),
    )
}
