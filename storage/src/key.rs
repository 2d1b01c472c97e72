//! Keys: bytes that sort like the values they stand for.
//!
//! Owns the encoding of numbers, texts and tuples. What a key means is decided by who uses it.

/// A key, or the leading part of one.
///
/// Encodings sort bytewise like the values, and each is self-delimiting, so that a tuple is the
/// concatenation of its parts and every leading part of a tuple is a prefix for
/// [`Tree::scan`](crate::Tree::scan). A type of its own forwards both methods to what it wraps.
pub trait Key: Sized {
    /// Appends the encoding to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Takes one value off the front of `bytes`. `None` when the bytes are not an encoding.
    fn take(bytes: &mut &[u8]) -> Option<Self>;

    /// Reads a value that fills `bytes` exactly.
    #[must_use]
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let value = Self::take(&mut rest)?;
        rest.is_empty().then_some(value)
    }
}

macro_rules! unsigned {
    ($($number:ty),+) => {$(
        impl Key for $number {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let (head, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(Self::from_be_bytes(*head))
            }
        }
    )+};
}
unsigned!(u8, u16, u32, u64);

/// Turning the sign bit over puts the negative numbers in front.
const SIGN: u64 = 1 << 63;

impl Key for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ SIGN).encode(out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        u64::take(bytes).map(|number| (number ^ SIGN).cast_signed())
    }
}

impl<const N: usize> Key for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*head)
    }
}

impl Key for () {
    fn encode(&self, _out: &mut Vec<u8>) {}

    fn take(_bytes: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

// Texts end in 0x00. The bytes 0x00 and 0x01 inside are written 0x01 0x01 and 0x01 0x02, so the end
// sorts before every continuation and the order of the texts is kept.
const END: u8 = 0;
const ESCAPE: u8 = 1;

fn encode_escaped(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte <= ESCAPE {
            out.extend_from_slice(&[ESCAPE, byte + 1]);
        } else {
            out.push(byte);
        }
    }
}

fn take_escaped(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes.iter();
    loop {
        match *rest.next()? {
            END => break,
            ESCAPE => text.push(match *rest.next()? {
                escaped @ (1 | 2) => escaped - 1,
                _ => return None,
            }),
            byte => text.push(byte),
        }
    }
    *bytes = rest.as_slice();
    Some(text)
}

impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().encode(out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(take_escaped(bytes)?).ok()
    }
}

impl Key for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_escaped(self, out);
        out.push(END);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take_escaped(bytes)
    }
}

/// For prefixes and bounds: encodes like [`String`], and is never read back.
impl Key for &str {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_escaped(self.as_bytes(), out);
        out.push(END);
    }

    fn take(_bytes: &mut &[u8]) -> Option<Self> {
        None
    }
}

/// The last part of a prefix: every text that begins with this one. Never read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartsWith<'a>(pub &'a str);

impl Key for StartsWith<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_escaped(self.0.as_bytes(), out);
    }

    fn take(_bytes: &mut &[u8]) -> Option<Self> {
        None
    }
}

macro_rules! tuple {
    ($($part:ident $index:tt),+) => {
        impl<$($part: Key),+> Key for ($($part,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$index.encode(out);)+
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($part::take(bytes)?,)+))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

/// The bytes of a key.
pub(crate) fn bytes_of(key: &impl Key) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    key.encode(&mut bytes);
    bytes
}

/// A key in an error: hexadecimal, cut after 64 bytes.
pub(crate) fn hex(key: &[u8]) -> String {
    use std::fmt::Write as _;
    key.iter().take(64).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
