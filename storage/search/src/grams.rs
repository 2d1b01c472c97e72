//! Cutting a folded text into terms, and a question into the terms a text must have at which distance.
//!
//! The term at a character is that character with the next one; where both belong to a Latin word or number and
//! the word goes on, with the next two: pairs of digits and letters are too common to tell texts apart. Each text
//! is of a group, whose number begins every term, so that the terms of one group are nowhere near another's.
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Characters a question has at least.
pub const LEAST: usize = 2;
/// Between the number of the group and the term, and between group and text.
pub(crate) const BORDER: char = '\u{1f}';

/// A letter or digit of a script that is written in words.
fn in_word(c: char) -> bool {
    c < '\u{2e80}' && c.is_alphanumeric()
}

/// Characters of the term that begins at a place, when the text is known to its end.
fn length(chars: &[char], at: usize) -> usize {
    let word = |n: usize| chars.get(at + n).is_some_and(|c| in_word(*c));
    if word(0) && word(1) && word(2) { 3 } else { 2 }
}

/// What a text must have to contain a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Terms with their distance from the question's beginning.
    pub(crate) whole: Vec<(usize, String)>,
    /// The beginning of one more term, which stands behind the others.
    pub(crate) begun: Option<(usize, String)>,
}

impl Terms {
    /// The terms of a folded question; `None` when it has less than [`LEAST`] characters.
    #[must_use]
    pub fn of(group: u32, question: &str) -> Option<Self> {
        let chars: Vec<char> = question.chars().collect();
        let term = |at: usize, len: usize| {
            let mut term = format!("{group}{BORDER}");
            term.extend(&chars[at..at + len]);
            (at, term)
        };
        let mut terms = Terms {
            whole: Vec::new(),
            begun: None,
        };
        if chars.len() < LEAST {
            return None;
        }
        for at in 0..chars.len() - 1 {
            let last_pair = at + 2 == chars.len();
            if last_pair && in_word(chars[at]) && in_word(chars[at + 1]) {
                // The word may go on in the text. Where three of its characters are known, they are enough.
                if at == 0 || !in_word(chars[at - 1]) {
                    terms.begun = Some(term(at, 2));
                }
            } else {
                terms.whole.push(term(at, length(&chars, at)));
            }
        }
        Some(terms)
    }
}

/// Cuts texts that begin with the number of their group and a [`BORDER`].
#[derive(Clone, Default)]
pub(crate) struct Cutter {
    chars: Vec<char>,
    token: Token,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Cut<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut<'a> {
        let group = text.find(BORDER).map_or(0, |border| border + BORDER.len_utf8());
        let (group, text) = text.split_at(group);
        self.chars.clear();
        self.chars.extend(text.chars());
        self.token.reset();
        Cut {
            group,
            chars: &self.chars,
            token: &mut self.token,
            next: 0,
        }
    }
}

/// The terms of one text.
pub(crate) struct Cut<'a> {
    group: &'a str,
    chars: &'a [char],
    token: &'a mut Token,
    next: usize,
}

impl TokenStream for Cut<'_> {
    fn advance(&mut self) -> bool {
        let at = self.next;
        if at + 1 >= self.chars.len() {
            return false;
        }
        self.next += 1;
        self.token.position = at;
        self.token.text.clear();
        self.token.text.push_str(self.group);
        let len = length(self.chars, at);
        self.token.text.extend(&self.chars[at..at + len]);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<String> {
        let text = format!("7{BORDER}{text}");
        let mut cutter = Cutter::default();
        let mut stream = cutter.token_stream(&text);
        let mut terms = Vec::new();
        while let Some(token) = stream.next() {
            assert_eq!(token.position, terms.len());
            terms.push(token.text.strip_prefix("7\u{1f}").unwrap().to_owned());
        }
        terms
    }

    #[test]
    fn pairs_of_all_and_threes_of_words() {
        for (text, terms) in [
            ("怎么退货", &["怎么", "么退", "退货"] as &[&str]),
            ("ok", &["ok"]),
            ("iphone15", &["iph", "pho", "hon", "one", "ne1", "e15", "15"]),
            ("买ok吗", &["买o", "ok", "k吗"]),
            ("😂😂！", &["😂😂", "😂！"]),
            ("a-1 b", &["a-", "-1", "1 ", " b"]),
            ("好", &[]),
            ("", &[]),
        ] {
            assert_eq!(cut(text), terms, "{text}");
        }
    }

    fn asked(question: &str) -> Option<(Vec<usize>, Option<usize>)> {
        let terms = Terms::of(7, question)?;
        let whole = terms.whole.iter().map(|(at, _)| *at).collect();
        Some((whole, terms.begun.map(|(at, _)| at)))
    }

    #[test]
    fn the_end_of_a_question_may_be_the_middle_of_a_word() {
        assert_eq!(asked("退货"), Some((vec![0], None)));
        assert_eq!(asked("ok"), Some((vec![], Some(0))));
        assert_eq!(asked("iph"), Some((vec![0], None)));
        assert_eq!(asked("买ok"), Some((vec![0], Some(1))));
        assert_eq!(asked("买ok吗"), Some((vec![0, 1, 2], None)));
        assert_eq!(asked("好"), None);
        assert_eq!(asked(""), None);
    }

    /// Whether a text has a question's terms, by the plainest of means.
    fn has(text: &str, terms: &Terms) -> bool {
        let cut = cut(text);
        let border = |term: &str| term.strip_prefix("7\u{1f}").unwrap().to_owned();
        (0..cut.len()).any(|from| {
            terms
                .whole
                .iter()
                .all(|(at, term)| cut.get(from + at) == Some(&border(term)))
                && terms.begun.iter().all(|(at, term)| {
                    cut.get(from + at)
                        .is_some_and(|known| known.starts_with(&border(term)))
                })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn a_text_has_the_terms_of_a_question_when_it_contains_it(
            text in "[ab1 退货，😂]{0,12}",
            question in "[ab1 退货，😂]{2,5}",
        ) {
            let terms = Terms::of(7, &question).unwrap();
            prop_assert_eq!(has(&text, &terms), text.contains(&question));
        }
    }
}
