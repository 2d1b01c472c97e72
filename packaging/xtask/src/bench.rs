//! `cargo xtask bench`: builds what is shipped and hands it to the benchmark, the package
//! `weikefu-bench` in `tests/bench`. What is measured and against which floor is the benchmark's.

use crate::build;
use crate::problem::{Outcome, Problem};
use crate::project::Project;
use crate::shell;

const PACKAGE: &str = "weikefu-bench";

/// The benchmark learns the executables from `WEIKEFU_BIN` and `WEIKEFU_SIMULATOR`.
pub(crate) fn bench(project: &Project, arguments: &[String]) -> Outcome {
    if project.metadata()?.member(PACKAGE).is_none() {
        return Err(Problem::not_run(
            format!("工作区里没有基准测试 {PACKAGE}（tests/bench）：请先把它加入 Cargo.toml 的 members。"),
            format!(
                "the workspace has no benchmark {PACKAGE} (tests/bench): add it to the members in Cargo.toml first."
            ),
        ));
    }
    let built = build::build(project, true)?;
    let mut command = shell::cargo(project);
    command
        .args(["run", "--release", "--package", PACKAGE, "--"])
        .args(arguments)
        .env("WEIKEFU_BIN", built.weikefu);
    if let Some(simulator) = built.simulator {
        command.env("WEIKEFU_SIMULATOR", simulator);
    }
    shell::run(&mut command)
}
