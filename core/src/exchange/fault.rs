//! What is wrong with a row.

/// Faults that are listed one by one.
pub const LISTED: usize = 200;

/// A fault of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column's name in JSON; empty for the row as a whole.
    pub column: &'static str,
    /// What is wrong and what would be right, Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Fault {
    /// A fault.
    pub fn new(column: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Fault {
            column,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A text with too many characters.
    #[must_use]
    pub fn long(column: &'static str, most: usize) -> Self {
        Fault::new(
            column,
            format!("最多 {most} 个字符，请缩短。"),
            format!("At most {most} characters; shorten it."),
        )
    }
}

/// The faults of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first of them with their lines, at most [`LISTED`].
    pub listed: Vec<(usize, Fault)>,
    /// All of them.
    pub total: usize,
}

impl Faults {
    /// Notes a fault.
    pub fn note(&mut self, line: usize, fault: Fault) {
        self.total += 1;
        if self.listed.len() < LISTED {
            self.listed.push((line, fault));
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}
