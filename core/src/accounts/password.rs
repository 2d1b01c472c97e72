//! Passwords: made, hashed, verified.
use crate::error::Refusal;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Characters of a password.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 10..=128;

/// Argon2id with the least OWASP recommends: 19 MiB, two passes.
pub(super) fn hasher() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

/// A hash nobody has the password of, so that an unknown login costs as much as a known one.
pub(super) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3oX3VsEgnAIsZ6LXZxKqtbtaUY1jU6DsGvBTLZt0pEw";

pub(super) fn hash(password: &str) -> Result<String, Refusal> {
    let hash = hasher()
        .hash_password(password.as_bytes())
        .map_err(|_| Refusal::Unavailable)?;
    Ok(hash.to_string())
}

pub(super) fn verify(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Twelve characters that cannot be mistaken for each other when read aloud or copied by hand: 60 bits.
pub(super) fn one_time_password() -> Result<String, Refusal> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
    let letters = random.map(|byte| LETTERS[usize::from(byte & 31)] as char);
    Ok(letters
        .chunks(4)
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise an unknown login would be answered at once, and so told apart.
    #[test]
    fn the_hash_of_nobody_is_worth_as_much_work_as_any_other() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = hash("some password").unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(nobody.algorithm, real.algorithm);
        assert_eq!(nobody.version, real.version);
        assert_eq!(nobody.params.to_string(), real.params.to_string());
        assert!(!verify(NOBODY, ""));
    }

    #[test]
    fn one_time_passwords_are_long_enough_and_differ() {
        let (one, other) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, other);
        assert!(PASSWORD.contains(&one.len()));
        assert!(!one.contains(['l', 'o', '0', '1']), "{one}");
    }
}
