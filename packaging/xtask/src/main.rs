//! `cargo xtask`: everything beyond plain cargo that a developer does with weikefu.
//!
//! Owns the order of the tools and the sentences when one is missing. Owns no product code: what it
//! builds, runs and checks lives in the other folders. `cargo build`, `cargo run` and `cargo test`
//! work without it.

#![forbid(unsafe_code)]
// The names compared are tracked by git or made by our builds, all of them lower-case.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

mod bench;
mod browser;
mod budget;
mod build;
mod cargo;
mod demo;
mod front;
mod machine;
mod node;
mod plugins;
mod problem;
mod project;
mod shell;
mod suite;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use problem::Outcome;
use project::Project;

/// Builds, runs and checks weikefu.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build console, widget, plugins and the executable that carries them.
    Build {
        /// Optimised, with the plugins embedded: what is shipped.
        #[arg(long)]
        release: bool,
    },
    /// Build, then start a demonstration with a shop, two agents and a WeChat simulator.
    Demo {
        /// Keep the demonstration's data here; a temporary folder otherwise.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Listen here on the loopback address; 0 takes a free port.
        #[arg(long, value_name = "N", default_value_t = 8080)]
        port: u16,
        /// Build it optimised, as shipped; slower to build.
        #[arg(long)]
        release: bool,
    },
    /// Run every check and test; ends non-zero when one failed or could not run.
    Test {
        /// Leave out the dependency check, the doctests and the browser.
        #[arg(long)]
        fast: bool,
    },
    /// Check the rules no compiler knows: lengths, named paths, plugin closure, places of unsafe.
    Tidy,
    /// Measure the release executable beside its floors: everything, or the groups named.
    Bench {
        /// Groups and options of the benchmark, passed on; `--help` after a `--` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("\nxtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Outcome<ExitCode> {
    let project = Project::find()?;
    match task {
        Task::Build { release } => build::build(&project, release).map(|_| ExitCode::SUCCESS),
        Task::Demo { data, port, release } => demo::demo(&project, data.as_deref(), port, release),
        Task::Test { fast } => Ok(suite::test(&project, fast)),
        Task::Tidy => tidy::tidy(&project).map(|()| ExitCode::SUCCESS),
        Task::Bench { arguments } => bench::bench(&project, &arguments).map(|()| ExitCode::SUCCESS),
    }
}
