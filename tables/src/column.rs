//! The columns of a table: what they are called.

/// The language of the first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heading {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

/// A column. It is found by any of its names, without regard to case and spaces around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in JSON.
    pub key: &'static str,
    /// Its heading in Chinese.
    pub zh: &'static str,
    /// Its heading in English.
    pub en: &'static str,
    /// What other systems call it.
    pub also: &'static [&'static str],
    /// How wide a spreadsheet shows it, characters.
    pub width: u8,
}

impl Column {
    /// A column without other names.
    #[must_use]
    pub const fn new(key: &'static str, zh: &'static str, en: &'static str, width: u8) -> Self {
        Column {
            key,
            zh,
            en,
            also: &[],
            width,
        }
    }

    /// The same column, also known by these names.
    #[must_use]
    pub const fn or(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// Its heading.
    #[must_use]
    pub fn heading(&self, language: Heading) -> &'static str {
        match language {
            Heading::Chinese => self.zh,
            Heading::English => self.en,
        }
    }

    /// Whether a heading names it.
    pub(crate) fn is(&self, heading: &str) -> bool {
        let heading = heading.trim();
        let names = [self.key, self.zh, self.en];
        let mut names = names.iter().chain(self.also);
        names.any(|name| name.to_lowercase() == heading.to_lowercase())
    }
}
