//! `cargo xtask test`: every step in turn, none hidden by an earlier failure, one table at the end.

mod steps;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use std::process::ExitCode;

use crate::problem::{Outcome, Problem, say};
use crate::project::Project;

/// What the steps share.
struct Run<'a> {
    project: &'a Project,
    /// Made by the step that builds the Rust workspace.
    weikefu: Option<PathBuf>,
    simulator: Option<PathBuf>,
}

/// One row of the table.
struct Step {
    name: &'static str,
    /// Steps without which this one says nothing; it is not run when one of them did not pass.
    needs: &'static [&'static str],
    /// Left out by `--fast`.
    slow: bool,
    work: fn(&mut Run<'_>) -> Outcome,
}

/// How a step ended.
struct Done {
    name: &'static str,
    time: Duration,
    outcome: Outcome,
}

/// Runs the steps; success only when each one passed.
pub(crate) fn test(project: &Project, fast: bool) -> ExitCode {
    let mut run = Run {
        project,
        weikefu: None,
        simulator: None,
    };
    let steps: Vec<_> = steps::ALL.iter().filter(|step| !(fast && step.slow)).collect();
    let done = work_through(&steps, &mut run);
    println!("{}", table::render(&done));
    if fast {
        let left_out: Vec<_> = steps::ALL
            .iter()
            .filter(|step| step.slow)
            .map(|step| step.name)
            .collect();
        println!(
            "{} {}",
            say("--fast 略过了：", "left out by --fast:"),
            left_out.join(", ")
        );
    }
    println!("{}", table::closing_line(&done));
    if done.iter().all(|done| done.outcome.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn work_through(steps: &[&Step], run: &mut Run<'_>) -> Vec<Done> {
    let mut done: Vec<Done> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        println!("\n== [{}/{}] {}", number + 1, steps.len(), step.name);
        let broken = done
            .iter()
            .find(|done| done.outcome.is_err() && step.needs.contains(&done.name));
        let start = Instant::now();
        let outcome = match broken {
            Some(earlier) => Err(Problem::not_run(
                format!("因为“{}”没有通过，先修复它。", earlier.name),
                format!("because \"{}\" did not pass; mend that first.", earlier.name),
            )),
            None => (step.work)(run),
        };
        if let Err(problem) = &outcome {
            println!("{problem}");
        }
        done.push(Done {
            name: step.name,
            time: start.elapsed(),
            outcome,
        });
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, needs: &'static [&'static str], work: fn(&mut Run<'_>) -> Outcome) -> Step {
        Step {
            name,
            needs,
            slow: false,
            work,
        }
    }

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let steps = [
            step("good", &[], |_| Ok(())),
            step("bad", &[], |_| Err(Problem::failed("坏", "bad"))),
            step("needs bad", &["bad"], |_| Ok(())),
            step("needs that", &["needs bad"], |_| Ok(())),
            step("after", &["good"], |_| Ok(())),
        ];
        let project = Project { root: PathBuf::new() };
        let mut run = Run {
            project: &project,
            weikefu: None,
            simulator: None,
        };
        let done = work_through(&steps.iter().collect::<Vec<_>>(), &mut run);
        let passed: Vec<_> = done
            .iter()
            .filter(|done| done.outcome.is_ok())
            .map(|done| done.name)
            .collect();
        assert_eq!(passed, ["good", "after"]);
        let not_run = |done: &&Done| done.outcome.as_ref().is_err_and(|problem| problem.not_run);
        assert_eq!(
            done.iter()
                .filter(not_run)
                .map(|done| done.name)
                .collect::<Vec<_>>(),
            ["needs bad", "needs that"]
        );
        assert_eq!(table::closing_line(&done), "2 passed, 3 failed");
    }

    #[test]
    fn every_need_is_an_earlier_step() {
        for (at, step) in steps::ALL.iter().enumerate() {
            for need in step.needs {
                assert!(
                    steps::ALL[..at].iter().any(|earlier| earlier.name == *need),
                    "{} needs {need}",
                    step.name
                );
            }
            let slow_need = |need: &str| steps::ALL.iter().any(|other| other.name == need && other.slow);
            assert!(
                step.slow || !step.needs.iter().any(|need| slow_need(need)),
                "{} needs a slow step",
                step.name
            );
        }
    }
}
