//! Stored files: found by an unguessable id, kept in pieces small enough for the store.
use crate::engine::now;
use crate::error::Refusal;
use crate::ids::Millis;
use crate::records::{Begun, Blob, MediaMeta, StoredContent};
use crate::trees::Trees;
use weikefu_storage::{Error, Txn};

/// The largest file, bytes.
pub const MAX_FILE: u64 = 20 << 20;
/// Bytes of a piece. Pieces above this would leave sled's own files without a sync.
const PIECE: usize = 16 << 10;
/// Pieces of one transaction.
const PIECES_AT_ONCE: usize = 32;
/// Storing a file takes seconds; one that has not ended after a day, milliseconds, broke off.
const BROKEN: Millis = 86_400_000;
/// How long a replaced picture of an agent can still be had, milliseconds: pages that are open show it.
const REPLACED: Millis = 30 * BROKEN;

/// Names a file. Whoever has the id may read the file, so it is 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaId(pub [u8; 16]);

impl std::fmt::Display for MediaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for MediaId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let not_found = || Refusal::NotFound("file");
        if text.len() != 32
            || !text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(not_found());
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| not_found())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| not_found())?;
        }
        Ok(MediaId(id))
    }
}

/// Stores a file durably. Blocks; call it where blocking is allowed.
///
/// The content type is what the bytes say. Where they say nothing, or something a browser would run, `told` is
/// kept only if it can do no harm there; otherwise the file is bytes without a type.
pub fn put(
    trees: &Trees,
    told: &str,
    name: Option<&str>,
    bytes: &[u8],
) -> Result<(MediaId, MediaMeta), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::invalid(
            "file",
            "文件是空的，请重新选择。",
            "The file is empty. Choose another.",
        ));
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(Refusal::TooLarge { limit: MAX_FILE });
    }
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| Refusal::Unavailable)?;
    let meta = MediaMeta {
        mime: content_type(bytes, told),
        size: bytes.len() as u64,
        name: name.map(clean_name).filter(|name| !name.is_empty()),
        created: now(),
    };
    for (group, pieces) in bytes.chunks(PIECE * PIECES_AT_ONCE).enumerate() {
        let mut txn = trees.db.begin();
        if group == 0 {
            txn.put(&trees.media_begun, &id, &Begun { at: meta.created })?;
        }
        for (at, piece) in pieces.chunks(PIECE).enumerate() {
            let number = (group * PIECES_AT_ONCE + at) as u32;
            txn.put(&trees.media_pieces, &(id, number), &Blob(piece.to_vec()))?;
        }
        trees.db.commit(txn)?;
    }
    // Last: a file exists only when all of it does.
    let mut txn = trees.db.begin();
    txn.put(&trees.media, &id, &meta)?;
    txn.delete(&trees.media_begun, &id);
    trees.db.commit(txn)?;
    Ok((MediaId(id), meta))
}

/// A content names its files: they stay, whatever else becomes of them.
pub fn keep(trees: &Trees, txn: &mut Txn, content: &StoredContent) -> Result<(), Error> {
    for MediaId(id) in content.files().filter_map(|id| id.parse().ok()) {
        if trees.pictures.contains(&id)? {
            txn.delete(&trees.pictures, &id);
        }
    }
    Ok(())
}

/// Drops what nothing can name: pieces of files whose storing broke off, and pictures of agents that were replaced
/// long ago and stand in no message. At most `limit` pieces, and those of the file at hand. Returns how many.
pub fn sweep(trees: &Trees, now: Millis, limit: usize) -> Result<usize, Error> {
    let mut count = 0;
    for entry in trees.media_begun.scan(&()) {
        let (id, begun) = entry?;
        if now.saturating_sub(begun.at) < BROKEN {
            continue;
        }
        if count >= limit {
            return Ok(count);
        }
        let mut txn = trees.db.begin();
        txn.delete(&trees.media_begun, &id);
        // Both went in one transaction; whoever finds them apart has more reason to keep the file.
        if !trees.media.contains(&id)? {
            count += drop_pieces(trees, &mut txn, id)?;
        }
        trees.db.commit(txn)?;
    }
    for entry in trees.pictures.scan(&()) {
        let (id, picture) = entry?;
        if picture
            .replaced
            .is_none_or(|at| now.saturating_sub(at) < REPLACED)
        {
            continue;
        }
        if count >= limit {
            return Ok(count);
        }
        let mut txn = trees.db.begin();
        txn.delete(&trees.pictures, &id);
        txn.delete(&trees.media, &id);
        count += drop_pieces(trees, &mut txn, id)?;
        trees.db.commit(txn)?;
    }
    Ok(count)
}

fn drop_pieces(trees: &Trees, txn: &mut Txn, id: [u8; 16]) -> Result<usize, Error> {
    let mut count = 0;
    for piece in trees.media_pieces.scan(&id) {
        txn.delete(&trees.media_pieces, &piece?.0);
        count += 1;
    }
    Ok(count)
}

/// What is known of a file.
pub fn meta(trees: &Trees, id: MediaId) -> Result<MediaMeta, Refusal> {
    trees.media.get(&id.0)?.ok_or(Refusal::NotFound("file"))
}

/// Bytes `from..until` of a file; both are cut to its size, and a range turned round has none.
pub fn read(trees: &Trees, id: MediaId, from: u64, until: u64) -> Result<Vec<u8>, Refusal> {
    // No file is longer, so that nothing below can overflow.
    let (from, until) = (from.min(MAX_FILE) as usize, until.min(MAX_FILE) as usize);
    if from >= until {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    let first = (from / PIECE) as u32;
    for piece in trees.media_pieces.range((id.0, first)..=(id.0, u32::MAX)) {
        let ((_, number), Blob(piece)) = piece?;
        let start = number as usize * PIECE;
        if start >= until {
            break;
        }
        let cut = from.saturating_sub(start).min(piece.len())..(until - start).min(piece.len());
        bytes.extend_from_slice(&piece[cut]);
    }
    Ok(bytes)
}

/// The content type of a file, by its bytes.
fn content_type(bytes: &[u8], told: &str) -> String {
    let found = infer::get(bytes).map(|found| found.mime_type());
    // Pages, scripts and drawings with scripts in them.
    if let Some(found) = found.filter(|mime| !mime.starts_with("text/") && !mime.ends_with("xml")) {
        return found.to_owned();
    }
    let told = told
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let harmless = matches!(
        told.as_str(),
        "text/plain" | "text/csv" | "application/pdf" | "audio/amr" | "audio/speex"
    );
    if harmless {
        told
    } else {
        "application/octet-stream".to_owned()
    }
}

/// A file's name without folders and control characters, at most 120 characters.
fn clean_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide_the_type() {
        assert_eq!(
            content_type(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/html"),
            "image/png"
        );
        assert_eq!(
            content_type(b"<script>alert(1)</script>", "text/html"),
            "application/octet-stream"
        );
        assert_eq!(
            content_type(b"plain words", "text/plain; charset=utf-8"),
            "text/plain"
        );
    }

    #[test]
    fn names_lose_folders_and_controls() {
        assert_eq!(clean_name("..\\..\\etc/pass\u{7}wd.png"), "passwd.png");
        assert_eq!(clean_name("照片.jpg"), "照片.jpg");
    }

    #[test]
    fn ids_read_back() {
        let id = MediaId([0xab; 16]);
        assert!(id.to_string().parse::<MediaId>().unwrap() == id);
        assert!("zz".parse::<MediaId>().is_err());
        assert!("AB".repeat(16).parse::<MediaId>().is_err());
    }
}
