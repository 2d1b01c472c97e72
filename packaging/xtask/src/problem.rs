//! What went wrong, as one sentence that says what to do, in the reader's language.

use std::env;
use std::fmt;

/// A refusal or a failure of one piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    zh: String,
    en: String,
    /// The work could not start: a tool, a file or an earlier step is missing.
    pub(crate) not_run: bool,
}

pub(crate) type Outcome<T = ()> = Result<T, Problem>;

impl Problem {
    /// The work was done and did not succeed.
    pub(crate) fn failed(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
            not_run: false,
        }
    }

    /// The work could not be done at all.
    pub(crate) fn not_run(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            not_run: true,
            ..Self::failed(zh, en)
        }
    }

    /// A file or folder that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let path = path.display();
        Self::failed(
            format!("无法读写 {path}（{error}）：请检查权限和磁盘空间。"),
            format!("cannot read or write {path} ({error}): check its permissions and the free disk space."),
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(say(&self.zh, &self.en))
    }
}

/// The Chinese text when the environment asks for Chinese, else the English one.
pub(crate) fn say<'a>(zh: &'a str, en: &'a str) -> &'a str {
    if chinese(|name| env::var(name).ok()) {
        zh
    } else {
        en
    }
}

/// The first of the POSIX variables that is set decides, as for every other program.
fn chinese(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .is_some_and(|value| value.starts_with("zh"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_variable_that_is_set_decides_the_language() {
        let with = |pairs: &'static [(&str, &str)]| {
            chinese(|name| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("LANG", "zh_CN.UTF-8")]));
        assert!(!with(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]));
        assert!(with(&[
            ("LC_ALL", ""),
            ("LC_MESSAGES", "zh_CN"),
            ("LANG", "en_US.UTF-8")
        ]));
        assert!(!with(&[]));
    }
}
