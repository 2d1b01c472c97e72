//! What stands at the end of a run.

use std::fmt::Write as _;
use std::time::Duration;

use super::Done;

/// A line for each step with its result and time, then a sentence for each that did not pass.
pub(super) fn render(done: &[Done]) -> String {
    let width = done
        .iter()
        .map(|done| done.name.len())
        .max()
        .unwrap_or(0)
        .max("step".len());
    let mut text = format!("\n{:<width$}  {:<8} {:>8}\n", "step", "result", "time");
    for Done { name, time, outcome } in done {
        let result = match outcome {
            Ok(()) => "ok",
            Err(problem) if problem.not_run => "NOT RUN",
            Err(_) => "FAILED",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<width$}  {result:<8} {:>8}", shown(*time));
    }
    let total: Duration = done.iter().map(|done| done.time).sum();
    let _ = writeln!(text, "{:<width$}  {:<8} {:>8}", "", "", shown(total));
    for Done { name, outcome, .. } in done {
        if let Err(problem) = outcome {
            let _ = writeln!(text, "- {name}: {problem}");
        }
    }
    text
}

/// The form that machines read: steps that were not run count as failed.
pub(super) fn closing_line(done: &[Done]) -> String {
    let passed = done.iter().filter(|done| done.outcome.is_ok()).count();
    format!("{passed} passed, {} failed", done.len() - passed)
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{}:{:02} m", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn each_result_reads_differently_and_every_failure_is_explained() {
        let done = [
            Done {
                name: "format",
                time: Duration::from_millis(1_240),
                outcome: Ok(()),
            },
            Done {
                name: "rust tests",
                time: Duration::from_secs(75),
                outcome: Err(Problem::failed("x", "x")),
            },
            Done {
                name: "browser",
                time: Duration::ZERO,
                outcome: Err(Problem::not_run("y", "y")),
            },
        ];
        let text = render(&done);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1], "step        result       time");
        assert_eq!(lines[2], "format      ok          1.2 s");
        assert_eq!(lines[3], "rust tests  FAILED     1:15 m");
        assert_eq!(lines[4], "browser     NOT RUN     0.0 s");
        assert!(lines.contains(&"- rust tests: x") && lines.contains(&"- browser: y"));
        assert_eq!(closing_line(&done), "1 passed, 2 failed");
    }
}
