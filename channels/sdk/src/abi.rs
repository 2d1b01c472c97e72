//! The binary interface, as in `channels/include/weikefu_channel.h`: one data symbol, a table of four
//! functions and one frame. Owns every `unsafe` of the SDK; what lies behind it sees [`Frame`] and [`Line`].
#![allow(unsafe_code)] // raw pointers cross here and nowhere else
use crate::error::{Cause, Error};
use crate::export::Export;
use crate::instance::Instance;
use crate::panic::contain;
use std::ffi::c_void;
use std::mem::size_of;
use std::sync::{Arc, PoisonError, RwLock};

/// First word of every plugin table.
pub const MAGIC: u32 = 0x574b_4650;
/// Shape of the structures; both sides must agree.
pub const ABI_MAJOR: u16 = 1;
/// Grows when a field is appended; either side may be older.
pub const ABI_MINOR: u16 = 0;
/// Largest JSON head of a frame, bytes.
pub const MAX_HEAD: usize = 1 << 20;
/// Largest body of a frame, bytes.
pub const MAX_BODY: usize = 32 << 20;
/// Longest operation name, bytes.
pub const MAX_OP: usize = 64;
/// The one symbol of a plugin.
pub const SYMBOL: &str = "weikefu_plugin";

/// `wk_slice`: borrowed bytes, valid for the duration of one call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawSlice {
    /// First byte; anything when `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

/// `wk_frame`: 64 bytes, append-only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawFrame {
    /// Size of this structure as its sender knows it.
    pub size: u32,
    /// See [`FrameKind`].
    pub kind: u32,
    /// Chosen by the caller, repeated by the answer. 0 where nothing is answered.
    pub id: u64,
    /// Operation, UTF-8.
    pub op: RawSlice,
    /// JSON, UTF-8.
    pub head: RawSlice,
    /// Raw bytes.
    pub body: RawSlice,
}

/// `wk_host`: the host as a plugin sees it, valid until `destroy` has returned.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawHost {
    /// Size of this structure as the host knows it.
    pub size: u32,
    /// [`ABI_MAJOR`] of the host.
    pub abi_major: u16,
    /// [`ABI_MINOR`] of the host.
    pub abi_minor: u16,
    /// Handed back with every post.
    pub ctx: *mut c_void,
    /// Any thread. Copies the frame, never blocks, never calls back on the same stack.
    pub post: Option<unsafe extern "C" fn(*mut c_void, *const RawFrame)>,
}

/// `wk_plugin`: what [`SYMBOL`] names.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawPlugin {
    /// [`MAGIC`].
    pub magic: u32,
    /// [`ABI_MAJOR`] of the plugin.
    pub abi_major: u16,
    /// [`ABI_MINOR`] of the plugin.
    pub abi_minor: u16,
    /// Size of this structure as the plugin knows it.
    pub size: u32,
    /// Any thread. The manifest as JSON in static storage; empty when there is none.
    pub manifest: Option<unsafe extern "C" fn() -> RawSlice>,
    /// Instance thread. Null: refused, and an ERROR frame with id 0 has said why.
    pub create: Option<unsafe extern "C" fn(*const RawHost, RawSlice) -> *mut c_void>,
    /// Instance thread, one at a time, in order.
    pub post: Option<unsafe extern "C" fn(*mut c_void, *const RawFrame)>,
    /// Instance thread; no post afterwards.
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FrameKind {
    /// Asks for an operation; answered by exactly one `Reply` or `Error` unless cancelled.
    Call = 1,
    /// The operation worked.
    Reply = 2,
    /// It failed; the head is an [`Error`].
    Error = 3,
    /// The caller of `id` no longer waits.
    Cancel = 4,
    /// Something to know; not answered.
    Event = 5,
    /// To the host: post one back, something of mine is ready. From the host: that one.
    Wake = 6,
}

impl FrameKind {
    fn of(kind: u32) -> Option<Self> {
        use FrameKind::{Call, Cancel, Error, Event, Reply, Wake};
        [Call, Reply, Error, Cancel, Event, Wake]
            .into_iter()
            .find(|k| *k as u32 == kind)
    }
}

/// A frame that has been checked: sizes within bounds, operation valid UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: FrameKind,
    /// See [`RawFrame::id`].
    pub id: u64,
    /// Operation.
    pub op: &'a str,
    /// JSON, not yet looked at.
    pub head: &'a [u8],
    /// Raw bytes.
    pub body: &'a [u8],
}

/// Why a frame was not read. A malformed CALL is answered with `reason`; everything else is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The frame's id, as far as it could be read.
    pub id: u64,
    /// The kind, when it is known.
    pub kind: Option<FrameKind>,
    /// What is wrong.
    pub reason: &'static str,
}

impl RawSlice {
    /// Lends a slice.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        RawSlice {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// Borrows the bytes.
    ///
    /// # Safety
    /// `ptr` must be readable for `len` bytes during `'a`, unless `len` is 0.
    #[must_use]
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 || self.ptr.is_null() || self.len > isize::MAX as usize {
            return &[];
        }
        // SAFETY: not null, not longer than an allocation can be, readable by this function's contract.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl Frame<'_> {
    /// This frame in its binary shape; valid as long as what it borrows.
    #[must_use]
    pub fn raw(&self) -> RawFrame {
        RawFrame {
            size: size_of::<RawFrame>() as u32,
            kind: self.kind as u32,
            id: self.id,
            op: RawSlice::of(self.op.as_bytes()),
            head: RawSlice::of(self.head),
            body: RawSlice::of(self.body),
        }
    }

    /// Reads and checks a frame of the other side.
    ///
    /// # Safety
    /// `raw` must be null or point at a frame of at least the size it states, whose slices are readable
    /// during `'a`.
    pub unsafe fn read(raw: *const RawFrame) -> Result<Self, Malformed> {
        let nothing = Malformed {
            id: 0,
            kind: None,
            reason: "the frame is smaller than this ABI's",
        };
        // SAFETY: a frame begins with its size; the contract makes that much readable.
        if raw.is_null() || (unsafe { (*raw).size } as usize) < size_of::<RawFrame>() {
            return Err(nothing);
        }
        // SAFETY: the frame states to be at least as large as the structure.
        let raw = unsafe { &*raw };
        let kind = FrameKind::of(raw.kind);
        let fail = |reason| Malformed {
            id: raw.id,
            kind,
            reason,
        };
        let Some(known) = kind else {
            return Err(fail("unknown kind of frame"));
        };
        if raw.op.len > MAX_OP {
            return Err(fail("the operation's name is longer than 64 bytes"));
        }
        if raw.head.len > MAX_HEAD {
            return Err(fail("the head is larger than 1 MiB"));
        }
        if raw.body.len > MAX_BODY {
            return Err(fail("the body is larger than 32 MiB"));
        }
        // SAFETY: readable by this function's contract, lengths checked.
        let (op, head, body) = unsafe { (raw.op.bytes(), raw.head.bytes(), raw.body.bytes()) };
        let op = std::str::from_utf8(op).map_err(|_| fail("the operation's name is not UTF-8"))?;
        Ok(Frame {
            kind: known,
            id: raw.id,
            op,
            head,
            body,
        })
    }
}

/// The way out of an instance: to the host, or to a test.
pub(crate) trait Line: Send + Sync {
    /// Hands a frame over. Any thread.
    fn post(&self, frame: &Frame<'_>);
    /// Unix milliseconds, where time is not the system's.
    fn now(&self) -> Option<i64> {
        None
    }
}

/// The host behind the line; cut when the instance ends, so that wakers may outlive it.
pub(crate) struct HostLine(RwLock<Option<Post>>);

struct Post {
    ctx: *mut c_void,
    post: unsafe extern "C" fn(*mut c_void, *const RawFrame),
}

// SAFETY: the ABI lets `post` be called with `ctx` from any thread.
unsafe impl Send for Post {}
// SAFETY: the same, also from several at once.
unsafe impl Sync for Post {}

impl HostLine {
    /// # Safety
    /// `host` must be null or point at a host table that states its size.
    unsafe fn read(host: *const RawHost) -> Option<Self> {
        // SAFETY: the table begins with its size.
        if host.is_null() || (unsafe { (*host).size } as usize) < size_of::<RawHost>() {
            return None;
        }
        // SAFETY: the table states to be at least as large as the structure.
        let host = unsafe { &*host };
        let post = host.post.filter(|_| host.abi_major == ABI_MAJOR)?;
        Some(HostLine(RwLock::new(Some(Post { ctx: host.ctx, post }))))
    }

    fn cut(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Line for HostLine {
    fn post(&self, frame: &Frame<'_>) {
        // The lock is held over the call, so that `cut` waits for it. The host never calls back from there.
        let line = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let raw = frame.raw();
        if let Some(line) = line.as_ref() {
            // SAFETY: the host is alive until the line is cut; the frame is valid for the call.
            unsafe { (line.post)(line.ctx, &raw const raw) };
        }
    }
}

/// The table of an exported plugin.
#[must_use]
pub const fn table<E: Export>() -> RawPlugin {
    RawPlugin {
        magic: MAGIC,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        size: size_of::<RawPlugin>() as u32,
        manifest: Some(manifest::<E>),
        create: Some(create::<E>),
        post: Some(post::<E>),
        destroy: Some(destroy::<E>),
    }
}

struct Created<E: Export> {
    instance: Instance<E>,
    line: Arc<HostLine>,
}

unsafe extern "C" fn manifest<E: Export>() -> RawSlice {
    let document = contain(|| E::document().get_or_init(crate::export::document::<E>).as_slice());
    RawSlice::of(document.unwrap_or_default())
}

unsafe extern "C" fn create<E: Export>(host: *const RawHost, config: RawSlice) -> *mut c_void {
    // SAFETY: the host passes its table.
    let Some(line) = (unsafe { HostLine::read(host) }) else {
        return std::ptr::null_mut();
    };
    let line = Arc::new(line);
    let out: Arc<dyn Line> = line.clone();
    // SAFETY: the host lends the configuration for the duration of this call.
    let config = unsafe { config.bytes() };
    match contain(|| Instance::<E>::new(out.clone(), config)) {
        Ok(Ok(instance)) => Box::into_raw(Box::new(Created { instance, line })).cast(),
        Ok(Err(error)) => refuse(&*out, &error),
        Err(panic) => {
            panic.report(&*out);
            refuse(&*out, &panic.into())
        }
    }
}

fn refuse(line: &dyn Line, error: &Error) -> *mut c_void {
    crate::bridge::post_error(line, 0, error);
    std::ptr::null_mut()
}

unsafe extern "C" fn post<E: Export>(this: *mut c_void, frame: *const RawFrame) {
    // SAFETY: `this` came from `create` and has not been destroyed.
    let created = unsafe { &*this.cast::<Created<E>>() };
    // SAFETY: the host lends the frame for the duration of this call.
    let frame = unsafe { Frame::read(frame) };
    let outcome = contain(|| match frame {
        Ok(frame) => created.instance.post(&frame),
        Err(Malformed {
            id,
            kind: Some(FrameKind::Call),
            reason,
        }) => {
            crate::bridge::post_error(&*created.line, id, &Error::new(Cause::Internal, reason));
        }
        Err(Malformed {
            id,
            kind: Some(FrameKind::Reply | FrameKind::Error),
            reason,
        }) => {
            created
                .instance
                .deliver(id, Err(Error::new(Cause::Internal, reason)));
        }
        Err(_) => {}
    });
    if let Err(panic) = outcome {
        panic.report(&*created.line);
    }
}

unsafe extern "C" fn destroy<E: Export>(this: *mut c_void) {
    // SAFETY: `this` came from `create`; the host destroys it once.
    let created = unsafe { Box::from_raw(this.cast::<Created<E>>()) };
    let Created { instance, line } = *created;
    if let Err(panic) = contain(move || instance.close()) {
        panic.report(&*line);
    }
    line.cut();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{align_of, offset_of};

    #[test]
    fn structures_have_the_layout_of_the_header() {
        assert_eq!((size_of::<RawFrame>(), align_of::<RawFrame>()), (64, 8));
        assert_eq!(offset_of!(RawFrame, id), 8);
        assert_eq!(offset_of!(RawFrame, op), 16);
        assert_eq!(offset_of!(RawFrame, body), 48);
        assert_eq!((size_of::<RawHost>(), offset_of!(RawHost, ctx)), (24, 8));
        assert_eq!(
            (size_of::<RawPlugin>(), offset_of!(RawPlugin, manifest)),
            (48, 16)
        );
    }

    #[test]
    fn frames_out_of_bounds_are_refused() {
        let good = Frame {
            kind: FrameKind::Call,
            id: 7,
            op: "x",
            head: b"{}",
            body: b"",
        };
        let read = |raw: &RawFrame| {
            // SAFETY: every case below is refused before its slices are touched, or lends static bytes.
            unsafe { Frame::read(raw) }
                .map(|f| (f.id, f.op))
                .map_err(|m| (m.id, m.reason))
        };
        assert_eq!(read(&good.raw()), Ok((7, "x")));
        let case = |change: &dyn Fn(&mut RawFrame)| {
            let mut raw = good.raw();
            change(&mut raw);
            read(&raw).unwrap_err()
        };
        assert_eq!(case(&|f| f.size = 8).0, 0);
        assert_eq!(case(&|f| f.kind = 99), (7, "unknown kind of frame"));
        assert_eq!(
            case(&|f| f.op.len = MAX_OP + 1),
            (7, "the operation's name is longer than 64 bytes")
        );
        assert_eq!(
            case(&|f| f.head.len = MAX_HEAD + 1),
            (7, "the head is larger than 1 MiB")
        );
        assert_eq!(
            case(&|f| f.body.len = MAX_BODY + 1),
            (7, "the body is larger than 32 MiB")
        );
        assert_eq!(
            case(&|f| f.op = RawSlice::of(b"\xff")),
            (7, "the operation's name is not UTF-8")
        );
    }
}
