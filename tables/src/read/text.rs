//! The text of a file, whatever it was saved by: UTF-8, UTF-16 with its mark, or the GBK of a Chinese Excel.
use crate::Wrong;
use encoding_rs::{Encoding, GB18030, UTF_8};
use std::borrow::Cow;

/// The text without its mark.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Wrong> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strictly(encoding, &bytes[mark..]);
    }
    // What is UTF-8 by chance as well is UTF-8: two bytes of GBK hardly ever are.
    strictly(UTF_8, bytes).or_else(|_| strictly(GB18030, bytes))
}

fn strictly<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, Wrong> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.ok_or(Wrong::Encoding)?;
    // No text of people has it, and what is no text at all has it soon.
    if text.contains('\0') {
        return Err(Wrong::Encoding);
    }
    Ok(text)
}
