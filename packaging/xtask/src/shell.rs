//! Runs other programs: their output goes to the terminal, nothing waits for input, and a missing
//! program becomes a sentence that says how to get it.

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::problem::{Outcome, Problem};
use crate::project::Project;

/// Cargo as it was started for this program, in the root folder.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(&project.root);
    command
}

/// Runs to the end; an exit code other than zero is a failure.
pub(crate) fn run(command: &mut Command) -> Outcome {
    eprintln!("$ {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| missing(command, &error))?;
    if status.success() {
        return Ok(());
    }
    let shown = shown(command);
    Err(Problem::failed(
        format!("`{shown}` 没有成功（{status}）：原因见它上面的输出。"),
        format!("`{shown}` did not succeed ({status}): its output above says why."),
    ))
}

/// Runs to the end and returns what it wrote to standard output; its errors go to the terminal.
pub(crate) fn read(command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| missing(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let (shown, status) = (shown(command), output.status);
    Err(Problem::failed(
        format!("`{shown}` 没有成功（{status}）：原因见它上面的输出。"),
        format!("`{shown}` did not succeed ({status}): its output above says why."),
    ))
}

/// Whether a program runs at all and reports success, silently.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The first of these programs that stands on the search path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    command
        .get_args()
        .fold(program, |line, argument| line + " " + &argument.to_string_lossy())
}

fn missing(command: &Command, error: &std::io::Error) -> Problem {
    let name = command.get_program().to_string_lossy();
    if error.kind() != ErrorKind::NotFound {
        return Problem::not_run(
            format!("无法启动 {name}（{error}）：请检查它的权限。"),
            format!("cannot start {name} ({error}): check its permissions."),
        );
    }
    match &*name {
        "node" | "npm" => crate::node::missing(),
        _ => Problem::not_run(
            format!("找不到程序 {name}：请安装后重试。"),
            format!("the program {name} is not here: install it and try again."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_and_a_missing_one_are_told_apart() {
        let failed = run(&mut Command::new("false")).unwrap_err();
        assert!(!failed.not_run);
        assert!(failed.to_string().contains("false"));
        let absent = run(&mut Command::new("weikefu-no-such-program")).unwrap_err();
        assert!(absent.not_run);
        assert!(absent.to_string().contains("weikefu-no-such-program"));
    }

    #[test]
    fn output_is_returned_and_a_program_is_found_on_the_path() {
        assert_eq!(read(Command::new("echo").arg("ok")).unwrap(), "ok\n");
        assert!(find(&["weikefu-no-such-program", "sh"]).unwrap().ends_with("sh"));
        assert!(!succeeds(&mut Command::new("false")));
    }
}
