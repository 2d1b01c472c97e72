//! An executable in which the barrier does nothing is refused before it touches any data.
//!
//! This one is such an executable: its `fdatasync` is a lie.
#![allow(unsafe_code)] // a function of the C library is replaced; there is no safe way to say it

use std::ffi::c_int;

use weikefu_storage::{Db, OpenError, Options};

#[unsafe(no_mangle)]
extern "C" fn fdatasync(_fd: c_int) -> c_int {
    0
}

#[test]
fn an_executable_without_a_barrier_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Db::open(folder.path(), Options::default())
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, OpenError::Barrier), "{error}");
    assert!(error.to_string().contains("official build"), "{error}");
    assert!(!folder.path().join("db").exists(), "the engine was not started");
}
