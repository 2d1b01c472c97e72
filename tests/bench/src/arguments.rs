//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Measures weikefu beside floors of the same machine and run.
#[derive(Parser)]
#[command(name = "weikefu-bench", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// The floors are processes of their own, as the server under test is.
#[derive(Subcommand)]
pub(crate) enum Role {
    /// Serve as floor-http: hyper reads the body and answers
    #[command(hide = true)]
    FloorHttp,
    /// Serve as floor-store: the same, durable before the answer, told to one agent
    #[command(hide = true)]
    FloorStore {
        /// Where messages are appended
        file: PathBuf,
        /// How many of the first agents' sockets are told everything; each message is told to one of the others
        #[arg(long, default_value_t = 0)]
        seniors: usize,
    },
    /// Send as floor-send: bare hyper connections that post a broadcast's messages
    #[command(name = "floor-send", hide = true)]
    Send {
        /// The platform
        address: String,
        /// An access token
        token: String,
        /// What is sent
        text: String,
        /// To how many customers
        customers: usize,
        /// At the same time
        connections: usize,
    },
}

/// What to measure and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these groups
    #[arg(value_enum)]
    groups: Vec<Group>,
    /// The executable; the one `cargo xtask build --release` makes is meant
    #[arg(long, env = "WEIKEFU_BIN", value_name = "FILE")]
    executable: Option<PathBuf>,
    /// Steps of 2 seconds, one rotation: to see that everything runs, not to compare
    #[arg(long)]
    quick: bool,
    /// Seconds of one step
    #[arg(long, value_name = "S")]
    seconds: Option<u64>,
    /// How often the systems take turns; medians are told
    #[arg(long, value_name = "N")]
    rotations: Option<usize>,
    /// Only these groups, too
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
    /// Connections of the groups that load a system
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64], value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) connections: Vec<u8>,
    /// Agents at the desk of the group `desk`
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(10..=1000))]
    pub(crate) agents: u16,
    /// Visitors connected in the group `desk`
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1000..=15_000))]
    pub(crate) visitors: u16,
    /// Messages searched in the group `search`
    #[arg(long, value_name = "N", default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    pub(crate) messages: u32,
    /// Memory with 10,000 visitors too
    #[arg(long)]
    pub(crate) large: bool,
    /// Wait this long, at most, for other programs to leave the processors alone before each step
    #[arg(long, value_name = "S", default_value_t = 5)]
    patience: u64,
    /// Where the figures go as JSON; a file below the build folder otherwise
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A group of figures.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// Visitors' messages by POST
    Posts,
    /// Visitors' messages by WebSocket
    Frames,
    /// `WeChat` callbacks in secure mode
    Wechat,
    /// How soon visitor and agent see a message at 20 and 200 a second
    Delivery,
    /// Memory and processor time of visitors who say nothing
    Idle,
    /// A full desk: many agents and connected visitors in one shop
    Desk,
    /// Search over all messages
    Search,
    /// A broadcast to a hundred thousand customers
    Broadcast,
    /// Time from spawning to serving; disk space
    Start,
    /// Size of the executable
    Size,
}

impl Options {
    pub(crate) fn wants(&self, group: Group) -> bool {
        let mut wanted = self.only.iter().chain(&self.groups).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| *wanted == group)
    }

    pub(crate) fn step(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 2 } else { 8 }))
    }

    pub(crate) fn rotations(&self) -> usize {
        self.rotations.unwrap_or(if self.quick { 1 } else { 3 }).max(1)
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }

    /// The executable under test: given, or beside this one.
    pub(crate) fn executable(&self) -> crate::problem::Outcome<PathBuf> {
        let file = match &self.executable {
            Some(file) => file.clone(),
            None => std::env::current_exe()?.with_file_name("weikefu"),
        };
        if file.is_file() {
            return Ok(std::path::absolute(file)?);
        }
        crate::problem::wrong(format!(
            "there is no executable {}: run `cargo xtask build --release`, or name one with --executable",
            file.display()
        ))
    }

    /// Where the figures go.
    pub(crate) fn output(&self) -> crate::problem::Outcome<PathBuf> {
        Ok(match &self.output {
            Some(file) => file.clone(),
            None => folder()?.join(format!("{}.json", crate::machine::unix_seconds())),
        })
    }
}

/// The folder of figures and of everything a run stores: on the disk of the build, which is a real one where a
/// temporary folder may be memory.
pub(crate) fn folder() -> crate::problem::Outcome<PathBuf> {
    let executable = std::env::current_exe()?;
    let target = executable.parent().and_then(std::path::Path::parent);
    let folder = target.map_or_else(std::env::temp_dir, |target| target.join("bench"));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
