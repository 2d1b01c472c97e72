//! Queries and percent encoding.

use std::fmt::Write;

/// Encodes everything that is not a letter, a digit, or one of `-._~`.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => out.push(b' '),
            b'%' => {
                let (digits, after) = (after.get(..2)?, after.get(2..)?);
                out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = after;
            }
            byte => out.push(*byte),
        }
    }
    String::from_utf8(out).ok()
}

/// The decoded pairs of a query.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// `None` when something in it is not percent-encoded UTF-8.
    pub(crate) fn read(query: &str) -> Option<Self> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((percent_decode(name)?, percent_decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first name that is not in the list.
    pub(crate) fn beyond(&self, names: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .map(|(name, _)| name.as_str())
            .find(|name| !names.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_again() {
        let odd = "a b&c=d/你好😀%+";
        assert_eq!(percent_decode(&percent_encode(odd)).as_deref(), Some(odd));
        let query = Query::read(&format!("x={}&y&z=1", percent_encode(odd))).unwrap();
        assert_eq!(
            (query.get("x"), query.get("y"), query.get("no")),
            (Some(odd), Some(""), None)
        );
        assert_eq!(query.beyond(&["x", "y"]), Some("z"));
    }

    #[test]
    fn broken_encoding_is_refused() {
        for bad in ["a=%", "a=%f", "a=%zz", "a=%ff"] {
            assert!(Query::read(bad).is_none(), "{bad}");
        }
    }
}
