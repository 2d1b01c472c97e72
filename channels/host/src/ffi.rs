//! Every `unsafe` of the host: opening a library, reading its table, calling it and being called by it.
#![allow(unsafe_code)] // raw pointers cross here and nowhere else
use crate::refusal::LoadError;
use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW, Symbol};
use std::ffi::c_void;
use std::fs::File;
use std::io::Write;
use std::mem::{ManuallyDrop, offset_of, size_of};
use std::os::fd::{AsRawFd, FromRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, PoisonError, RwLock};
use weikefu_channel::Words;
use weikefu_channel::abi::{
    ABI_MAJOR, ABI_MINOR, Frame, MAGIC, Malformed, RawFrame, RawHost, RawPlugin, RawSlice, SYMBOL,
};

type Manifest = unsafe extern "C" fn() -> RawSlice;
type Create = unsafe extern "C" fn(*const RawHost, RawSlice) -> *mut c_void;
type Post = unsafe extern "C" fn(*mut c_void, *const RawFrame);
type Destroy = unsafe extern "C" fn(*mut c_void);

/// A checked plugin table; its library is never unloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    manifest: Manifest,
    create: Create,
    post: Post,
    destroy: Destroy,
}

/// Opens a file and checks its table. `file` is the name for refusals; `bytes` are loaded from memory where
/// the file system forbids to execute.
pub(crate) fn open(path: &Path, bytes: &[u8], file: &str) -> Result<Table, LoadError> {
    let handle = match dlopen(path) {
        Err(reason) if reason.contains("failed to map segment") => from_memory(bytes)
            .map_err(|memory| format!("{reason}; loading it from memory failed as well: {memory}")),
        other => other,
    };
    let handle = handle.map_err(|reason| LoadError::Loader {
        file: file.into(),
        reason: crate::said::loader(&reason, &path.display().to_string()),
    })?;
    // SAFETY: nothing is read through the symbol before its address has been looked at.
    let symbol: Result<Symbol<*const RawPlugin>, _> = unsafe { handle.get(SYMBOL.as_bytes()) };
    let address = symbol.map(|symbol| symbol.into_raw().cast::<RawPlugin>());
    match address {
        // SAFETY: a data symbol of this name is a plugin's table; its library stays loaded.
        Ok(table) if !table.is_null() => unsafe { check(table, file) },
        _ => Err(LoadError::NoSymbol {
            file: file.into(),
            wanted: SYMBOL.into(),
        }),
    }
}

fn dlopen(path: &Path) -> Result<ManuallyDrop<Handle>, String> {
    // SAFETY: loading runs the library's initialisers. They are trusted: the file came with the executable
    // or has just been loaded in a child process.
    let handle = unsafe { Handle::open(Some(path), RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE) };
    handle.map(ManuallyDrop::new).map_err(|error| {
        // The words of the system's loader stand behind "dlopen failed".
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
    })
}

/// Loads a library from an anonymous file: the way round a file system mounted `noexec`.
#[cfg(target_os = "linux")]
fn from_memory(bytes: &[u8]) -> Result<ManuallyDrop<Handle>, String> {
    // SAFETY: the name is a C string; the descriptor is checked before it is used.
    let fd = unsafe { libc::memfd_create(c"weikefu-plugin".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    // SAFETY: the descriptor is new and nobody else's.
    let mut file = unsafe { File::from_raw_fd(fd) };
    file.write_all(bytes).map_err(|e| e.to_string())?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // The loader knows libraries by their path: were the descriptor closed, the next file would get the same
    // number, and this library for its own.
    std::mem::forget(file);
    dlopen(Path::new(&path))
}

#[cfg(not(target_os = "linux"))]
fn from_memory(_: &[u8]) -> Result<ManuallyDrop<Handle>, String> {
    Err("not possible on this system".into())
}

/// # Safety
/// `table` must be the address of a symbol of a library that stays loaded. Only its first 12 bytes are read
/// before they have proved it to be a plugin's table.
unsafe fn check(table: *const RawPlugin, file: &str) -> Result<Table, LoadError> {
    // SAFETY: see above. The symbol of something else may lie anywhere, hence unaligned.
    let (magic, major, minor, size) = unsafe {
        (
            (&raw const (*table).magic).read_unaligned(),
            (&raw const (*table).abi_major).read_unaligned(),
            (&raw const (*table).abi_minor).read_unaligned(),
            (&raw const (*table).size).read_unaligned(),
        )
    };
    let file = || file.to_owned();
    if magic != MAGIC {
        return Err(LoadError::Magic {
            file: file(),
            found: magic,
            wanted: MAGIC,
        });
    }
    if major != ABI_MAJOR {
        let (found, wanted) = (format!("{major}.{minor}"), format!("{ABI_MAJOR}.{ABI_MINOR}"));
        return Err(LoadError::Version {
            file: file(),
            found,
            wanted,
        });
    }
    // The first version's size: later fields are optional.
    let least = offset_of!(RawPlugin, destroy) + size_of::<Option<Destroy>>();
    if (size as usize) < least {
        let (found, wanted) = (
            Words::new(format!("有 {size} 字节"), format!("has {size} bytes")),
            Words::new(format!("至少 {least} 字节"), format!("at least {least} bytes")),
        );
        return Err(LoadError::Table {
            file: file(),
            found,
            wanted: Box::new(wanted),
        });
    }
    // SAFETY: magic, version and size say that this is a whole table.
    let raw = unsafe { table.read_unaligned() };
    match raw {
        RawPlugin {
            manifest: Some(manifest),
            create: Some(create),
            post: Some(post),
            destroy: Some(destroy),
            ..
        } => Ok(Table {
            manifest,
            create,
            post,
            destroy,
        }),
        _ => Err(LoadError::Table {
            file: file(),
            found: Words::new("缺少函数", "lacks a function"),
            wanted: Box::new(Words::new(
                " manifest、create、post 和 destroy",
                "manifest, create, post and destroy",
            )),
        }),
    }
}

impl Table {
    /// The manifest's bytes.
    pub(crate) fn manifest(self) -> &'static [u8] {
        // SAFETY: any thread may ask; the answer is static storage of a library that stays loaded.
        unsafe { (self.manifest)().bytes() }
    }

    /// Creates an instance on this thread.
    pub(crate) fn create(self, door: &'static Door, config: &[u8]) -> Option<Guest> {
        // SAFETY: the door's table lives for ever; the configuration is lent for the call.
        let this = unsafe { (self.create)(&raw const door.host, RawSlice::of(config)) };
        (!this.is_null()).then_some(Guest { table: self, this })
    }
}

/// An instance inside a plugin. Not `Send`: it stays on the thread that created it.
pub(crate) struct Guest {
    table: Table,
    this: *mut c_void,
}

impl Guest {
    /// Hands it a frame.
    pub(crate) fn post(&self, frame: &Frame<'_>) {
        let raw = frame.raw();
        // SAFETY: created on this thread and not destroyed; the frame is lent for the call.
        unsafe { (self.table.post)(self.this, &raw const raw) };
    }

    /// Ends it.
    pub(crate) fn destroy(self) {
        // SAFETY: consumed here, so that nothing is posted afterwards.
        unsafe { (self.table.destroy)(self.this) };
    }
}

/// Who takes the frames of an instance.
pub(crate) trait Receiver: Send + Sync {
    /// A frame has arrived, on any thread. Must not block or call the plugin.
    fn receive(&self, frame: Result<Frame<'_>, Malformed>);
}

/// What a plugin knows of the host. Lives for ever (about 100 bytes per instance), so that a plugin that posts
/// after its end finds a closed door instead of freed memory.
pub(crate) struct Door {
    host: RawHost,
    receiver: RwLock<Option<Arc<dyn Receiver>>>,
}

// SAFETY: `host.ctx` points back at this very door, which is only read through its lock.
unsafe impl Sync for Door {}

impl Door {
    /// A door that leads to a receiver.
    pub(crate) fn open(receiver: Arc<dyn Receiver>) -> &'static Self {
        let host = RawHost {
            size: size_of::<RawHost>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            ctx: std::ptr::null_mut(),
            post: Some(enter),
        };
        let door = Box::leak(Box::new(Door {
            host,
            receiver: RwLock::new(Some(receiver)),
        }));
        door.host.ctx = (&raw mut *door).cast();
        door
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        *self.receiver.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

unsafe extern "C" fn enter(ctx: *mut c_void, frame: *const RawFrame) {
    if ctx.is_null() {
        return;
    }
    // SAFETY: `ctx` is a door, and doors are never freed.
    let door = unsafe { &*ctx.cast_const().cast::<Door>() };
    // SAFETY: the plugin lends the frame for the duration of this call.
    let frame = unsafe { Frame::read(frame) };
    // A panic must not cross into the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if let Some(receiver) = &*door.receiver.read().unwrap_or_else(PoisonError::into_inner) {
            receiver.receive(frame);
        }
    }));
}

/// Ends a child when this process ends, however that happens.
pub(crate) fn die_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    // SAFETY: prctl is safe between fork and exec.
    unsafe {
        use std::os::unix::process::CommandExt;
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}

#[cfg(test)]
#[path = "ffi_tests.rs"]
mod tests;
