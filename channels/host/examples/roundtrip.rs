//! Measures the boundary: `cargo build --release -p weikefu-fixture`, then
//! `cargo run --release -p weikefu-channel-host --example roundtrip -- target/release/libweikefu_fixture.so`.
//! Prints nanoseconds per call: inside one thread through the bare table, and through an `Instance`.
#![allow(unsafe_code)] // the bare table is part of what is measured
#![allow(clippy::unwrap_used)] // a measurement that cannot go on has failed
use serde_json::json;
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weikefu_channel::abi::{Frame, FrameKind, RawFrame, RawHost, RawPlugin, RawSlice};
use weikefu_channel::{
    Content, Cursor, Error, From, Health, Inbound, Level, MediaRef, Outgoing, Persona, Receipt, Request,
    Stored, Thread, ThreadMessage, ThreadQuery, Words,
};
use weikefu_channel_host::{Amendment, Answer, Instance, Library, Services, Trust};

/// Answers everything at once with nothing.
struct Nothing;

fn empty<T: Default + Send + 'static>() -> Answer<'static, T> {
    Box::pin(std::future::ready(Ok(T::default())))
}

impl Services for Nothing {
    fn emit(&self, _: Inbound) -> Answer<'_, Stored> {
        Box::pin(std::future::ready(Ok(Stored {
            cursor: None,
            at: 0,
            duplicate: false,
            refused: None,
            passive: None,
        })))
    }
    fn amend(&self, _: Amendment) -> Answer<'_, ()> {
        empty()
    }
    fn kv_get(&self, _: String) -> Answer<'_, Option<Vec<u8>>> {
        empty()
    }
    fn kv_put(&self, _: String, _: Vec<u8>) -> Answer<'_, ()> {
        empty()
    }
    fn kv_delete(&self, _: String) -> Answer<'_, ()> {
        empty()
    }
    fn kv_scan(&self, _: String, _: u32) -> Answer<'_, Vec<String>> {
        empty()
    }
    fn kv_swap(&self, _: String, _: Option<Vec<u8>>, _: Vec<u8>) -> Answer<'_, bool> {
        empty()
    }
    fn media_put(&self, _: String, _: Option<String>, _: Vec<u8>) -> Answer<'_, MediaRef> {
        Box::pin(std::future::ready(Err(Error::unsupported("files"))))
    }
    fn media_get(&self, _: String) -> Answer<'_, (MediaRef, Vec<u8>)> {
        Box::pin(std::future::ready(Err(Error::unsupported("files"))))
    }
    fn thread(&self, _: ThreadQuery) -> Answer<'_, Thread> {
        empty()
    }
    fn alarm_set(&self, _: String, _: i64) -> Answer<'_, ()> {
        empty()
    }
    fn ws_send(&self, _: u64, _: String) -> Answer<'_, ()> {
        empty()
    }
    fn ws_close(&self, _: u64, _: u16, _: String) -> Answer<'_, ()> {
        empty()
    }
    fn log(&self, _: Level, _: &str) {}
    fn status(&self, _: Health, _: &Words) {}
}

fn outgoing() -> Outgoing {
    let persona = Persona {
        nickname: "小王".into(),
        avatar: Some("/m/0123456789abcdef0123456789abcdef".into()),
    };
    Outgoing {
        peer: "oABCD1234567890abcdefghijklmn".into(),
        message: ThreadMessage {
            cursor: Cursor {
                conversation: 123_456,
                seq: 17,
            },
            at: 1_700_000_000_000,
            from: From::Agent(persona),
            content: Content::text("您好，您的订单已经发出，预计明天送达，请注意查收。"),
            dedupe: Some("7f0c1e6a".into()),
        },
    }
}

/// The last frame of the plugin, copied as a host has to.
type Answered = Option<(FrameKind, Vec<u8>, Vec<u8>)>;

unsafe extern "C" fn post(ctx: *mut c_void, frame: *const RawFrame) {
    // SAFETY: the context is the answer's place, the frame is the plugin's.
    unsafe {
        let frame = Frame::read(frame).unwrap();
        *ctx.cast::<Answered>() = Some((frame.kind, frame.head.to_vec(), frame.body.to_vec()));
    }
}

fn best(name: &str, rounds: u32, mut work: impl FnMut()) {
    let nanos = (0..5)
        .map(|_| {
            let began = Instant::now();
            (0..rounds).for_each(|_| work());
            began.elapsed().as_nanos() / u128::from(rounds)
        })
        .min();
    println!("{:>8} ns  {name}", nanos.unwrap_or_default());
}

/// The bare table, in this thread.
fn inline(path: &PathBuf) {
    let mut answer: Answered = None;
    let answered: *mut Answered = &raw mut answer;
    let host = RawHost {
        size: size_of::<RawHost>() as u32,
        abi_major: 1,
        abi_minor: 0,
        ctx: answered.cast(),
        post: Some(post),
    };
    // SAFETY: a plugin that has just been built; everything below stays in this thread and scope.
    let library = std::mem::ManuallyDrop::new(unsafe { libloading::Library::new(path) }.unwrap());
    // SAFETY: the plugin's symbol.
    let table = unsafe { **library.get::<*const RawPlugin>(b"weikefu_plugin").unwrap() };
    // SAFETY: as above.
    let this = unsafe { (table.create.unwrap())(&raw const host, RawSlice::of(b"{}")) };
    let call = |kind, id, op: &str, head: &[u8], body: &[u8]| {
        let raw = Frame {
            kind,
            id,
            op,
            head,
            body,
        }
        .raw();
        // SAFETY: as above; the answer has been written when this returns.
        unsafe {
            (table.post.unwrap())(this, &raw const raw);
            (*answered).take()
        }
    };
    // `open` stores a value; that call of the plugin is its first.
    call(FrameKind::Call, 1, "channel.open", b"{}", b"").unwrap();
    call(FrameKind::Reply, 1, "", b"{}", b"").unwrap();
    let head = serde_json::to_vec(&Request::get("echo")).unwrap();
    best("inline, raw 300 B echo (one small JSON head)", 300_000, || {
        call(FrameKind::Call, 2, "webhooks.receive", &head, &[7; 300]).unwrap();
    });
    let outgoing = outgoing();
    println!(
        "             typed send: {} B of JSON",
        serde_json::to_vec(&outgoing).unwrap().len()
    );
    best("inline, typed send, both sides' JSON", 300_000, || {
        let head = serde_json::to_vec(&outgoing).unwrap();
        let (_, head, _) = call(FrameKind::Call, 2, "channel.send", &head, b"").unwrap();
        serde_json::from_slice::<Receipt>(&head).unwrap();
    });
    best("inline, the JSON of a typed send alone", 300_000, || {
        let head = serde_json::to_vec(&outgoing).unwrap();
        let read: Outgoing = serde_json::from_slice(&head).unwrap();
        std::hint::black_box(read);
    });
    // SAFETY: as above.
    unsafe { (table.destroy.unwrap())(this) };
}

/// Processor time of this process.
fn processor() -> Duration {
    // SAFETY: plain output parameter.
    let usage = unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

async fn instance(name: &str, instance: &Arc<Instance>, together: u32, body: Option<Request>) {
    let rounds = 50_000 / together;
    let (began, used) = (Instant::now(), processor());
    let tasks: Vec<_> = (0..together)
        .map(|_| {
            let (instance, body) = (instance.clone(), body.clone());
            tokio::spawn(async move {
                for _ in 0..rounds {
                    match &body {
                        Some(request) => drop(instance.receive(request.clone()).await.unwrap()),
                        None => drop(instance.send(outgoing()).await.unwrap()),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let calls = u128::from(rounds * together);
    let (took, used) = (
        began.elapsed().as_nanos() / calls,
        processor().saturating_sub(used).as_nanos() / calls,
    );
    println!("{took:>8} ns  {used:>8} ns of processor time  {name}, {together} at a time");
}

fn main() {
    let path = PathBuf::from(std::env::args_os().nth(1).unwrap());
    inline(&path);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let library = Library::load(&path, Trust::Bundled).unwrap();
        let handle = tokio::runtime::Handle::current();
        let opened = Instance::open(&library, "bench", json!({}), Arc::new(Nothing), handle)
            .await
            .unwrap();
        let opened = Arc::new(opened);
        for together in [1, 64] {
            let echo = Request::get("echo").with_body(vec![7; 300]);
            instance("instance, echo", &opened, together, Some(echo)).await;
            instance("instance, typed send", &opened, together, None).await;
            let emit = Request::get("emit?peer=p").with_body(vec![b'x'; 200]);
            instance(
                "instance, webhook with an emit answered at once",
                &opened,
                together,
                Some(emit),
            )
            .await;
        }
        assert!(opened.close().await);
    });
}
