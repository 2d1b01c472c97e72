//! 微客服: a customer-service desk in one executable. This crate is the wiring: command line, HTTP, channels.
mod admin;
mod app;
mod avatar;
mod bundled;
mod channels;
mod cli;
mod data;
mod exchange;
mod http;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cli.run()
}
