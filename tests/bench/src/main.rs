//! `cargo xtask bench`: what the shipped executable does, each figure beside a floor measured in the same run
//! on the same machine. Owns the load, the floors and the table. Asserts nothing about speed: it ends with an
//! error only when a run could not be made or an answer was wrong. How the floors are built and why is told in
//! `floor`.

#![forbid(unsafe_code)]

mod arguments;
mod chat;
mod child;
mod client;
mod crowd;
mod desk;
mod figures;
mod floor;
mod groups;
mod load;
mod machine;
mod paced;
mod problem;
mod report;
mod requests;
mod systems;
mod team;
mod wechat;

use arguments::{Arguments, Role};
use clap::Parser;
use problem::Outcome;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        Some(Role::FloorHttp) => floor::serve(None, 0),
        Some(Role::FloorStore { file, seniors }) => floor::serve(Some(&file), seniors),
        Some(Role::Send {
            address,
            token,
            text,
            customers,
            connections,
        }) => floor::send(&floor::Orders {
            address,
            token,
            text,
            customers,
            connections,
        }),
        None => run(&arguments.options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("weikefu-bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The load comes from one thread, as from wrk with one: what it takes is the same for every system.
fn run(options: &arguments::Options) -> Outcome {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, groups::run(options))
}
