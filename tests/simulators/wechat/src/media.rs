//! Temporary media (protocol section 11): kinds, limits, formats, and the store that forgets after 3 days.

use std::collections::HashMap;

use bytes::Bytes;

/// Kind of a media file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Picture.
    Image,
    /// Sound.
    Voice,
    /// Film.
    Video,
    /// Small preview picture.
    Thumb,
}

const MB: usize = 1024 * 1024;
const THREE_DAYS_MS: u64 = 3 * 24 * 3_600_000;
const LONGEST_VOICE_MS: u64 = 60_000;

impl Kind {
    /// From the `type` parameter.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "voice" => Some(Self::Voice),
            "video" => Some(Self::Video),
            "thumb" => Some(Self::Thumb),
            _ => None,
        }
    }

    /// The `type` parameter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Thumb => "thumb",
        }
    }

    /// Byte limit and the errcode above it.
    fn limit(self) -> (usize, i64) {
        match self {
            Self::Image => (10 * MB, 40009),
            Self::Voice => (2 * MB, 40010),
            Self::Video => (10 * MB, 40011),
            Self::Thumb => (64 * 1024, 40012),
        }
    }

    fn accepts(self, format: Format) -> bool {
        match self {
            Self::Image => matches!(format, Format::Png | Format::Jpeg | Format::Gif),
            Self::Voice => matches!(format, Format::Amr | Format::Mp3),
            Self::Video => format == Format::Mp4,
            Self::Thumb => format == Format::Jpeg,
        }
    }

    /// Whether an upload of these bytes is accepted; the error is the errcode.
    pub fn check(self, bytes: &[u8]) -> Result<Format, i64> {
        let (limit, too_big) = self.limit();
        if bytes.len() > limit {
            return Err(too_big);
        }
        let format = Format::of(bytes)
            .filter(|format| self.accepts(*format))
            .ok_or(40005)?;
        if format == Format::Amr && amr_milliseconds(bytes).is_none_or(|ms| ms > LONGEST_VOICE_MS) {
            return Err(45007);
        }
        Ok(format)
    }
}

/// File format, told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Format {
    Png,
    Jpeg,
    Gif,
    Amr,
    Mp3,
    Mp4,
}

impl Format {
    /// Looks at the first bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"GIF8") {
            Some(Self::Gif)
        } else if bytes.starts_with(b"#!AMR") {
            Some(Self::Amr)
        } else if bytes.get(4..8) == Some(b"ftyp") {
            Some(Self::Mp4)
        } else if bytes.starts_with(b"ID3") || matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0) {
            Some(Self::Mp3)
        } else {
            None
        }
    }

    /// `Content-Type` and file name ending.
    #[must_use]
    pub fn content_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Png => ("image/png", "png"),
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::Gif => ("image/gif", "gif"),
            Self::Amr => ("audio/amr", "amr"),
            Self::Mp3 => ("audio/mp3", "mp3"),
            Self::Mp4 => ("video/mp4", "mp4"),
        }
    }
}

/// Length of an AMR file: frames of 20 ms, their size told by four bits of their first byte.
fn amr_milliseconds(bytes: &[u8]) -> Option<u64> {
    const NARROW: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 6, 6, 6, 1, 1, 1, 1];
    const WIDE: [usize; 16] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1];
    let (sizes, mut rest) = match bytes.strip_prefix(b"#!AMR-WB\n") {
        Some(rest) => (&WIDE, rest),
        None => (&NARROW, bytes.strip_prefix(b"#!AMR\n")?),
    };
    let mut frames = 0;
    while let Some(first) = rest.first() {
        rest = rest
            .get(sizes[usize::from(first >> 3 & 15)]..)
            .unwrap_or_default();
        frames += 1;
    }
    Some(frames * 20)
}

/// One stored file.
#[derive(Debug, Clone)]
pub struct MediaFile {
    /// The id it was given.
    pub media_id: String,
    /// What it was uploaded as.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Bytes,
    /// The name it was uploaded with; empty for customers' files.
    pub file_name: String,
    /// By its bytes, or `application/octet-stream`.
    pub content_type: &'static str,
    /// File name ending that fits, without the dot.
    pub extension: &'static str,
    /// Milliseconds since 1970.
    pub created_ms: u64,
}

/// All files, by media id.
#[derive(Debug, Default)]
pub(crate) struct MediaStore {
    files: HashMap<String, MediaFile>,
}

impl MediaStore {
    /// Stores without asking; a customer may send anything.
    pub(crate) fn put(&mut self, kind: Kind, bytes: Bytes, file_name: &str, now_ms: u64) -> MediaFile {
        let (content_type, extension) =
            Format::of(&bytes).map_or(("application/octet-stream", "bin"), Format::content_type);
        let file = MediaFile {
            media_id: crate::crypto::random_word(64),
            kind,
            bytes,
            file_name: file_name.into(),
            content_type,
            extension,
            created_ms: now_ms,
        };
        self.files.insert(file.media_id.clone(), file.clone());
        file
    }

    /// A file that is not older than 3 days.
    pub(crate) fn get(&self, media_id: &str, now_ms: u64) -> Option<&MediaFile> {
        self.files
            .get(media_id)
            .filter(|file| now_ms < file.created_ms.saturating_add(THREE_DAYS_MS))
    }

    /// Forgets a file before its time.
    pub(crate) fn remove(&mut self, media_id: &str) {
        self.files.remove(media_id);
    }
}

/// A file of this kind that every check accepts: for tests that do not care about the content.
#[must_use]
pub fn sample(kind: Kind) -> Bytes {
    // 1×1 pixels, made for this purpose.
    const PNG: &[u8] = &[
        0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1,
        0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12, b'I', b'D', b'A', b'T', 8, 0xd7,
        0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D',
        0xae, 0x42, 0x60, 0x82,
    ];
    match kind {
        Kind::Image => Bytes::from_static(PNG),
        Kind::Voice => {
            let mut amr = b"#!AMR\n".to_vec();
            for _ in 0..50 {
                amr.push(0x04);
                amr.extend_from_slice(&[0; 12]);
            }
            amr.into()
        }
        Kind::Video => Bytes::from_static(b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"),
        Kind::Thumb => Bytes::from_static(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_pass() {
        for kind in [Kind::Image, Kind::Voice, Kind::Video, Kind::Thumb] {
            assert!(kind.check(&sample(kind)).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn each_limit_has_its_code() {
        let padded = |kind: Kind, size: usize| {
            let mut bytes = sample(kind).to_vec();
            bytes.resize(size, 0);
            bytes
        };
        assert_eq!(Kind::Image.check(&padded(Kind::Image, 10 * MB + 1)), Err(40009));
        assert!(Kind::Image.check(&padded(Kind::Image, 10 * MB)).is_ok());
        assert_eq!(Kind::Voice.check(&padded(Kind::Voice, 2 * MB + 1)), Err(40010));
        assert_eq!(Kind::Video.check(&padded(Kind::Video, 10 * MB + 1)), Err(40011));
        assert_eq!(Kind::Thumb.check(&padded(Kind::Thumb, 64 * 1024 + 1)), Err(40012));
        assert!(Kind::Thumb.check(&padded(Kind::Thumb, 64 * 1024)).is_ok());
    }

    #[test]
    fn formats_are_told_by_their_bytes() {
        assert_eq!(Kind::Image.check(b"BM bitmap"), Err(40005));
        assert_eq!(Kind::Thumb.check(&sample(Kind::Image)), Err(40005));
        assert_eq!(Kind::Voice.check(&sample(Kind::Video)), Err(40005));
        assert_eq!(Kind::Video.check(b"webm"), Err(40005));
        assert!(Kind::Voice.check(b"ID3\x03").is_ok());
        assert!(Kind::Image.check(b"GIF89a").is_ok());
    }

    #[test]
    fn a_voice_of_more_than_a_minute_is_refused() {
        let frames = |count: usize| {
            let mut amr = b"#!AMR\n".to_vec();
            for _ in 0..count {
                amr.push(0x04);
                amr.extend_from_slice(&[0; 12]);
            }
            amr
        };
        assert!(Kind::Voice.check(&frames(3000)).is_ok());
        assert_eq!(Kind::Voice.check(&frames(3001)), Err(45007));
    }

    #[test]
    fn files_are_forgotten_after_three_days() {
        let mut store = MediaStore::default();
        let id = store
            .put(Kind::Image, sample(Kind::Image), "a.png", 1000)
            .media_id;
        assert!(store.get(&id, 1000 + THREE_DAYS_MS - 1).is_some());
        assert!(store.get(&id, 1000 + THREE_DAYS_MS).is_none());
        assert!(store.get("no", 1000).is_none());
    }
}
