//! Several texts in one cell: between semicolons, with `\` in front of a sign that belongs to a text.

/// The texts as one.
#[must_use]
pub fn join(texts: &[&str]) -> String {
    let mut out = String::new();
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push(';');
        }
        for sign in text.chars() {
            if matches!(sign, ';' | '；' | '\\' | '\n' | '\r') {
                out.push('\\');
            }
            out.push(sign);
        }
    }
    out
}

/// The texts again, without spaces around them and without empty ones. Full-width semicolons and line ends part
/// them too: people type those.
#[must_use]
pub fn split(cell: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut signs = cell.chars();
    while let Some(sign) = signs.next() {
        let last = texts.len() - 1;
        match sign {
            '\\' => texts[last].extend(signs.next()),
            ';' | '；' | '\n' | '\r' => texts.push(String::new()),
            sign => texts[last].push(sign),
        }
    }
    let trimmed = texts.into_iter().map(|text| text.trim().to_owned());
    trimmed.filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_joined_is_parted_again() {
        for texts in [
            vec!["VIP", "老客户"],
            vec!["a;b", "c\\", "；", "\\;"],
            vec!["一"],
            vec![],
        ] {
            assert_eq!(split(&join(&texts)), texts, "{texts:?}");
        }
    }

    #[test]
    fn people_type_what_their_keyboard_has() {
        assert_eq!(split(" VIP ；老客户;;\n 新 ;"), ["VIP", "老客户", "新"]);
        assert_eq!(split("a\\"), ["a"]);
    }
}
