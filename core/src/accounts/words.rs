//! The words of an account: what a login, a nickname and a name may look like.
use crate::error::Refusal;

/// Characters of a nickname and of a name.
pub const NICKNAME: usize = 32;

pub(super) fn normal_login(login: &str) -> Result<String, Refusal> {
    let login = login.trim().to_lowercase();
    let fine = (2..=32).contains(&login.chars().count())
        && login
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if fine {
        return Ok(login);
    }
    Err(Refusal::invalid(
        "login",
        "账号需要 2 到 32 个字符：字母、数字、汉字或 . - _ @。",
        "A login has 2 to 32 characters: letters, digits or . - _ @.",
    ))
}

pub(super) fn normal_nickname(nickname: &str) -> Result<String, Refusal> {
    let nickname = nickname.trim();
    if (1..=NICKNAME).contains(&nickname.chars().count()) && !nickname.chars().any(char::is_control) {
        return Ok(nickname.to_owned());
    }
    Err(Refusal::invalid(
        "nickname",
        "昵称需要 1 到 32 个字符。",
        "A nickname has 1 to 32 characters.",
    ))
}

/// A person's name, for colleagues only; may be empty.
pub(super) fn normal_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.chars().count() <= NICKNAME && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "name",
        "姓名最多 32 个字符，可以留空。",
        "A name has at most 32 characters; it may be empty.",
    ))
}
