//! A row of the table of service tags: its name. Numbers of customers and times are read-only.
use super::fault::Fault;
use crate::desk::TAG_NAME;

/// A service tag by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRow {
    /// 1 to 20 characters.
    pub name: String,
}

/// Understands a name of a tag.
pub fn parse_tag(name: &str) -> Result<TagRow, Fault> {
    let name = name.trim();
    if (1..=TAG_NAME).contains(&name.chars().count()) {
        return Ok(TagRow {
            name: name.to_owned(),
        });
    }
    Err(Fault::new(
        "tags",
        format!("标签名称需要 1 到 {TAG_NAME} 个字符。"),
        format!("A tag's name has 1 to {TAG_NAME} characters."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_bounds() {
        assert_eq!(parse_tag(" VIP ").unwrap().name, "VIP");
        assert!(parse_tag(" ").is_err());
        assert!(parse_tag(&"签".repeat(TAG_NAME)).is_ok());
        assert!(parse_tag(&"签".repeat(TAG_NAME + 1)).is_err());
    }
}
