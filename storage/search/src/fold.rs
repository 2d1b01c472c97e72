//! Folding: what does not matter when somebody looks for a text. Case, full-width forms, kinds and lengths of
//! blanks; characters nobody sees are dropped.

/// A folded text that remembers where each of its characters came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each byte of it, the bytes of the original its character was made of.
    from: Vec<(u32, u32)>,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(original: &str) -> Self {
        let mut folded = Folded::default();
        each(original, |at, len, made| {
            folded.text.push(made);
            let from = (at as u32, (at + len) as u32);
            folded.from.extend(std::iter::repeat_n(from, made.len_utf8()));
        });
        folded
    }

    /// Where in the original a folded word stands, from left to right and apart from each other, at most `most`
    /// times: ranges of bytes.
    #[must_use]
    pub fn marks(&self, word: &str, most: usize) -> Vec<std::ops::Range<usize>> {
        if word.is_empty() {
            return Vec::new();
        }
        let found = self.text.match_indices(word).take(most);
        found
            .map(|(at, word)| {
                let (begin, _) = self.from[at];
                let (_, end) = self.from[at + word.len() - 1];
                begin as usize..end as usize
            })
            .collect()
    }
}

/// Folds a text.
#[must_use]
pub fn fold(original: &str) -> String {
    let mut folded = String::with_capacity(original.len());
    each(original, |_, _, made| folded.push(made));
    folded
}

/// Calls for every folded character with the place and length of what it was made of.
fn each(original: &str, mut made: impl FnMut(usize, usize, char)) {
    let mut after_blank = false;
    for (at, c) in original.char_indices() {
        let len = c.len_utf8();
        if c.is_whitespace() {
            if !std::mem::replace(&mut after_blank, true) {
                made(at, len, ' ');
            }
            continue;
        }
        if unseen(c) {
            continue;
        }
        after_blank = false;
        let narrow = narrow(c);
        if narrow.is_ascii() {
            made(at, len, narrow.to_ascii_lowercase());
        } else {
            narrow.to_lowercase().for_each(|lower| made(at, len, lower));
        }
    }
}

/// Full-width forms of what ASCII has, as ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Control characters, joiners and variation selectors: the same emoji is written with and without them.
fn unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_gone() {
        for (original, folded) in [
            ("iPhone 15", "iphone 15"),
            ("ＩＰｈｏｎｅ　１５！", "iphone 15!"),
            ("退  货\n\t吗", "退 货 吗"),
            ("Größe ÄRGER", "größe ärger"),
            ("İ", "i\u{307}"),
            ("❤\u{fe0f}好\u{200d}的\u{0}", "❤好的"),
            ("", ""),
        ] {
            assert_eq!(fold(original), folded);
            assert_eq!(Folded::of(original).text, folded);
            assert_eq!(fold(folded), folded, "folding twice changes nothing");
        }
    }

    #[test]
    fn marks_are_places_of_the_original() {
        let original = "买 ＩＰｈｏｎｅ　１５，iphone  15有货吗";
        let marks = Folded::of(original).marks("iphone 15", 9);
        let marked: Vec<_> = marks.into_iter().map(|mark| &original[mark]).collect();
        assert_eq!(marked, ["ＩＰｈｏｎｅ　１５", "iphone  15"]);
        assert_eq!(Folded::of("哈哈哈哈哈").marks("哈哈", 9), [0..6, 6..12]);
        assert_eq!(Folded::of("哈哈哈哈哈").marks("哈哈", 1), vec![0..6; 1]);
        assert!(Folded::of("好").marks("", 9).is_empty());
        // Of a letter that became two, either half stands for the whole.
        assert_eq!(Folded::of("aİb").marks("\u{307}b", 9), vec![1..4; 1]);
    }
}
