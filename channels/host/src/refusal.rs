//! Why a file is not loaded: one sentence each, naming file, found, wanted and the next step.
use serde::{Deserialize, Serialize};
use weikefu_channel::Words;

/// A refused plugin file. `Display` is English; [`LoadError::zh`] says the same in Chinese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refused", rename_all = "snake_case")]
pub enum LoadError {
    /// The file could not be read.
    #[error("{file}: cannot be read ({}); check the path and its permissions", reason.en)]
    Unreadable {
        /// Path of the file.
        file: String,
        /// What the system said.
        reason: Words,
    },
    /// Not a shared object at all.
    #[error("{file}: found {}, wanted {}; download or build the plugin again", found.en, wanted.en)]
    NotSharedObject {
        /// Path of the file.
        file: String,
        /// What it looks like.
        found: Words,
        /// What it has to be.
        wanted: Box<Words>,
    },
    /// A shared object for another processor.
    #[error("{file}: built for {}, this server runs on {wanted}; get the plugin's build for {wanted}", found.en)]
    WrongMachine {
        /// Path of the file.
        file: String,
        /// Processor of the file.
        found: Words,
        /// Processor of this machine.
        wanted: String,
    },
    /// The end of the file is missing.
    #[error("{file}: cut off, {found} of {wanted} bytes are there; copy or download the plugin again")]
    Truncated {
        /// Path of the file.
        file: String,
        /// Bytes there are.
        found: u64,
        /// Bytes the file says it has.
        wanted: u64,
    },
    /// Larger than a plugin may be.
    #[error("{file}: {found} bytes, at most {wanted} are loaded; this is not a weikefu plugin")]
    TooLarge {
        /// Path of the file.
        file: String,
        /// Its size.
        found: u64,
        /// The limit.
        wanted: u64,
    },
    /// The system's loader refused it: a missing library, a newer C library …
    #[error(
        "{file}: the system cannot load it ({}); install what is missing or get a build for this system", reason.en
    )]
    Loader {
        /// Path of the file.
        file: String,
        /// What the loader said.
        reason: Words,
    },
    /// A library, but not a plugin.
    #[error(
        "{file}: exports no `{wanted}`, so it is not a weikefu plugin; install a file that `export!`s a channel"
    )]
    NoSymbol {
        /// Path of the file.
        file: String,
        /// The symbol that is missing.
        wanted: String,
    },
    /// The table does not begin as a plugin's does.
    #[error(
        "{file}: its table begins with {found:#010x}, wanted {wanted:#010x}; rebuild it with the weikefu SDK"
    )]
    Magic {
        /// Path of the file.
        file: String,
        /// First word of the table.
        found: u32,
        /// The word of a plugin.
        wanted: u32,
    },
    /// Another generation of the interface.
    #[error(
        "{file}: plugin speaks ABI {found}, this host speaks {wanted}; get a plugin built for this weikefu version"
    )]
    Version {
        /// Path of the file.
        file: String,
        /// `major.minor` of the plugin.
        found: String,
        /// `major.minor` of the host.
        wanted: String,
    },
    /// The table is shorter than the first version's, or lacks a function.
    #[error("{file}: its table {}, wanted {}; rebuild it with the weikefu SDK", found.en, wanted.en)]
    Table {
        /// Path of the file.
        file: String,
        /// What is there.
        found: Words,
        /// What has to be.
        wanted: Box<Words>,
    },
    /// The manifest cannot be used.
    #[error(
        "{file}: its manifest is not usable: found {}, wanted {}; the plugin's author has to correct it", found.en, wanted.en
    )]
    Manifest {
        /// Path of the file.
        file: String,
        /// What is there.
        found: Words,
        /// What has to be.
        wanted: Box<Words>,
    },
    /// Loading it ended the probing process.
    #[error(
        "{file}: loading it ended a test process with {}, wanted a clean start; the file is damaged, get it again", found.en
    )]
    Crashed {
        /// Path of the file.
        file: String,
        /// How the child ended.
        found: Words,
    },
    /// Loading it took too long.
    #[error(
        "{file}: did not load within {seconds} s in a test process; do not use this file, ask its author"
    )]
    Hung {
        /// Path of the file.
        file: String,
        /// The limit.
        seconds: u64,
    },
    /// The probing process could not be started.
    #[error(
        "{file}: cannot be examined, because {program} did not start ({}); check that the program is still there", reason.en
    )]
    NoProbe {
        /// Path of the file.
        file: String,
        /// The executable that should have examined it.
        program: String,
        /// What the system said.
        reason: Words,
    },
    /// The private copy could not be written.
    #[error(
        "{file}: the private copy cannot be written ({}); check free space and permissions of the data folder", reason.en
    )]
    Copy {
        /// Path of the copy.
        file: String,
        /// What the system said.
        reason: Words,
    },
}

impl LoadError {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        use LoadError as E;
        match self {
            E::Unreadable { file, reason } => format!("{file}：无法读取（{}）；请检查路径和权限", reason.zh),
            E::NotSharedObject { file, found, wanted } => {
                format!(
                    "{file}：实际是{}，需要{}；请重新下载或构建插件",
                    found.zh, wanted.zh
                )
            }
            E::WrongMachine { file, found, wanted } => {
                format!(
                    "{file}：为 {} 构建，而本机是 {wanted}；请使用 {wanted} 版本的插件",
                    found.zh
                )
            }
            E::Truncated { file, found, wanted } => {
                format!("{file}：文件不完整，只有 {found} 字节，应有 {wanted} 字节；请重新复制或下载")
            }
            E::TooLarge { file, found, wanted } => {
                format!("{file}：{found} 字节，超过上限 {wanted}；这不是 weikefu 插件")
            }
            E::Loader { file, reason } => {
                format!(
                    "{file}：系统无法加载（{}）；请安装缺少的库，或使用适合本系统的版本",
                    reason.zh
                )
            }
            E::NoSymbol { file, wanted } => {
                format!("{file}：没有导出 `{wanted}`，不是 weikefu 插件；请安装用 `export!` 导出渠道的文件")
            }
            E::Magic { file, found, wanted } => {
                format!("{file}：接口表以 {found:#010x} 开头，应为 {wanted:#010x}；请用 weikefu SDK 重新构建")
            }
            E::Version { file, found, wanted } => {
                format!("{file}：插件的接口版本是 {found}，本程序是 {wanted}；请使用与当前版本配套的插件")
            }
            E::Table { file, found, wanted } => {
                format!(
                    "{file}：接口表不完整（{}），需要{}；请用 weikefu SDK 重新构建",
                    found.zh, wanted.zh
                )
            }
            E::Manifest { file, found, wanted } => {
                format!(
                    "{file}：插件清单不可用：实际是{}，需要{}；请联系插件作者修正",
                    found.zh, wanted.zh
                )
            }
            E::Crashed { file, found } => {
                format!(
                    "{file}：在检测进程中加载时异常退出（{}），应能正常启动；文件已损坏，请重新获取",
                    found.zh
                )
            }
            E::Hung { file, seconds } => {
                format!("{file}：在检测进程中 {seconds} 秒内未能加载；请勿使用，并联系插件作者")
            }
            E::NoProbe {
                file,
                program,
                reason,
            } => {
                format!(
                    "{file}：无法检测，因为 {program} 没有启动（{}）；请确认程序文件仍在",
                    reason.zh
                )
            }
            E::Copy { file, reason } => {
                format!(
                    "{file}：无法写入私有副本（{}）；请检查磁盘空间和数据目录权限",
                    reason.zh
                )
            }
        }
    }

    /// The same refusal, of the file somebody named instead of the private copy that was looked at.
    #[must_use]
    pub(crate) fn of_file(mut self, named: &str) -> Self {
        use LoadError as E;
        let (E::Unreadable { file, .. }
        | E::NotSharedObject { file, .. }
        | E::WrongMachine { file, .. }
        | E::Truncated { file, .. }
        | E::TooLarge { file, .. }
        | E::Loader { file, .. }
        | E::NoSymbol { file, .. }
        | E::Magic { file, .. }
        | E::Version { file, .. }
        | E::Table { file, .. }
        | E::Manifest { file, .. }
        | E::Crashed { file, .. }
        | E::Hung { file, .. }
        | E::NoProbe { file, .. }
        | E::Copy { file, .. }) = &mut self;
        named.clone_into(file);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{LoadError as E, Words};

    #[test]
    #[allow(clippy::too_many_lines)] // one entry per variant
    fn every_refusal_names_the_file_and_the_next_step_in_both_languages() {
        let (file, found, wanted, reason) = (
            || "/data/x.so".to_owned(),
            || Words::new("f-7", "f-7"),
            || Box::new(Words::new("w-8", "w-8")),
            || Words::new("r-9", "r-9"),
        );
        let all = [
            (
                E::Unreadable {
                    file: file(),
                    reason: reason(),
                },
                "r-9",
            ),
            (
                E::NotSharedObject {
                    file: file(),
                    found: found(),
                    wanted: wanted(),
                },
                "f-7 w-8",
            ),
            (
                E::WrongMachine {
                    file: file(),
                    found: found(),
                    wanted: "w-8".into(),
                },
                "f-7 w-8",
            ),
            (
                E::Truncated {
                    file: file(),
                    found: 17,
                    wanted: 18,
                },
                "17 18",
            ),
            (
                E::TooLarge {
                    file: file(),
                    found: 19,
                    wanted: 18,
                },
                "19 18",
            ),
            (
                E::Loader {
                    file: file(),
                    reason: reason(),
                },
                "r-9",
            ),
            (
                E::NoSymbol {
                    file: file(),
                    wanted: "w-8".into(),
                },
                "w-8",
            ),
            (
                E::Magic {
                    file: file(),
                    found: 1,
                    wanted: 2,
                },
                "0x00000001 0x00000002",
            ),
            (
                E::Version {
                    file: file(),
                    found: "f-7".into(),
                    wanted: "w-8".into(),
                },
                "f-7 w-8",
            ),
            (
                E::Table {
                    file: file(),
                    found: found(),
                    wanted: wanted(),
                },
                "f-7 w-8",
            ),
            (
                E::Manifest {
                    file: file(),
                    found: found(),
                    wanted: wanted(),
                },
                "f-7 w-8",
            ),
            (
                E::Crashed {
                    file: file(),
                    found: found(),
                },
                "f-7",
            ),
            (
                E::Hung {
                    file: file(),
                    seconds: 10,
                },
                "10",
            ),
            (
                E::NoProbe {
                    file: file(),
                    program: "p-3".into(),
                    reason: reason(),
                },
                "p-3 r-9",
            ),
            (
                E::Copy {
                    file: file(),
                    reason: reason(),
                },
                "r-9",
            ),
        ];
        for (error, parts) in all {
            let (english, chinese) = (error.to_string(), error.zh());
            for part in parts.split(' ').chain(["/data/x.so"]) {
                assert!(
                    english.contains(part) && chinese.contains(part),
                    "{part}: {english} {chinese}"
                );
            }
            // One sentence: what is wrong, then what to do.
            assert_eq!(
                (english.matches("; ").count(), chinese.matches('；').count()),
                (1, 1),
                "{english} {chinese}"
            );
            let line = serde_json::to_string(&error).unwrap();
            assert_eq!(
                serde_json::from_str::<E>(&line).unwrap(),
                error,
                "it survives the way from the child"
            );
        }
    }
}
