//! What a spreadsheet would do to the text of a CSV cell: take it for a formula, or for a number it then writes in
//! its own way. A quote in front keeps both away; it is taken off again when the cell is read.
//!
//! A cell of a workbook needs no such quote: it says itself that it is a text.

/// Signs a spreadsheet takes for the beginning of a formula, half and full width, and the quote itself.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// Digits a spreadsheet shows and writes as they stand.
const DIGITS: usize = 11;

/// Whether a text needs the quote.
pub(crate) fn needs(text: &str) -> bool {
    text.starts_with(FORMULA) || spoilt(text)
}

/// Whether it looks like a number that would come back different: 0138…, 1e20, a card number of 16 digits.
fn spoilt(text: &str) -> bool {
    let bare = text.trim();
    let numeric = !bare.is_empty()
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-' | b','));
    if !numeric || !bare.starts_with(|sign: char| sign.is_ascii_digit() || sign == '.') {
        return false;
    }
    let plain = bare.bytes().all(|byte| byte.is_ascii_digit());
    !plain || bare.len() > DIGITS || (bare.len() > 1 && bare.starts_with('0')) || bare.len() != text.len()
}

/// Whether a cell of a workbook is marked as text for whoever edits it there.
pub(crate) fn formula(text: &str) -> bool {
    text.starts_with(FORMULA)
}

/// A cell's text as it was before the quote.
pub(crate) fn plain(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if needs(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for sign in FORMULA {
            assert!(needs(&format!("{sign}cmd|' /C calc'!A0")), "{sign:?}");
        }
    }

    #[test]
    fn numbers_that_are_names_are_kept() {
        for text in [
            "013800138000",
            "1e20",
            "6222020200112233445",
            "00",
            "1.50",
            "1,5",
            "123456789012",
        ] {
            assert!(needs(text), "{text}");
        }
        for text in ["13800138000", "0", "7", "张三", "", "1号", "oAbc123"] {
            assert!(!needs(text), "{text}");
        }
    }

    #[test]
    fn the_quote_is_taken_off_where_it_was_put_and_nowhere_else() {
        for text in ["=1", "'=1", "''", "'", "'a", "0138", "'0138", "a", "'张", "1e20"] {
            let written = if needs(text) {
                format!("'{text}")
            } else {
                text.to_owned()
            };
            assert_eq!(plain(&written), text, "{written}");
        }
        assert_eq!(plain("'tis"), "'tis", "a person's own quote stays");
    }
}
