//! Writes down everything this process does to the files of one folder, in order.
//!
//! The functions of the C library that the standard library and the engine use on files are defined
//! here, in the test's own executable, so that all calls come by. Each does what it always did.
#![allow(unsafe_code)] // functions of the C library are replaced; there is no safe way to say it

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file, for as long as it exists under any name.
pub(crate) type FileId = usize;

/// One thing done to the folder.
#[derive(Debug)]
pub(crate) enum Op {
    Create {
        name: String,
        file: FileId,
    },
    Write {
        file: FileId,
        at: u64,
        bytes: Vec<u8>,
    },
    Resize {
        file: FileId,
        len: u64,
    },
    Sync {
        file: FileId,
    },
    SyncFolder,
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        name: String,
    },
    /// The test was told that this transaction is stored.
    Told(u64),
}

struct Watch {
    folder: PathBuf,
    names: HashMap<String, FileId>,
    inodes: HashMap<u64, FileId>,
    folder_inode: u64,
    files: usize,
    ops: Vec<Op>,
}

static ON: AtomicBool = AtomicBool::new(false);
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

fn watch() -> MutexGuard<'static, Option<Watch>> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to write down what happens in a folder. The files in it are numbered by their names' order.
pub(crate) fn start(folder: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| path.is_file());
    found.sort();
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    *watch() = Some(Watch {
        folder: folder.to_owned(),
        names: found.iter().map(named).zip(0..).collect(),
        inodes: found.iter().map(|path| inode(path)).zip(0..).collect(),
        folder_inode: inode(folder),
        files: found.len(),
        ops: Vec::new(),
    });
    ON.store(true, Ordering::SeqCst);
}

/// Ends it and returns what happened.
pub(crate) fn stop() -> Vec<Op> {
    ON.store(false, Ordering::SeqCst);
    watch().take().map(|watch| watch.ops).unwrap_or_default()
}

/// Notes that a transaction was acknowledged.
pub(crate) fn told(number: u64) {
    if let Some(watch) = watch().as_mut() {
        watch.ops.push(Op::Told(number));
    }
}

impl Watch {
    /// The name of a path inside the folder.
    fn name(&self, path: *const c_char) -> Option<String> {
        // SAFETY: the callers of these functions pass a string that ends in a zero byte.
        let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
        let name = Path::new(path).strip_prefix(&self.folder).ok()?.to_str()?;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn inode(fd: c_int) -> Option<u64> {
        // SAFETY: all zeroes is a valid stat, and fstat fills it or fails.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a stat of ours.
        (unsafe { libc::fstat(fd, &raw mut stat) } == 0).then_some(stat.st_ino)
    }

    fn file(&self, fd: c_int) -> Option<FileId> {
        self.inodes.get(&Self::inode(fd)?).copied()
    }

    fn opened(&mut self, path: *const c_char, fd: c_int, flags: c_int) {
        let (Some(name), Some(inode)) = (self.name(path), Self::inode(fd)) else {
            return;
        };
        if !self.names.contains_key(&name) && flags & libc::O_CREAT != 0 {
            let file = self.files;
            self.files += 1;
            self.names.insert(name.clone(), file);
            self.inodes.insert(inode, file);
            self.ops.push(Op::Create { name, file });
        } else if let Some(&file) = self.names.get(&name)
            && flags & libc::O_TRUNC != 0
        {
            self.ops.push(Op::Resize { file, len: 0 });
        }
    }

    fn wrote(&mut self, file: FileId, at: i64, buffer: *const c_void, count: isize) {
        // SAFETY: the kernel has just read these bytes, and the caller still owns them.
        let bytes =
            unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count.cast_unsigned()) }.to_vec();
        self.ops.push(Op::Write {
            file,
            at: at.cast_unsigned(),
            bytes,
        });
    }
}

/// Does a call while nothing else happens, and writes it down when it succeeded. What is done to
/// other folders goes by; `errno` is left as the call set it when it failed.
fn watched(call: impl FnOnce() -> i64, note: impl FnOnce(&mut Watch, i64)) -> i64 {
    if !ON.load(Ordering::SeqCst) {
        return call();
    }
    let mut guard = watch();
    let answer = call();
    if answer >= 0
        && let Some(watch) = guard.as_mut()
    {
        note(watch, answer);
    }
    answer
}

#[unsafe(no_mangle)]
extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) };
    watched(call, |watch, fd| watch.opened(path, fd as c_int, flags)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, buffer: *const c_void, count: usize) -> isize {
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_write, fd, buffer, count) };
    watched(call, |watch, count| {
        if let Some(file) = watch.file(fd) {
            // SAFETY: only asks for the position, which the write has just moved.
            let end = unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) };
            watch.wrote(file, end - count, buffer, count as isize);
        }
    }) as isize
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, buffer: *const c_void, count: usize, at: i64) -> isize {
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_pwrite64, fd, buffer, count, at) };
    watched(call, |watch, count| {
        if let Some(file) = watch.file(fd) {
            watch.wrote(file, at, buffer, count as isize);
        }
    }) as isize
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, len: i64) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_ftruncate, fd, len) };
    watched(call, |watch, _| {
        if let Some(file) = watch.file(fd) {
            watch.ops.push(Op::Resize {
                file,
                len: len.cast_unsigned(),
            });
        }
    }) as c_int
}

fn synced(watch: &mut Watch, fd: c_int) {
    if let Some(file) = watch.file(fd) {
        watch.ops.push(Op::Sync { file });
    } else if Watch::inode(fd) == Some(watch.folder_inode) {
        watch.ops.push(Op::SyncFolder);
    }
}

#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the argument is passed on as it came.
    watched(
        || unsafe { libc::syscall(libc::SYS_fsync, fd) },
        |watch, _| synced(watch, fd),
    ) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the argument is passed on as it came.
    watched(
        || unsafe { libc::syscall(libc::SYS_fdatasync, fd) },
        |watch, _| synced(watch, fd),
    ) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let here = libc::AT_FDCWD;
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_renameat2, here, from, here, to, 0) };
    watched(call, |watch, _| {
        if let (Some(from), Some(to)) = (watch.name(from), watch.name(to))
            && let Some(file) = watch.names.remove(&from)
        {
            watch.names.insert(to.clone(), file);
            watch.ops.push(Op::Rename { from, to });
        }
    }) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    let call = || unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) };
    watched(call, |watch, _| {
        if let Some(name) = watch.name(path)
            && watch.names.remove(&name).is_some()
        {
            watch.ops.push(Op::Unlink { name });
        }
    }) as c_int
}
