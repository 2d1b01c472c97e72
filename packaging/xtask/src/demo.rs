//! `cargo xtask demo`: builds, then becomes the demonstration.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::build;
use crate::machine;
use crate::problem::{Outcome, Problem};
use crate::project::Project;

/// Replaces this process with `weikefu demo`, so that Ctrl-C and every other signal reach it and
/// nothing is left behind. Returns only when that fails.
pub(crate) fn demo(project: &Project, data: Option<&Path>, port: u16, release: bool) -> Outcome<ExitCode> {
    machine::port_is_free(port)?;
    let built = build::build(project, release)?;
    let mut command = Command::new(&built.weikefu);
    command.args([
        "demo",
        "--listen",
        &SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string(),
    ]);
    if let Some(simulator) = built.simulator {
        command.arg("--simulator").arg(simulator);
    }
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let error = command.exec();
    let program = built.weikefu.display();
    Err(Problem::failed(
        format!("无法启动 {program}（{error}）：请检查文件权限，以及该磁盘是否以 noexec 挂载。"),
        format!(
            "cannot start {program} ({error}): check its permissions and that the disk is not mounted noexec."
        ),
    ))
}
