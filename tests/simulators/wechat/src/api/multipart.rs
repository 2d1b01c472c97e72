//! Reading `multipart/form-data`; strict about its lines.

use bytes::Bytes;

/// One field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) has_content_type: bool,
    pub(super) bytes: Bytes,
}

const MOST_PARTS: usize = 16;

/// `None` when it is not a form.
pub(super) fn read(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let first = format!("--{boundary}");
    let next = format!("\r\n--{boundary}");
    let mut at = body.starts_with(first.as_bytes()).then_some(first.len())?;
    let mut parts = Vec::new();
    loop {
        match body.get(at..at + 2)? {
            b"--" => return Some(parts),
            b"\r\n" if parts.len() < MOST_PARTS => at += 2,
            _ => return None,
        }
        let head_end = at + find(&body[at..], b"\r\n\r\n")?;
        let head = std::str::from_utf8(&body[at..head_end]).ok()?;
        let data = head_end + 4;
        let data_end = data + find(&body[data..], next.as_bytes())?;
        parts.push(part(head, body.slice(data..data_end))?);
        at = data_end + next.len();
    }
}

fn part(head: &str, bytes: Bytes) -> Option<Part> {
    let mut found = Part {
        name: String::new(),
        file_name: None,
        has_content_type: false,
        bytes,
    };
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-type") {
            found.has_content_type = value.trim().contains('/');
        } else if name.eq_ignore_ascii_case("content-disposition") {
            let rest = value.trim().strip_prefix("form-data")?;
            found.name = quoted(rest, "; name=")?;
            found.file_name = quoted(rest, "; filename=");
        }
    }
    (!found.name.is_empty()).then_some(found)
}

fn quoted(text: &str, before: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // Only positions of the first byte are compared: bodies have megabytes.
    let (first, mut from) = (*needle.first()?, 0);
    loop {
        from += haystack.get(from..)?.iter().position(|byte| *byte == first)?;
        if haystack[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";

    #[test]
    fn a_form_is_read() {
        let body = Bytes::from_static(
            b"--XX\r\nContent-Disposition: form-data; name=\"media\"; filename=\"\xe5\x9b\xbe.png\"\r\nContent-Type: image/png\r\n\r\na\r\n--X\0b\r\n--XX--\r\n",
        );
        let parts = read(TYPE, &body).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].name, "media");
        assert_eq!(parts[0].file_name.as_deref(), Some("图.png"));
        assert!(parts[0].has_content_type);
        assert_eq!(parts[0].bytes, b"a\r\n--X\0b".as_slice());
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let good = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XX--".as_slice();
        assert!(read(TYPE, &Bytes::from_static(good)).is_some());
        assert!(read("application/json", &Bytes::from_static(good)).is_none());
        assert!(read("multipart/form-data", &Bytes::from_static(good)).is_none());
        assert!(read("multipart/form-data; boundary=YY", &Bytes::from_static(good)).is_none());
        for end in 0..good.len() - 1 {
            assert!(
                read(TYPE, &Bytes::copy_from_slice(&good[..end])).is_none(),
                "{end}"
            );
        }
        assert!(read(TYPE, &Bytes::from_static(b"--XX\r\n\r\n\r\nx\r\n--XX--")).is_none());
    }
}
