//! The bounds of a box and of what is in it.
use crate::error::Refusal;
use crate::records::{QuickBox, QuickFolder, QuickReply};

/// Replies of a box.
pub const REPLIES: usize = 1_000;
/// Folders of a box.
pub const FOLDERS: usize = 100;
/// Characters of a folder's name.
pub const NAME: usize = 30;
/// Characters of a title.
pub const TITLE: usize = 60;
/// Characters of a text.
pub const TEXT: usize = 2_000;

pub(super) fn lists(order: &mut QuickBox) -> impl Iterator<Item = &mut Vec<u32>> {
    order
        .folders
        .iter_mut()
        .map(|folder| &mut folder.replies)
        .chain([&mut order.replies])
}

pub(super) fn count(order: &QuickBox) -> usize {
    order
        .folders
        .iter()
        .map(|folder| folder.replies.len())
        .sum::<usize>()
        + order.replies.len()
}

pub(super) fn folder(order: &mut QuickBox, id: u32) -> Result<&mut QuickFolder, Refusal> {
    let found = order.folders.iter_mut().find(|folder| folder.id == id);
    found.ok_or(Refusal::NotFound("folder"))
}

pub(super) fn new_folder(order: &mut QuickBox, name: &str) -> Result<u32, Refusal> {
    if order.folders.iter().any(|folder| folder.name == name) {
        return Err(Refusal::Exists("folder"));
    }
    if order.folders.len() == FOLDERS {
        return Err(Refusal::invalid(
            "name",
            format!("最多 {FOLDERS} 个文件夹，请先删除不用的文件夹。"),
            format!("There may be {FOLDERS} folders. Delete one that is not used first."),
        ));
    }
    order.last += 1;
    order.folders.push(QuickFolder {
        id: order.last,
        name: name.to_owned(),
        replies: Vec::new(),
    });
    Ok(order.last)
}

pub(super) fn room(replies: usize) -> Result<(), Refusal> {
    if replies <= REPLIES {
        return Ok(());
    }
    Err(Refusal::invalid(
        "text",
        format!("最多 {REPLIES} 条快捷回复，请先删除不用的。"),
        format!("There may be {REPLIES} quick replies. Delete some that are not used first."),
    ))
}

pub(super) fn folder_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if (1..=NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "name",
        format!("文件夹名称需要 1 到 {NAME} 个字，不能换行。"),
        format!("A folder's name needs 1 to {NAME} characters on one line."),
    ))
}

/// A reply as it is stored, if it is within the bounds.
pub(super) fn normal(reply: QuickReply) -> Result<QuickReply, Refusal> {
    let title = reply.title.trim();
    if title.chars().count() > TITLE || title.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            "title",
            format!("标题最多 {TITLE} 个字，不能换行。"),
            format!("A title has at most {TITLE} characters on one line."),
        ));
    }
    // Spreadsheets write line ends of their own.
    let text = reply.text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if !(1..=TEXT).contains(&text.chars().count()) {
        return Err(Refusal::invalid(
            "text",
            format!("内容需要 1 到 {TEXT} 个字。"),
            format!("The text needs 1 to {TEXT} characters."),
        ));
    }
    Ok(QuickReply {
        title: title.to_owned(),
        text: text.to_owned(),
    })
}
