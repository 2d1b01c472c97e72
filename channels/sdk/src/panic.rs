//! Keeps a panic inside the call that caused it. The hook is process-wide, so it finds out by the thread
//! whether an instance is running; panics of other threads keep their usual way.
use crate::abi::{Frame, FrameKind, Line};
use crate::error::{Cause, Error};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// A contained panic.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    pub(crate) place: String,
}

impl Panic {
    /// Tells the host's log where it happened; the host counts these events.
    pub(crate) fn report(&self, line: &dyn Line) {
        let head = json!({ "message": self.message, "place": self.place }).to_string();
        line.post(&Frame {
            kind: FrameKind::Event,
            id: 0,
            op: "panic",
            head: head.as_bytes(),
            body: b"",
        });
    }
}

impl From<Panic> for Error {
    fn from(panic: Panic) -> Self {
        Error::told(
            Cause::Panic,
            format!(
                "渠道插件崩溃：{}；请重试，仍不成功时请联系插件作者",
                panic.message
            ),
            format!("the plugin panicked: {}", panic.message),
        )
    }
}

/// Runs a piece of plugin code; a panic becomes a value.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(install);
    INSIDE.set(INSIDE.get() + 1);
    // What a panic leaves half done is the plugin's own state; the SDK's is consistent at every call.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(INSIDE.get() - 1);
    outcome.map_err(|payload| {
        // A payload may panic when it is dropped; there is no second net below this one.
        std::mem::forget(payload);
        let unknown = || Panic {
            message: "without a message".into(),
            place: "an unknown place".into(),
        };
        LAST.take().unwrap_or_else(unknown)
    })
}

fn install() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if INSIDE.try_with(Cell::get).unwrap_or(0) == 0 {
            return usual(info);
        }
        let text = info.payload_as_str().unwrap_or("without a message");
        let message = text.chars().take(500).collect();
        let place = info
            .location()
            .map_or_else(|| "an unknown place".into(), ToString::to_string);
        let _ = LAST.try_with(|last| *last.borrow_mut() = Some(Panic { message, place }));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_value_and_knows_its_place() {
        let panic = contain(|| panic!("no {}", "bread")).map(|(): ()| ()).unwrap_err();
        assert_eq!(panic.message, "no bread");
        assert!(panic.place.contains("panic.rs:"), "{}", panic.place);
        assert_eq!(contain(|| 5).unwrap(), 5);
    }
}
