//! Private, content-named copies of plugin files. What is loaded is never a file that anybody else writes:
//! overwriting a mapped library in place ends the process.
use crate::refusal::LoadError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Puts a bundled plugin where it can be loaded: `<dir>/.bundled/<id>-<sha256>.so`. A file that is already
/// there is compared byte for byte and replaced (never written over) when it differs. Blocking.
pub fn unpack(dir: &Path, id: &str, bytes: &[u8]) -> Result<PathBuf, LoadError> {
    place(&dir.join(".bundled"), id, bytes)
}

/// The same for any folder.
pub(crate) fn place(dir: &Path, id: &str, bytes: &[u8]) -> Result<PathBuf, LoadError> {
    let path = dir.join(format!("{id}-{}.so", sha256(bytes)));
    let failed = |e: std::io::Error| LoadError::Copy {
        file: path.display().to_string(),
        reason: crate::said::system(&e),
    };
    private_dir(dir).map_err(failed)?;
    let metadata = fs::symlink_metadata(&path);
    let same = metadata.is_ok_and(|m| m.is_file()) && fs::read(&path).is_ok_and(|found| found == bytes);
    if !same {
        write(dir, &path, bytes).map_err(failed)?;
    }
    Ok(path)
}

fn write(dir: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = dir.join(format!(".{}-{number}.part", std::process::id()));
    // Left over from a process of the same number that was killed.
    let _ = fs::remove_file(&temporary);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
        return renamed;
    }
    fs::File::open(dir).and_then(|dir| dir.sync_all())
}

fn private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700).create(dir)?;
        if fs::metadata(dir)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        }
    }
    #[cfg(not(unix))]
    builder.create(dir)?;
    Ok(())
}

/// Lower-case hexadecimal SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
