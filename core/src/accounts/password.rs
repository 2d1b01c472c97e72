//! Passwords: made, hashed, verified.
use crate::error::Refusal;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::{Mutex, PoisonError};

/// Characters of a password.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 10..=128;

/// Bytes of salt and of a hash, as RFC 9106 recommends.
const SALT: usize = 16;
const HASH: usize = 32;

/// The working memory of a hash, kept for the next one. Taken anew each time, it stays with the allocator in
/// pieces once it has been given back: after two hundred logins the server held more than a gigabyte. One at a
/// time, so that a rush of logins waits instead of taking 19 MiB each.
static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Argon2id with the least OWASP recommends: 19 MiB, two passes.
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).unwrap_or_default()
}

/// Fills `out`; nothing when the parameters are not for this.
fn derive(argon2: &Argon2<'_>, password: &str, salt: &[u8], out: &mut [u8]) -> Option<()> {
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let blocks = memory.get_mut(..blocks)?;
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)
        .ok()
}

/// A hash nobody has the password of, so that an unknown login costs as much as a known one.
pub(super) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3oX3VsEgnAIsZ6LXZxKqtbtaUY1jU6DsGvBTLZt0pEw";

pub(super) fn hash(password: &str) -> Result<String, Refusal> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|_| Refusal::Unavailable)?;
    hash_with(password, &salt)
        .map(|hash| hash.to_string())
        .ok_or(Refusal::Unavailable)
}

fn hash_with(password: &str, salt: &[u8]) -> Option<PasswordHash> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
    let mut out = [0; HASH];
    derive(&argon2, password, salt, &mut out)?;
    Some(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(&out).ok()?),
    })
}

pub(super) fn verify(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| is_of(&hash, password).unwrap_or(false))
}

/// Whether a hash is this password's, by the algorithm and parameters the hash itself names.
fn is_of(hash: &PasswordHash, password: &str) -> Option<bool> {
    let (salt, wanted) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash).ok()?);
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..wanted.len())?;
    derive(&argon2, password, salt.as_ref(), out)?;
    // Takes as long whatever differs.
    Some(Output::new(out).ok()? == *wanted)
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

    /// Stored hashes must stay good: the library makes and checks the same by itself.
    #[test]
    fn hashes_are_those_of_the_library() {
        use argon2::password_hash::{PasswordHasher, PasswordVerifier};
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
        let ours = PasswordHash::new(&hash("正确 horse").unwrap()).unwrap();
        library.verify_password("正确 horse".as_bytes(), &ours).unwrap();
        assert!(library.verify_password(b"wrong horse", &ours).is_err());
        let theirs = library
            .hash_password("正确 horse".as_bytes())
            .unwrap()
            .to_string();
        assert!(verify(&theirs, "正确 horse"));
        assert!(!verify(&theirs, "wrong horse"));
        assert!(!verify(&theirs.replace("m=19456", "m=8"), "正确 horse"));
        assert!(!verify("not a hash", ""));
    }

    #[test]
    fn one_time_passwords_are_long_enough_and_differ() {
        let (one, other) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, other);
        assert!(PASSWORD.contains(&one.len()));
        assert!(!one.contains(['l', 'o', '0', '1']), "{one}");
    }
}
