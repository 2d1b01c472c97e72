//! Random numbers of the operating system.

/// A number from 0 up to, not including, `bound`; 0 when the system gives none.
pub(crate) fn below(bound: i64) -> i64 {
    let mut bytes = [0; 8];
    if bound <= 0 || getrandom::fill(&mut bytes).is_err() {
        return 0;
    }
    (u64::from_le_bytes(bytes) % bound as u64) as i64
}

/// Sixteen bytes nobody can know; `None` when the system gives none.
pub(crate) fn bytes() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).is_ok().then_some(bytes)
}

/// A separator for the parts of an upload that no file contains by accident.
pub(crate) fn boundary() -> String {
    let mut bytes = [0; 16];
    // Without randomness the separator is fixed; the upload then fails only for a file that contains it.
    let _ = getrandom::fill(&mut bytes);
    format!("weikefu{}", crate::signature::digest(&bytes))
}
