//! What the machine must offer before a long build starts: disk space, a free port.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use crate::problem::{Outcome, Problem};
use crate::project::Project;
use crate::shell;

/// What a build from nothing takes, in MiB: dependencies in the dev profile, node modules, tests.
const FIRST_BUILD: u64 = 6 * 1024;
/// What a build on top of an earlier one takes, in MiB.
const NEXT_BUILD: u64 = 1024;

/// Refuses to start a build that would run out of disk in its middle.
pub(crate) fn enough_disk(project: &Project) -> Outcome {
    let need = if project.path("target/debug/deps").is_dir() {
        NEXT_BUILD
    } else {
        FIRST_BUILD
    };
    // A machine without df builds on trust.
    let Ok(report) = shell::read(Command::new("df").arg("-Pk").arg(&project.root)) else {
        return Ok(());
    };
    match free_mib(&report) {
        Some(free) if free < need => Err(no_space(&project.root, free, need)),
        _ => Ok(()),
    }
}

fn no_space(root: &Path, free: u64, need: u64) -> Problem {
    let root = root.display();
    Problem::not_run(
        format!(
            "磁盘空间不足：{root} 只剩 {free} MiB，需要 {need} MiB。请清理磁盘，或用 CARGO_TARGET_DIR 指向更大的磁盘。"
        ),
        format!(
            "not enough disk space: {root} has {free} MiB free and {need} MiB are needed. Free some, or point \
             CARGO_TARGET_DIR at a larger disk."
        ),
    )
}

/// The fourth column of the second line of `df -Pk`, in MiB.
fn free_mib(report: &str) -> Option<u64> {
    let kib: u64 = report.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1024)
}

/// Refuses a port somebody listens on, before minutes of building rather than after.
pub(crate) fn port_is_free(port: u16) -> Outcome {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
        return Ok(());
    }
    let other = port.checked_add(1).unwrap_or(8080);
    Err(Problem::not_run(
        format!("端口 {port} 已被占用或不允许使用：请换一个，例如 --port {other}，或先关闭占用它的程序。"),
        format!(
            "port {port} is taken or not allowed: choose another, as in --port {other}, or end the program that holds it."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_the_posix_form_of_df() {
        let report = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264000000 12000000 2097152 13% /\n";
        assert_eq!(free_mib(report), Some(2048));
        assert_eq!(free_mib("nonsense"), None);
    }

    #[test]
    fn a_port_that_is_listened_on_is_refused_with_another_to_try() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        let problem = port_is_free(port).unwrap_err();
        assert!(problem.to_string().contains("--port"));
        drop(holder);
        assert_eq!(port_is_free(port), Ok(()));
    }
}
