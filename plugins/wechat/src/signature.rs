//! The signatures of callbacks: `sha1` over the sorted parts, lower-case hexadecimal.
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// Signs: the parts are sorted by bytes and joined without a separator.
#[must_use]
pub fn sign<const N: usize>(mut parts: [&str; N]) -> String {
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Whether `given` is the signature of `parts`, in a time that does not depend on where they differ.
#[must_use]
pub fn matches<const N: usize>(parts: [&str; N], given: &str) -> bool {
    sign(parts).as_bytes().ct_eq(given.as_bytes()).into()
}

/// `sha1` of bytes as 40 hexadecimal characters; names long things shortly.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|d| char::from_digit(u32::from(d), 16).unwrap_or('0'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_check_value() {
        let parts = ["AAAAA", "1714036504", "1514711492"];
        assert_eq!(sign(parts), "f464b24fc39322e44b38aa78f5edd27bd1441696");
        assert!(matches(parts, "f464b24fc39322e44b38aa78f5edd27bd1441696"));
        assert!(!matches(parts, "f464b24fc39322e44b38aa78f5edd27bd1441697"));
        assert!(!matches(parts, "F464B24FC39322E44B38AA78F5EDD27BD1441696"));
        assert!(!matches(parts, ""));
        assert!(!matches(
            ["AAAAA", "1714036504", "1514711493"],
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        ));
    }

    #[test]
    fn order_does_not_matter_and_bytes_decide() {
        assert_eq!(sign(["b", "a", "C"]), sign(["C", "b", "a"]));
        assert_eq!(sign(["b", "a", "C"]), digest(b"Cab"));
    }
}
