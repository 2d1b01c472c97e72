//! The groups of figures, one file each, in the order they are measured.

mod broadcast;
mod delivery;
mod full_desk;
mod idle;
mod scene;
mod search;
mod start;
mod throughput;

use crate::arguments::{Group, Options};
use crate::machine;
use crate::problem::{Outcome, wrong};
use crate::report::{Report, Row};
use crate::systems::System;
use crate::wechat::Account;
use std::path::Path;
use std::time::Duration;

/// Visitors and customers of the measured shop; together fewer than an agent can hold.
const PEOPLE: usize = 64;
/// A number no text has that is looked for.
const UNWATCHED: usize = 99_999_999;
/// How long what is left may take after a step.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every group works with.
struct Bench<'a> {
    options: &'a Options,
    executable: &'a Path,
    account: std::rc::Rc<Account>,
    report: Report,
}

/// Measures what is wanted.
pub(crate) async fn run(options: &Options) -> Outcome {
    let executable = options.executable()?;
    let output = options.output()?;
    let about = serde_json::json!({
        "executable": executable.file_name().map(|name| name.to_string_lossy()),
        "executable_bytes": executable.metadata()?.len(),
        "at": machine::unix_seconds(),
        "machine": machine::description(),
        "step_seconds": options.step().as_secs(),
        "rotations": options.rotations(),
    });
    println!("{about}");
    let mut bench = Bench {
        options,
        executable: &executable,
        account: std::rc::Rc::new(Account::new(PEOPLE).await?),
        report: Report::new(about),
    };
    bench.side_by_side(&output).await?;
    if options.wants(Group::Idle) {
        idle::measure(&mut bench).await?;
    }
    if options.wants(Group::Desk) {
        full_desk::measure(&mut bench).await?;
        bench.report.write(&output)?;
    }
    if options.wants(Group::Search) {
        search::measure(&mut bench).await?;
        bench.report.write(&output)?;
    }
    if options.wants(Group::Broadcast) {
        broadcast::measure(&mut bench).await?;
        bench.report.write(&output)?;
    }
    if options.wants(Group::Start) {
        start::measure(&mut bench).await?;
    }
    if options.wants(Group::Size) {
        let megabytes = executable.metadata()?.len() as f64 / 1e6;
        let row = Row::alone("executable", "MB", &[megabytes], "<= 40 MB");
        bench.report.group("size", vec![row]);
    }
    bench.report.print_noise();
    bench.report.write(&output)?;
    println!("figures: {}", output.display());
    if bench.report.is_right() {
        return Ok(());
    }
    wrong("some answers were wrong or messages missing, see WRONG above: the figures do not count")
}

impl Bench<'_> {
    /// The groups that load all systems in turn.
    async fn side_by_side(&mut self, output: &Path) -> Outcome {
        let cases = throughput::Case::ALL.map(|case| (case, case.group()));
        let delivery = self.options.wants(Group::Delivery);
        if !delivery && !cases.iter().any(|(_, group)| self.options.wants(*group)) {
            return Ok(());
        }
        let account = std::rc::Rc::clone(&self.account);
        let mut systems = System::all(self.executable, &account, PEOPLE).await?;
        for (case, group) in cases {
            if self.options.wants(group) {
                throughput::measure(self, &mut systems, case).await?;
                self.report.write(output)?;
            }
        }
        if delivery {
            delivery::measure(self, &mut systems).await?;
            self.report.write(output)?;
        }
        Ok(())
    }
}
