//! Looks at the first bytes of a file before the system's loader does: says in plain words what is wrong, and
//! keeps cut-off files away from it (mapping one ends the process with SIGBUS).
use crate::refusal::LoadError;
use weikefu_channel::Words;

const WANTED: (&str, &str) = ("动态库（ELF，64 位）", "a shared object (ELF, 64 bit)");

/// Checks a file's content. `file` only names it.
pub(crate) fn check(file: &str, bytes: &[u8]) -> Result<(), LoadError> {
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    let not = |found: (&str, &str)| LoadError::NotSharedObject {
        file: file.into(),
        found: found.into(),
        wanted: Box::new(WANTED.into()),
    };
    if !bytes.starts_with(b"\x7fELF") {
        return Err(not(looks_like(bytes)));
    }
    if bytes.len() < 64 {
        return Err(LoadError::Truncated {
            file: file.into(),
            found: bytes.len() as u64,
            wanted: 64,
        });
    }
    if bytes[4] != 2 || bytes[5] != 1 {
        return Err(not((
            "字长或字节序不同的 ELF 文件",
            "an ELF file of another word size or byte order",
        )));
    }
    if half(bytes, 16) != Some(3) {
        return Err(not((
            "不是动态库的 ELF 文件",
            "an ELF file that is not a shared object",
        )));
    }
    let (found, wanted) = (half(bytes, 18).unwrap_or(0), this_machine());
    if wanted.is_some_and(|wanted| wanted != found) {
        let wanted = std::env::consts::ARCH.into();
        return Err(LoadError::WrongMachine {
            file: file.into(),
            found: machine(found),
            wanted,
        });
    }
    let wanted = extent(bytes).unwrap_or(u64::MAX);
    if wanted == u64::MAX {
        return Err(not((
            "文件头损坏的 ELF 文件",
            "an ELF file with a damaged header",
        )));
    }
    if (bytes.len() as u64) < wanted {
        return Err(LoadError::Truncated {
            file: file.into(),
            found: bytes.len() as u64,
            wanted,
        });
    }
    Ok(())
}

/// The number of bytes the headers speak of.
fn extent(bytes: &[u8]) -> Option<u64> {
    let (programs, sections) = (long(bytes, 32)?, long(bytes, 40)?);
    let (size, count) = (u64::from(half(bytes, 54)?), u64::from(half(bytes, 56)?));
    let mut end = programs.checked_add(size.checked_mul(count)?)?;
    let table = u64::from(half(bytes, 58)?).checked_mul(u64::from(half(bytes, 60)?))?;
    end = end.max(sections.checked_add(table)?);
    for index in 0..count {
        let at = usize::try_from(programs.checked_add(index * size)?).ok()?;
        // A header that is itself cut off: its table's end above already tells.
        if let (Some(offset), Some(length)) =
            (long(bytes, at.checked_add(8)?), long(bytes, at.checked_add(32)?))
        {
            end = end.max(offset.checked_add(length)?);
        }
    }
    Some(end)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

fn this_machine() -> Option<u16> {
    match std::env::consts::ARCH {
        "x86_64" => Some(62),
        "aarch64" => Some(183),
        "riscv64" => Some(243),
        "loongarch64" => Some(258),
        _ => None,
    }
}

fn machine(number: u16) -> Words {
    let (zh, en) = match number {
        3 => ("x86（32 位）", "x86 (32 bit)"),
        40 => ("arm（32 位）", "arm (32 bit)"),
        62 => ("x86_64", "x86_64"),
        183 => ("aarch64", "aarch64"),
        243 => ("riscv64", "riscv64"),
        258 => ("loongarch64", "loongarch64"),
        other => {
            return Words::new(
                format!("编号 {other} 的处理器"),
                format!("processor number {other}"),
            );
        }
    };
    Words::new(zh, en)
}

fn looks_like(bytes: &[u8]) -> (&'static str, &'static str) {
    let text = bytes.trim_ascii_start();
    let begins = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    match bytes {
        [] => ("空文件", "an empty file"),
        _ if begins(b"<!doctype html") || begins(b"<html") => ("网页", "an HTML page"),
        [b'M', b'Z', ..] => (" Windows 程序或 DLL", "a Windows program or DLL"),
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => (" macOS 动态库", "a macOS library"),
        [b'P', b'K', ..] | [0x1f, 0x8b, ..] => ("压缩包", "a packed archive"),
        _ => ("其他文件", "something else"),
    }
}
