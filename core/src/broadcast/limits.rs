//! What a broadcast may be (A3.4): the limits of each kind, with the refusal a person reads. Pure.
use crate::error::Refusal;
use crate::records::{BroadcastDraft, BroadcastKind, StoredContent};

/// Characters of a text.
pub const TEXT: usize = 500;
/// Pictures of one broadcast.
pub const IMAGES: usize = 3;
/// Bytes of a picture.
pub const IMAGE_BYTES: u64 = 1 << 20;
/// Products or articles of one broadcast.
pub const CARDS: usize = 5;
/// Characters of a card's title and of its description.
const CARD: (usize, usize) = (64, 200);
/// Bytes of an address.
const ADDRESS: usize = 1024;
/// Bytes of the filter.
const FILTER: usize = 8 << 10;
/// Broadcasts a customer may be allowed on one day.
const DAILY: u32 = 10;

/// Refuses what a broadcast may not be.
pub fn check(draft: &BroadcastDraft) -> Result<(), Refusal> {
    let BroadcastDraft {
        kind,
        parts,
        filter,
        daily_limit,
        also_open: _,
        through_night: _,
    } = draft;
    if filter.len() > FILTER {
        return Err(Refusal::invalid(
            "filter",
            "筛选条件过长，请减少条件。",
            "The filter is too long. Use fewer conditions.",
        ));
    }
    if !(1..=DAILY).contains(daily_limit) {
        return Err(Refusal::invalid(
            "daily_limit",
            format!("每位客户每天最多收到的群发条数应在 1 到 {DAILY} 之间。"),
            format!("The number of broadcasts a customer gets on one day must be 1 to {DAILY}."),
        ));
    }
    match kind {
        BroadcastKind::Text => text(parts),
        BroadcastKind::Images => images(parts),
        BroadcastKind::Products | BroadcastKind::Articles => cards(parts),
    }
}

fn text(parts: &[StoredContent]) -> Result<(), Refusal> {
    let [StoredContent::Text(text)] = parts else {
        return Err(mismatch());
    };
    if text.trim().is_empty() {
        return Err(Refusal::invalid(
            "text",
            "请输入要群发的文字。",
            "Write the text of the broadcast.",
        ));
    }
    let length = text.chars().count();
    if length > TEXT {
        return Err(Refusal::invalid(
            "text",
            format!("文字最多 {TEXT} 个字，现在有 {length} 个，请删减。"),
            format!("The text may have {TEXT} characters and has {length}. Make it shorter."),
        ));
    }
    Ok(())
}

fn images(parts: &[StoredContent]) -> Result<(), Refusal> {
    if !(1..=IMAGES).contains(&parts.len()) {
        return Err(Refusal::invalid(
            "images",
            format!("请选择 1 到 {IMAGES} 张图片。"),
            format!("Choose 1 to {IMAGES} pictures."),
        ));
    }
    for part in parts {
        let StoredContent::Image(Some(image)) = part else {
            return Err(mismatch());
        };
        if !image.mime.starts_with("image/") {
            return Err(Refusal::invalid(
                "images",
                "所选文件不是图片，请选择 PNG、JPG 或 GIF 图片。",
                "A chosen file is not a picture. Choose a PNG, JPG or GIF.",
            ));
        }
        if image.size > IMAGE_BYTES {
            return Err(Refusal::invalid(
                "images",
                "每张图片不能超过 1 MB，请压缩后再选。",
                "A picture may not be larger than 1 MB. Make it smaller first.",
            ));
        }
    }
    Ok(())
}

fn cards(parts: &[StoredContent]) -> Result<(), Refusal> {
    if !(1..=CARDS).contains(&parts.len()) {
        return Err(Refusal::invalid(
            "cards",
            format!("请选择 1 到 {CARDS} 项。"),
            format!("Choose 1 to {CARDS} of them."),
        ));
    }
    let is_web =
        |text: &str| text.len() <= ADDRESS && (text.starts_with("https://") || text.starts_with("http://"));
    for part in parts {
        let StoredContent::News {
            title,
            description,
            url,
            picture,
        } = part
        else {
            return Err(mismatch());
        };
        if title.trim().is_empty() || title.chars().count() > CARD.0 || description.chars().count() > CARD.1 {
            return Err(Refusal::invalid(
                "cards",
                format!("标题需要 1 到 {} 个字，描述最多 {} 个字。", CARD.0, CARD.1),
                format!(
                    "A title has 1 to {} characters, a description at most {}.",
                    CARD.0, CARD.1
                ),
            ));
        }
        if !is_web(url) || !(picture.is_empty() || is_web(picture)) {
            return Err(Refusal::invalid(
                "cards",
                "链接和封面地址应以 https:// 或 http:// 开头，且不超过 1024 字节。",
                "Addresses must begin with https:// or http:// and have at most 1024 bytes.",
            ));
        }
    }
    Ok(())
}

fn mismatch() -> Refusal {
    Refusal::invalid(
        "kind",
        "内容与群发类型不符，请重新选择类型。",
        "The content does not fit the kind of broadcast. Choose the kind again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::StoredMedia;

    fn draft(kind: BroadcastKind, parts: Vec<StoredContent>) -> BroadcastDraft {
        BroadcastDraft {
            kind,
            parts,
            filter: "{}".into(),
            also_open: false,
            daily_limit: 1,
            through_night: false,
        }
    }

    fn image(mime: &str, size: u64) -> StoredContent {
        StoredContent::Image(Some(StoredMedia {
            id: "0".repeat(32),
            mime: mime.into(),
            size,
            name: None,
        }))
    }

    fn card(title: &str, url: &str) -> StoredContent {
        StoredContent::News {
            title: title.into(),
            description: String::new(),
            url: url.into(),
            picture: String::new(),
        }
    }

    fn refused(kind: BroadcastKind, parts: Vec<StoredContent>) -> String {
        match check(&draft(kind, parts)) {
            Ok(()) => String::new(),
            Err(Refusal::Invalid { field, .. }) => field.into_owned(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_limits_of_each_kind() {
        use BroadcastKind::{Articles, Images, Products, Text};
        let text = |text: String| vec![StoredContent::Text(text)];
        assert_eq!(refused(Text, text("长".repeat(500))), "");
        assert_eq!(refused(Text, text("长".repeat(501))), "text");
        assert_eq!(refused(Text, text(" \n".into())), "text");
        assert_eq!(refused(Text, vec![]), "kind");
        assert_eq!(refused(Images, vec![image("image/png", 1 << 20); 3]), "");
        assert_eq!(refused(Images, vec![image("image/png", 1); 4]), "images");
        assert_eq!(refused(Images, vec![image("image/png", (1 << 20) + 1)]), "images");
        assert_eq!(refused(Images, vec![image("video/mp4", 1)]), "images");
        assert_eq!(refused(Images, vec![]), "images");
        assert_eq!(refused(Images, text("a".into())), "kind");
        for kind in [Products, Articles] {
            assert_eq!(refused(kind, vec![card("t", "https://a/"); 5]), "");
            assert_eq!(refused(kind, vec![card("t", "https://a/"); 6]), "cards");
            assert_eq!(refused(kind, vec![card(" ", "https://a/")]), "cards");
            assert_eq!(refused(kind, vec![card("t", "javascript:alert(1)")]), "cards");
            assert_eq!(refused(kind, text("a".into())), "kind");
        }
    }

    #[test]
    fn the_largest_draft_is_a_record() {
        let text = |length: usize| "😀".repeat(length);
        let card = StoredContent::News {
            title: text(CARD.0),
            description: text(CARD.1),
            url: format!("https://{}", "a".repeat(ADDRESS - 8)),
            picture: format!("https://{}", "a".repeat(ADDRESS - 8)),
        };
        let mut largest = draft(BroadcastKind::Articles, vec![card; CARDS]);
        largest.filter = "x".repeat(FILTER);
        assert!(check(&largest).is_ok());
        let bytes: usize = largest.parts.iter().map(StoredContent::bytes).sum();
        assert!(bytes + FILTER + 1024 < weikefu_storage::MAX_RECORD_BYTES);
        largest.filter.push('x');
        assert!(check(&largest).is_err());
    }
}
