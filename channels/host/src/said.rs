//! What the system and its loader say about a file, in the languages people read. Their own words are English
//! and stay as they are there.
use weikefu_channel::Words;

/// What the system said of a file.
pub(crate) fn system(error: &std::io::Error) -> Words {
    use std::io::ErrorKind as K;
    let zh = match error.kind() {
        K::NotFound => "文件或目录不存在",
        K::PermissionDenied => "没有权限",
        K::StorageFull => "磁盘空间已满",
        K::QuotaExceeded => "超出磁盘配额",
        K::ReadOnlyFilesystem => "文件系统只读",
        K::IsADirectory => "这是一个目录",
        K::NotADirectory => "路径中有一段不是目录",
        K::AlreadyExists => "文件已存在",
        K::ExecutableFileBusy => "文件正在使用",
        K::OutOfMemory => "内存不足",
        _ => return Words::new(numbered(error), error.to_string()),
    };
    Words::new(zh, error.to_string())
}

fn numbered(error: &std::io::Error) -> String {
    error.raw_os_error().map_or_else(
        || "系统没有说明原因".into(),
        |number| format!("系统错误 {number}"),
    )
}

/// What the system's loader said of `path`, without that path: people know the file by another name.
pub(crate) fn loader(words: &str, path: &str) -> Words {
    let words = words.strip_prefix(path).unwrap_or(words);
    let words = words.trim_start_matches([':', ' ']);
    let between = |from: &str, to: &str| -> Option<String> {
        let (_, rest) = words.split_once(from)?;
        Some(rest.split(to).next()?.trim().to_owned())
    };
    let zh = if let Some(symbol) = between("undefined symbol: ", ",") {
        format!("缺少符号 {symbol}")
    } else if let Some(version) = between("version `", "' not found") {
        format!("本系统没有 {version}")
    } else if words.contains("cannot open shared object file") {
        let library = words.split(':').next().unwrap_or_default();
        format!("缺少库 {library}")
    } else {
        "动态库无效或已损坏".into()
    };
    Words::new(zh, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No sentence mixes the languages: what is quoted has words of its own in both.
    fn is_chinese(text: &str) -> bool {
        let words = text.split(|c: char| !c.is_ascii_alphabetic());
        text.chars().any(|c| c > '\u{4e00}')
            && !words.into_iter().any(|word| {
                let common = [
                    "a", "an", "the", "is", "not", "no", "of", "found", "file", "error", "bytes", "exit",
                ];
                common.contains(&word.to_ascii_lowercase().as_str())
            })
    }

    #[test]
    fn what_the_system_says_is_told_in_both_languages() {
        for number in [libc::ENOENT, libc::EACCES, libc::ENOSPC, libc::EROFS, libc::EIO] {
            let words = system(&std::io::Error::from_raw_os_error(number));
            assert!(is_chinese(&words.zh) && words.en.is_ascii(), "{words:?}");
        }
        let copy = "/data/plugins/.installed/x-30f3.so";
        for (said, zh) in [
            ("undefined symbol: wk_x, version Y", "缺少符号 wk_x"),
            (
                "/lib/libc.so.6: version `GLIBC_2.99' not found (required by x)",
                "本系统没有 GLIBC_2.99",
            ),
            (
                "libnone.so.1: cannot open shared object file: No such file or directory",
                "缺少库 libnone.so.1",
            ),
            ("invalid ELF header", "动态库无效或已损坏"),
        ] {
            let words = loader(&format!("{copy}: {said}"), copy);
            assert_eq!(words, Words::new(zh, said));
        }
    }
}
