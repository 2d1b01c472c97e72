//! What a path of a request may look like before anybody looks for a file. Refuses, never repairs.

/// Longest path looked at, in bytes; the longest name a build makes is far below.
const LONGEST: usize = 512;

/// The path without its first slash, `index.html` for the root. `None` for everything that could leave
/// the folder or name a hidden file: `..`, `.stamp`, empty segments, back-slashes, drives, control characters.
pub(crate) fn clean(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Some("index.html");
    }
    if path.len() > LONGEST || path.contains(|c: char| c == '\\' || c == ':' || c.is_control()) {
        return None;
    }
    // A route of the application may end in a slash; a file may not.
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/')
        .all(|segment| !segment.is_empty() && !segment.starts_with('.'))
        .then_some(path)
}

/// The part after the last dot of the last segment.
pub(crate) fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Whether the file's name carries a hash of its content, as `panel-B4x9Zq1_.js`: eight or more
/// characters after a dash, not a plain word and not a plain number. When in doubt the answer is no,
/// which costs a revalidation and never serves an old file.
pub(crate) fn hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    // A hash may itself hold dashes, so every dash is tried as the one before it.
    stem.match_indices('-').any(|(at, _)| {
        let hash = &stem[at + 1..];
        let letters = hash.bytes().any(|b| b.is_ascii_alphabetic());
        let mixed = hash.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let clean = hash
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        (8..=64).contains(&hash.len()) && letters && mixed && clean
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_page_and_slashes_at_the_ends_do_not_matter() {
        assert_eq!(clean(""), Some("index.html"));
        assert_eq!(clean("/"), Some("index.html"));
        assert_eq!(clean("/shops/3/"), Some("shops/3"));
        assert_eq!(clean("/客户/张三"), Some("客户/张三"));
    }

    #[test]
    fn everything_that_could_leave_the_folder_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            "..",
            "/..",
            "a/../b",
            "a/..",
            "../a",
            "/./a",
            "//a",
            "a//b",
            "a\\..\\b",
            "C:/x",
            "a\0b",
            "a\nb",
            ".stamp",
            "assets/.hidden",
            &long,
        ];
        for path in bad {
            assert_eq!(clean(path), None, "{path:?}");
        }
    }

    #[test]
    fn only_names_with_a_hash_live_for_ever() {
        for path in [
            "assets/index-B4x9Zq1_.js",
            "panel-DkC-9a_x.js",
            "panel-3f8a91bc.js",
            "a/b-0Qj4hJ8k.woff2",
        ] {
            assert!(hashed(path), "{path}");
        }
        for path in [
            "index.html",
            "loader.js",
            "sw.js",
            "apple-touch-icon.png",
            "service-registration.js",
            "font-20261101.woff2",
            "icon-192.png",
        ] {
            assert!(!hashed(path), "{path}");
        }
    }
}
