//! What is shown of a text in which something was found: the surroundings of the first place, in parts.
use weikefu_search::Folded;

/// Characters in front of the first mark.
const FRONT: usize = 30;
/// Characters in all.
const LENGTH: usize = 160;
/// Marks at most.
const MARKS: usize = 20;
/// Stands for what was left out.
const MORE: &str = "…";

/// A part of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it says.
    pub text: String,
    /// It is what was looked for.
    pub marked: bool,
}

/// The surroundings of the first place where `text` contains the folded `word`; `None` when it does not.
#[must_use]
pub fn snippet(text: &str, word: &str) -> Option<Vec<Part>> {
    let marks = Folded::of(text).marks(word, MARKS);
    let first = marks.first()?.start;
    let begin = text[..first]
        .char_indices()
        .rev()
        .take(FRONT)
        .last()
        .map_or(first, |(at, _)| at);
    let end = text[begin..]
        .char_indices()
        .nth(LENGTH)
        .map_or(text.len(), |(at, _)| begin + at);
    let mut parts: Vec<Part> = Vec::new();
    let mut push = |text: &str, marked: bool| {
        if !text.is_empty() {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            parts.push(Part { text, marked });
        }
    };
    let mut at = begin;
    if begin > 0 {
        push(MORE, false);
    }
    for mark in marks {
        // A mark that would be cut in two is left to the place itself; the first always fits.
        if mark.end > end {
            break;
        }
        push(&text[at..mark.start], false);
        push(&text[mark.clone()], true);
        at = mark.end;
    }
    push(&text[at..end], false);
    if end < text.len() {
        push(MORE, false);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, word: &str) -> String {
        let parts = snippet(text, word).unwrap();
        let show = |part: Part| {
            if part.marked {
                format!("[{}]", part.text)
            } else {
                part.text
            }
        };
        parts.into_iter().map(show).collect()
    }

    #[test]
    fn marks_stand_in_their_surroundings() {
        assert_eq!(
            shown("请问怎么退货？退货要运费吗", "退货"),
            "请问怎么[退货]？[退货]要运费吗"
        );
        assert_eq!(shown("ＩＰｈｏｎｅ", "iphone"), "[ＩＰｈｏｎｅ]");
        assert_eq!(snippet("没有", "退货"), None);
        let long = format!("{}退货{}", "前".repeat(500), "后".repeat(500));
        let shown = shown(&long, "退货");
        assert!(shown.starts_with("…前") && shown.ends_with("后…"), "{shown}");
        assert_eq!(shown.chars().filter(|c| *c == '前').count(), FRONT);
        assert_eq!(shown.chars().count(), LENGTH + "[]……".chars().count());
    }
}
