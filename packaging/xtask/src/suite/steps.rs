//! The steps of `cargo xtask test`, in their order: what is quick to know comes first, and the
//! front-ends come before the Rust build because it embeds them.

use std::process::Command;

use super::{Run, Step};
use crate::cargo;
use crate::front::{self, FrontEnd};
use crate::machine;
use crate::node;
use crate::problem::{Outcome, Problem};
use crate::shell;
use crate::tidy;
use crate::{browser, plugins};

pub(super) const ALL: &[Step] = &[
    Step {
        name: "disk and node",
        needs: &[],
        slow: false,
        work: machine_is_fit,
    },
    Step {
        name: "format",
        needs: &[],
        slow: false,
        work: format,
    },
    Step {
        name: "tidy",
        needs: &[],
        slow: false,
        work: |run| tidy::tidy(run.project),
    },
    Step {
        name: "dependencies",
        needs: &[],
        slow: true,
        work: dependencies,
    },
    Step {
        name: "console packages",
        needs: &["disk and node"],
        slow: false,
        work: |run| packages(run, FrontEnd::Console),
    },
    Step {
        name: "console unit tests",
        needs: &["console packages"],
        slow: false,
        work: |run| units(run, FrontEnd::Console),
    },
    Step {
        name: "console build",
        needs: &["console packages"],
        slow: false,
        work: |run| build(run, FrontEnd::Console),
    },
    Step {
        name: "widget packages",
        needs: &["disk and node"],
        slow: false,
        work: |run| packages(run, FrontEnd::Widget),
    },
    Step {
        name: "widget unit tests",
        needs: &["widget packages"],
        slow: false,
        work: |run| units(run, FrontEnd::Widget),
    },
    Step {
        name: "widget build",
        needs: &["widget packages"],
        slow: false,
        work: |run| build(run, FrontEnd::Widget),
    },
    Step {
        name: "clippy",
        needs: &["disk and node"],
        slow: false,
        work: clippy,
    },
    Step {
        name: "rust build",
        needs: &["disk and node"],
        slow: false,
        work: rust_build,
    },
    Step {
        name: "rust tests",
        needs: &["rust build"],
        slow: false,
        work: rust_tests,
    },
    Step {
        name: "doctests",
        needs: &["rust build"],
        slow: true,
        work: doctests,
    },
    Step {
        name: "browser tests",
        needs: &["rust build", "console build", "widget build"],
        slow: true,
        work: browser_tests,
    },
];

fn machine_is_fit(run: &mut Run<'_>) -> Outcome {
    machine::enough_disk(run.project)?;
    node::check()
}

fn format(run: &mut Run<'_>) -> Outcome {
    component(run, "fmt", "rustfmt")?;
    shell::run(shell::cargo(run.project).args(["fmt", "--all", "--check"]))
}

/// A part of the toolchain that the smallest installation leaves out.
fn component(run: &Run<'_>, subcommand: &str, name: &str) -> Outcome {
    if shell::succeeds(shell::cargo(run.project).args([subcommand, "--version"])) {
        return Ok(());
    }
    shell::run(Command::new("rustup").args(["component", "add", name])).map_err(|_| {
        Problem::not_run(
            format!("缺少 {name}：请运行 rustup component add {name}，或安装发行版中的同名软件包。"),
            format!(
                "{name} is missing: run rustup component add {name}, or install your system's package of it."
            ),
        )
    })
}

fn dependencies(run: &mut Run<'_>) -> Outcome {
    if !shell::succeeds(shell::cargo(run.project).args(["deny", "--version"])) {
        shell::run(shell::cargo(run.project).args(["install", "--locked", "cargo-deny"])).map_err(|_| {
            Problem::not_run(
                "无法安装 cargo-deny：请检查网络后运行 cargo install --locked cargo-deny。",
                "cargo-deny could not be installed: check the network and run cargo install --locked cargo-deny.",
            )
        })?;
    }
    shell::run(shell::cargo(run.project).args([
        "deny",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn packages(run: &mut Run<'_>, part: FrontEnd) -> Outcome {
    node::install(&part.folder(run.project))
}

fn units(run: &mut Run<'_>, part: FrontEnd) -> Outcome {
    node::script(&part.folder(run.project), "test")
}

/// Type check, bundle, budgets. The package's own size script has finer limits where there is one.
fn build(run: &mut Run<'_>, part: FrontEnd) -> Outcome {
    front::build(run.project, part)?;
    let folder = part.folder(run.project);
    if node::has_script(&folder, "size") {
        node::script(&folder, "size")
    } else {
        Ok(())
    }
}

fn clippy(run: &mut Run<'_>) -> Outcome {
    component(run, "clippy", "clippy")?;
    let mut command = shell::cargo(run.project);
    shell::run(command.args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Everything at once and with the tests, so that the steps behind it find every crate built.
fn rust_build(run: &mut Run<'_>) -> Outcome {
    let mut command = shell::cargo(run.project);
    command.args(["build", "--locked", "--workspace", "--lib", "--bins", "--tests"]);
    command.env_remove(plugins::FOLDER_VARIABLE);
    let made = cargo::artifacts(&mut command)?;
    run.weikefu = cargo::executable(&made, "weikefu");
    run.simulator = cargo::executable(&made, "weikefu-wechat-simulator");
    Ok(())
}

/// nextest where it is installed; building it would cost more than the run it saves.
fn rust_tests(run: &mut Run<'_>) -> Outcome {
    let mut command = shell::cargo(run.project);
    command.env_remove(plugins::FOLDER_VARIABLE);
    if shell::succeeds(shell::cargo(run.project).args(["nextest", "--version"])) {
        command.args(["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]);
    } else {
        command.args([
            "test",
            "--locked",
            "--workspace",
            "--no-fail-fast",
            "--lib",
            "--bins",
            "--tests",
        ]);
    }
    shell::run(&mut command)
}

fn doctests(run: &mut Run<'_>) -> Outcome {
    let mut command = shell::cargo(run.project);
    shell::run(command.args(["test", "--locked", "--workspace", "--no-fail-fast", "--doc"]))
}

/// The tests learn from the environment: `WEIKEFU_BIN`, `WEIKEFU_SIMULATOR`, `CHROMIUM`.
fn browser_tests(run: &mut Run<'_>) -> Outcome {
    let folder = run.project.path("tests/browser");
    if !folder.join("package.json").is_file() {
        return Err(Problem::not_run(
            "tests/browser 里没有 package.json：请检查克隆是否完整。",
            "tests/browser has no package.json: check that the clone is complete.",
        ));
    }
    let Some(weikefu) = &run.weikefu else {
        return Err(Problem::not_run(
            "构建没有产生 weikefu 可执行文件：请检查根目录 Cargo.toml。",
            "the build made no executable weikefu: check the root Cargo.toml.",
        ));
    };
    node::install(&folder)?;
    let chromium = browser::ready()?;
    let mut command = node::npm(&folder);
    command.args(["run", "--silent", "test"]).env("CI", "true");
    command.env("WEIKEFU_BIN", weikefu).env("CHROMIUM", chromium);
    if let Some(simulator) = &run.simulator {
        command.env("WEIKEFU_SIMULATOR", simulator);
    }
    shell::run(&mut command)
}
