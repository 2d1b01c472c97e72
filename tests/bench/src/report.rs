//! The table and the file. A row is one figure of weikefu beside the floors' and the budget of the house.

use crate::figures::{median, range};
use crate::problem::Outcome;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// One figure.
#[derive(Default, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) floor_http: Option<f64>,
    pub(crate) floor_store: Option<f64>,
    pub(crate) weikefu: f64,
    /// Least and most of weikefu's rotations.
    pub(crate) range: Option<(f64, f64)>,
    /// weikefu divided by floor-store: the median of each rotation's quotient.
    pub(crate) of_floor_store: Option<f64>,
    /// In words; nothing is asserted.
    pub(crate) budget: &'static str,
}

impl Row {
    /// A figure without a floor.
    pub(crate) fn alone(
        what: impl Into<String>,
        unit: &'static str,
        samples: &[f64],
        budget: &'static str,
    ) -> Self {
        Row {
            what: what.into(),
            unit,
            weikefu: median(samples.iter().copied()),
            range: (samples.len() > 1).then(|| range(samples.iter().copied())),
            budget,
            ..Row::default()
        }
    }

    /// With the figure of floor-store beside it.
    pub(crate) fn beside(mut self, floor_store: f64) -> Self {
        self.floor_store = Some(floor_store);
        self.of_floor_store = crate::figures::ratio(self.weikefu, floor_store);
        self
    }
}

#[derive(Serialize)]
struct Group {
    title: String,
    rows: Vec<Row>,
}

/// Everything a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    about: serde_json::Value,
    groups: Vec<Group>,
    /// Processors used by other programs during each step.
    others: Vec<f64>,
    /// What was not as it should be: refusals, messages missing.
    wrong: Vec<String>,
    /// What a reader should know.
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(about: serde_json::Value) -> Self {
        Report {
            about,
            groups: Vec::new(),
            others: Vec::new(),
            wrong: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Prints a group.
    pub(crate) fn group(&mut self, title: &str, rows: Vec<Row>) {
        println!("\n{}", table(title, &rows));
        self.groups.push(Group {
            title: title.to_owned(),
            rows,
        });
    }

    pub(crate) fn noise(&mut self, others: f64) {
        self.others.push(others);
    }

    pub(crate) fn wrong(&mut self, what: String) {
        println!("WRONG: {what}");
        self.wrong.push(what);
    }

    pub(crate) fn note(&mut self, what: String) {
        println!("{what}");
        self.notes.push(what);
    }

    /// How much others disturbed.
    pub(crate) fn print_noise(&self) {
        if self.others.is_empty() {
            return;
        }
        let (least, most) = range(self.others.iter().copied());
        println!(
            "\nother programs used {:.2} processors during a step (median; {least:.2} to {most:.2}). Compare ratios of \
             one run, not figures of two.",
            median(self.others.iter().copied())
        );
    }

    pub(crate) fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    pub(crate) fn write(&self, file: &Path) -> Outcome {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, serde_json::to_vec_pretty(self)?)?)
    }
}

fn table(title: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "{title:<46} {:>11} {:>11} {:>10} {:>19} {:>9}  budget\n",
        "floor-http", "floor-store", "weikefu", "[range]", "of store"
    );
    for row in rows {
        let range = row.range.map_or(String::new(), |(least, most)| {
            format!("[{}-{}]", number(least), number(most))
        });
        let of = row
            .of_floor_store
            .map_or(String::new(), |ratio| format!("{ratio:.2} x"));
        let [http, store] =
            [row.floor_http, row.floor_store].map(|value| value.map_or(String::new(), number));
        let what = format!("  {}, {}", row.what, row.unit);
        let _ = writeln!(
            text,
            "{what:<46} {http:>11} {store:>11} {:>10} {range:>19} {of:>9}  {}",
            number(row.weikefu),
            row.budget
        );
    }
    text.truncate(text.trim_end().len());
    text
}

/// Three digits that count, or all before the point.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_figure() {
        let row = Row::alone("a figure", "ms", &[1.0, 3.0, 2.0], "2 ms").beside(4.0);
        let text = table("title", &[row]);
        let line = text.lines().nth(1).unwrap();
        for part in ["a figure, ms", "4.00", "2.00", "[1.00-3.00]", "0.50 x", "2 ms"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [12_345.6, 12.34, 1.234, 0.1234].map(number);
        assert_eq!(shown, ["12346", "12.3", "1.23", "0.123"]);
    }
}
