//! Makes the engine's log barrier survive a power cut, and proves at start that it does.
//!
//! sled ends every write of its log in `sync_file_range`, which does not wait for the disk's own
//! cache nor for the file's metadata. This file defines that symbol in the executable: the linker
//! then gives sled this one, which calls `fdatasync`. Nothing else may go here: it is the only
//! `unsafe` of the crate.
#![allow(unsafe_code)] // a symbol of the C library is replaced; there is no safe way to say it

use std::ffi::{c_int, c_uint};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often the engine asked for a barrier in this process.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Takes the place of the C library's `sync_file_range(2)`: the whole file is made durable, which
/// includes the range that was asked for.
///
/// # Safety
/// As for the function it replaces: any value of `fd` is fine, a bad one is answered with -1 and
/// `errno`. Nothing is read or written through a pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn sync_file_range(
    fd: c_int,
    _offset: libc::off64_t,
    _bytes: libc::off64_t,
    _flags: c_uint,
) -> c_int {
    loop {
        // SAFETY: fdatasync takes a number, checks it itself and touches no memory of ours.
        let answer = unsafe { libc::fdatasync(fd) };
        if answer == 0 {
            CALLS.fetch_add(1, Ordering::Relaxed);
            return 0;
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return answer; // errno is fdatasync's: the engine stops, and the store with it
        }
    }
}

/// Number of barriers that succeeded so far in this process.
pub(crate) fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// Whether a call of `sync_file_range`, linked as the engine's is, ends in `fdatasync`.
///
/// A pipe tells the two apart: `fdatasync` refuses it with EINVAL, the original with ESPIPE.
pub(crate) fn in_force() -> io::Result<bool> {
    // Named here so that the linker takes this object even from an archive.
    std::hint::black_box(sync_file_range as *const ());
    let (reader, _writer) = io::pipe()?;
    // SAFETY: the descriptor is open for the whole call, and no pointer is passed.
    let answer = unsafe { libc::sync_file_range(reader.as_raw_fd(), 0, 0, 0) };
    let refusal = io::Error::last_os_error().raw_os_error();
    Ok(answer == -1 && refusal == Some(libc::EINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_symbol_in_this_executable_is_ours() {
        assert!(in_force().unwrap());
    }

    #[test]
    fn a_pipe_tells_the_original_apart() {
        let (reader, _writer) = io::pipe().unwrap();
        // SAFETY: a raw system call with a number for a descriptor that is open.
        let answer = unsafe { libc::syscall(libc::SYS_sync_file_range, reader.as_raw_fd(), 0, 0, 0) };
        assert_eq!(answer, -1);
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::ESPIPE));
    }

    #[test]
    fn the_engine_reaches_it() {
        let folder = tempfile::tempdir().unwrap();
        let engine = sled::Config::new()
            .path(folder.path())
            .flush_every_ms(None)
            .open()
            .unwrap();
        engine.insert(b"k", b"v").unwrap();
        let before = calls();
        engine.flush().unwrap();
        assert!(calls() > before);
    }
}
