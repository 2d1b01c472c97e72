//! Records: values behind a version marker, with a chain of migrations.
//!
//! A stored record is `[length of marker][marker][bincode of the fields]`. bincode describes nothing
//! by itself: changing a field's type, order or number is a new version with a new marker, whose
//! [`Record::Previous`] is the old type, kept for as long as data may still hold it.

use std::convert::Infallible;

use bincode::Options as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// The most a record may take, marker included. Larger things are cut into chunks by their owner
/// (16 KiB is a good size), which also keeps every node of the engine out of its unsynced blob files.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// A value that can be stored, in its current version. Written with [`record!`](crate::record!).
pub trait Record: Serialize + DeserializeOwned {
    /// Names type and version, such as `b"message2"`; unique along the chain, 1 to 255 bytes.
    const MARKER: &'static [u8];

    /// The version before; [`NoPrevious`] for a first one.
    type Previous: Record;

    /// Turns the version before into this one. It cannot fail: old data is never refused.
    fn migrate(previous: Self::Previous) -> Self;

    /// The stored form, at most [`MAX_RECORD_BYTES`] long.
    fn encode(&self) -> Result<Vec<u8>, Refused> {
        const { assert!(!Self::MARKER.is_empty() && Self::MARKER.len() <= 255) };
        let mut bytes = Vec::with_capacity(128);
        bytes.push(Self::MARKER.len() as u8);
        bytes.extend_from_slice(Self::MARKER);
        bincode::DefaultOptions::new()
            .serialize_into(&mut bytes, self)
            .map_err(|error| Refused::Unencodable(error.to_string()))?;
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(Refused::TooLarge(bytes.len()));
        }
        Ok(bytes)
    }

    /// Reads the stored form of this version or of any before it. `None` when it is none of them.
    #[must_use]
    fn decode(bytes: &[u8]) -> Option<Self> {
        match body(bytes, Self::MARKER) {
            Some(body) => bincode::DefaultOptions::new()
                .with_limit(MAX_RECORD_BYTES as u64)
                .deserialize(body)
                .ok(),
            None => Self::Previous::decode(bytes).map(Self::migrate),
        }
    }
}

/// Why a value has no stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It would take this many bytes.
    TooLarge(usize),
    /// serde said so.
    Unencodable(String),
}

fn body<'a>(bytes: &'a [u8], marker: &[u8]) -> Option<&'a [u8]> {
    let (&length, rest) = bytes.split_first()?;
    let (found, body) = rest.split_at_checked(usize::from(length))?;
    (found == marker).then_some(body)
}

/// The end of every chain of versions. There is no value of it.
#[derive(Debug, Clone, Copy)]
pub struct NoPrevious(Infallible);

impl NoPrevious {
    /// Any value, as there is none to begin with.
    #[must_use]
    pub fn never<T>(self) -> T {
        match self.0 {}
    }
}

impl Serialize for NoPrevious {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        self.never()
    }
}

impl<'de> Deserialize<'de> for NoPrevious {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("there is no version before the first"))
    }
}

impl Record for NoPrevious {
    const MARKER: &'static [u8] = b"-";
    type Previous = Self;

    fn migrate(previous: Self) -> Self {
        previous
    }

    fn decode(_bytes: &[u8]) -> Option<Self> {
        None
    }
}

/// Makes a type a [`Record`].
///
/// `record!(Customer1, b"customer1")` for a first version;
/// `record!(Customer2, b"customer2", Customer1, |old| Customer2 { .. })` for a later one.
#[macro_export]
macro_rules! record {
    ($type:ty, $marker:literal) => {
        $crate::record!(
            $type,
            $marker,
            $crate::NoPrevious,
            $crate::NoPrevious::never
        );
    };
    ($type:ty, $marker:literal, $previous:ty, $migrate:expr) => {
        impl $crate::Record for $type {
            const MARKER: &'static [u8] = $marker;
            type Previous = $previous;

            fn migrate(previous: $previous) -> Self {
                let migrate: fn($previous) -> $type = $migrate;
                migrate(previous)
            }
        }
    };
}
