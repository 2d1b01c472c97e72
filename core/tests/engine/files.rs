//! Stored files.
use crate::shop::trees;
use weikefu_core::error::Refusal;
use weikefu_core::media::{self, MAX_FILE, MediaId};

const PIECE: usize = 16 << 10;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn every_range_of_a_file_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    for length in [1, PIECE - 1, PIECE, PIECE + 1, 33 * PIECE + 5] {
        let file = bytes(length);
        let (id, meta) = media::put(&trees, "image/png", Some("a/b.png"), &file).unwrap();
        assert_eq!(
            (meta.size as usize, meta.name.as_deref()),
            (length, Some("b.png"))
        );
        assert_eq!(meta.mime, "application/octet-stream", "the bytes are no picture");
        assert_eq!(media::meta(&trees, id).unwrap(), meta);
        let edges = [
            0,
            1,
            PIECE - 1,
            PIECE,
            PIECE + 1,
            length / 2,
            length - 1,
            length,
            length + 7,
        ];
        for from in edges {
            for until in edges {
                let expected = file.get(from..until.min(length)).unwrap_or_default();
                let found = media::read(&trees, id, from as u64, until as u64).unwrap();
                assert!(found == expected, "{from}..{until} of {length}");
            }
        }
        assert!(media::read(&trees, id, 0, u64::MAX).unwrap() == file);
        assert!(
            media::read(&trees, id, u64::MAX - 1, u64::MAX)
                .unwrap()
                .is_empty()
        );
        assert!(media::read(&trees, id, u64::MAX, 0).unwrap().is_empty());
    }
}

#[test]
fn neighbours_do_not_run_into_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let files: Vec<(MediaId, Vec<u8>)> = (1..20)
        .map(|number| {
            let file = vec![number; PIECE + usize::from(number)];
            (media::put(&trees, "", None, &file).unwrap().0, file)
        })
        .collect();
    for (id, file) in files {
        assert!(media::read(&trees, id, 0, MAX_FILE).unwrap() == file);
    }
}

#[test]
fn empty_unknown_and_oversized_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    assert!(matches!(
        media::put(&trees, "", None, b""),
        Err(Refusal::Invalid { .. })
    ));
    let large = vec![0; MAX_FILE as usize + 1];
    assert!(matches!(
        media::put(&trees, "", None, &large),
        Err(Refusal::TooLarge { limit: MAX_FILE })
    ));
    assert_eq!(trees.media_pieces.scan(&()).count(), 0);
    let nobody = MediaId([1; 16]);
    assert!(matches!(media::meta(&trees, nobody), Err(Refusal::NotFound(_))));
    assert!(media::read(&trees, nobody, 0, 10).unwrap().is_empty());
}

#[test]
fn what_a_browser_would_run_has_no_type() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    for page in [
        "<!DOCTYPE html><script>alert(1)</script>",
        "  <html><body onload=alert(1)>",
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
        "<svg onload=alert(1)>",
        "#!/bin/sh\necho",
        "function f() {}",
    ] {
        for told in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/javascript",
            "image/png",
        ] {
            let (_, meta) = media::put(&trees, told, None, page.as_bytes()).unwrap();
            assert_eq!(meta.mime, "application/octet-stream", "{page} told as {told}");
        }
        let (_, meta) = media::put(&trees, "text/plain", None, page.as_bytes()).unwrap();
        assert!(["text/plain", "application/octet-stream"].contains(&meta.mime.as_str()));
    }
    let (_, meta) = media::put(&trees, "", None, b"\xff\xd8\xff\xe0\0\x10JFIF").unwrap();
    assert_eq!(meta.mime, "image/jpeg");
}
