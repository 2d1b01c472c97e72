//! What is too large, too small or too many, said with the next step.
use crate::error::Refusal;

pub(super) fn number(field: &'static str, number: u32, least: u32, most: u32) -> Result<(), Refusal> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("需要 {least} 到 {most} 之间的数字。"),
        format!("This is a number from {least} to {most}."),
    ))
}

/// At most so many things.
pub(super) fn few(field: &'static str, count: usize, most: usize) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("最多 {most} 个，请先去掉一些。"),
        format!("At most {most}; take some away first."),
    ))
}

pub(super) fn within(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), Refusal> {
    if (least..=most).contains(&text.len()) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("需要 {least} 到 {most} 个字节，请缩短后重试。"),
        format!("This has {least} to {most} bytes; shorten it and try again."),
    ))
}

pub(super) fn at_most(field: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("最多 {most} 个字符，请缩短后重试。"),
        format!("At most {most} characters; shorten it and try again."),
    ))
}

/// A text that says something, and not too much.
pub(super) fn some(field: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(
            field,
            "不能为空，请填写后重试。",
            "This is empty. Fill it in and try again.",
        ));
    }
    at_most(field, text, most)
}
