//! Who a visitor is: the token a browser keeps and the identity a merchant's server signs.
//!
//! A visitor token is `v1.<peer>.<issued>.<hmac>`: the peer in base64url without padding, the Unix second of
//! issue in decimal, and the base64url HMAC-SHA256 of everything in front of the last dot under the account's
//! own secret. A merchant's signature is the lower-case hexadecimal HMAC-SHA256 of
//! `"{id}\n{name or nothing}\n{expires}"` under the account's `identity_secret`. Both are compared in constant
//! time. This file keeps no state and asks nobody.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How long an anonymous visitor is recognised, seconds.
pub const VISITOR_LIFE_S: i64 = 365 * 86_400;
/// How long a verified visitor is recognised without a new signature, seconds. Short, because a shared
/// computer must not show the next person the conversation of the last.
pub const VERIFIED_LIFE_S: i64 = 86_400;
/// A token older than this is replaced at the next session, so that a regular visitor never runs out, seconds.
pub const RENEW_AFTER_S: i64 = 30 * 86_400;
/// Longest id of a merchant's user, bytes. The peer `u:<id>` stays within 128.
pub const MAX_USER_ID: usize = 120;
/// Longest name of a merchant's user, bytes.
pub const MAX_USER_NAME: usize = 256;
/// Longest token that is looked at, bytes.
pub const MAX_TOKEN: usize = 512;

/// The merchant's word about a visitor, as the page hands it over.
#[derive(Clone, Deserialize)]
pub struct User {
    /// The merchant's id of the user.
    pub id: String,
    /// The name to show to the agents.
    #[serde(default)]
    pub name: Option<String>,
    /// Unix second after which the signature no longer counts.
    pub expires: i64,
    /// Lower-case hexadecimal HMAC-SHA256.
    pub sig: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Why a merchant's identity was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No secret is configured, a field is out of bounds, or the signature is wrong.
    Bad,
    /// The signature was right and is too old.
    Expired,
}

/// A token that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The customer's address on this channel: `v:<random>` or `u:<merchant's id>`.
    pub peer: String,
    /// Unix second of issue.
    pub issued: i64,
}

/// Whether a merchant's server vouched for this peer.
#[must_use]
pub fn is_verified(peer: &str) -> bool {
    peer.starts_with("u:")
}

/// Makes and checks the tokens of one account.
pub struct Tokens {
    secret: [u8; 32],
}

impl Tokens {
    /// Tokens under this secret.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Tokens { secret }
    }

    /// A token for a peer, issued at this Unix second.
    #[must_use]
    pub fn issue(&self, peer: &str, now_s: i64) -> String {
        let body = format!("v1.{}.{now_s}", BASE64URL.encode(peer));
        let mac = BASE64URL.encode(hmac(&self.secret, body.as_bytes()));
        format!("{body}.{mac}")
    }

    /// The visitor a token names, if this account issued it and it has not run out.
    #[must_use]
    pub fn check(&self, token: &str, now_s: i64) -> Option<Visitor> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (body, mac) = token.rsplit_once('.')?;
        let mac = BASE64URL.decode(mac).ok()?;
        if !same(&hmac(&self.secret, body.as_bytes()), &mac) {
            return None;
        }
        let mut parts = body.split('.');
        let ("v1", peer, issued, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let peer = String::from_utf8(BASE64URL.decode(peer).ok()?).ok()?;
        let issued: i64 = issued.parse().ok()?;
        let life = if is_verified(&peer) {
            VERIFIED_LIFE_S
        } else {
            VISITOR_LIFE_S
        };
        // A token from the future comes from a clock that was set back; it is as good as a new one.
        (now_s.saturating_sub(issued) < life).then_some(Visitor { peer, issued })
    }
}

/// The address of a new anonymous visitor, 128 random bits.
///
/// # Errors
/// When the operating system gives no random numbers.
pub fn new_visitor() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("v:{}", BASE64URL.encode(bytes)))
}

/// The peer of a user the merchant vouches for. `secret` is the account's `identity_secret`, `None` when the
/// merchant has not set one up.
///
/// # Errors
/// The [`Refusal`] that tells the page what is wrong.
pub fn verified_peer(secret: Option<&str>, user: &User, now_s: i64) -> Result<String, Refusal> {
    let name = user.name.as_deref().unwrap_or_default();
    let bounded = (1..=MAX_USER_ID).contains(&user.id.len()) && name.len() <= MAX_USER_NAME;
    // A line break in the id would let one signature stand for another pair of id and name.
    let clean = !user.id.chars().chain(name.chars()).any(char::is_control);
    let secret = secret.filter(|secret| !secret.is_empty()).ok_or(Refusal::Bad)?;
    if !bounded || !clean {
        return Err(Refusal::Bad);
    }
    let expected = hmac(
        secret.as_bytes(),
        format!("{}\n{name}\n{}", user.id, user.expires).as_bytes(),
    );
    if !same(hex(&expected).as_bytes(), user.sig.as_bytes()) {
        return Err(Refusal::Bad);
    }
    if user.expires <= now_s {
        return Err(Refusal::Expired);
    }
    Ok(format!("u:{}", user.id))
}

/// The signature a merchant's server makes; here for tests and documentation.
#[must_use]
pub fn sign(secret: &str, id: &str, name: &str, expires: i64) -> String {
    hex(&hmac(
        secret.as_bytes(),
        format!("{id}\n{name}\n{expires}").as_bytes(),
    ))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length; the error type only exists for other algorithms of the trait.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes any key")
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn same(expected: &[u8], found: &[u8]) -> bool {
    expected.ct_eq(found).into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|nibble| DIGITS[usize::from(nibble)] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn user(id: &str, name: Option<&str>, expires: i64, secret: &str) -> User {
        let sig = sign(secret, id, name.unwrap_or_default(), expires);
        User {
            id: id.into(),
            name: name.map(String::from),
            expires,
            sig,
        }
    }

    #[test]
    fn a_token_names_its_peer_until_it_runs_out() {
        let tokens = Tokens::new([7; 32]);
        let token = tokens.issue("v:abc.def", NOW);
        assert!(token.starts_with("v1."));
        assert_eq!(tokens.check(&token, NOW + 5).unwrap().peer, "v:abc.def");
        assert!(tokens.check(&token, NOW + VISITOR_LIFE_S - 1).is_some());
        assert!(tokens.check(&token, NOW + VISITOR_LIFE_S).is_none());
        let verified = tokens.issue("u:42", NOW);
        assert!(tokens.check(&verified, NOW + VERIFIED_LIFE_S - 1).is_some());
        assert!(tokens.check(&verified, NOW + VERIFIED_LIFE_S).is_none());
    }

    #[test]
    fn a_token_of_another_account_is_foreign() {
        let token = Tokens::new([1; 32]).issue("v:abc", NOW);
        assert!(Tokens::new([2; 32]).check(&token, NOW).is_none());
    }

    #[test]
    fn every_changed_character_of_a_token_spoils_it() {
        let tokens = Tokens::new([7; 32]);
        let token = tokens.issue("v:abc", NOW);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character of a base64 text carries spare bits; the decoder insists that they are zero.
            assert!(tokens.check(&changed, NOW).is_none(), "{changed}");
        }
        for junk in [
            "",
            ".",
            "v1",
            "v1..",
            "v1.a.b.c",
            "v2.dg.1.AAAA",
            &"x".repeat(MAX_TOKEN + 1),
        ] {
            assert!(tokens.check(junk, NOW).is_none(), "{junk}");
        }
    }

    #[test]
    fn visitors_are_different_and_short_enough() {
        let (one, two) = (new_visitor().unwrap(), new_visitor().unwrap());
        assert_ne!(one, two);
        assert!(one.len() <= 128 && !is_verified(&one));
    }

    #[test]
    fn the_signature_is_the_documented_one() {
        // printf '42\n小王\n1800000600' | openssl dgst -sha256 -hmac s3cret
        assert_eq!(
            sign("s3cret", "42", "小王", 1_800_000_600),
            "43efcd68a197e812f9e5a7ae65d20803d3f64822304f1667f6da6678c9e4e8d3"
        );
    }

    #[test]
    fn a_signed_user_always_is_the_same_peer() {
        let secret = Some("s3cret");
        for name in [None, Some("小王"), Some("")] {
            let peer = verified_peer(secret, &user("42", name, NOW + 60, "s3cret"), NOW);
            assert_eq!(peer.as_deref(), Ok("u:42"));
        }
    }

    #[test]
    fn wrong_expired_and_unbounded_users_are_refused() {
        let secret = Some("s3cret");
        let refused = |user: &User| verified_peer(secret, user, NOW).unwrap_err();
        assert_eq!(refused(&user("42", None, NOW, "s3cret")), Refusal::Expired);
        assert_eq!(refused(&user("42", None, NOW + 60, "other")), Refusal::Bad);
        let good = user("42", Some("小王"), NOW + 60, "s3cret");
        assert_eq!(
            refused(&User {
                id: "43".into(),
                ..good.clone()
            }),
            Refusal::Bad
        );
        assert_eq!(
            refused(&User {
                name: None,
                ..good.clone()
            }),
            Refusal::Bad
        );
        assert_eq!(
            refused(&User {
                expires: NOW + 61,
                ..good.clone()
            }),
            Refusal::Bad
        );
        assert_eq!(
            refused(&User {
                sig: good.sig.to_uppercase(),
                ..good.clone()
            }),
            Refusal::Bad
        );
        assert_eq!(refused(&user("", None, NOW + 60, "s3cret")), Refusal::Bad);
        assert_eq!(
            refused(&user(&"x".repeat(MAX_USER_ID + 1), None, NOW + 60, "s3cret")),
            Refusal::Bad
        );
        assert_eq!(refused(&user("4\n2", None, NOW + 60, "s3cret")), Refusal::Bad);
        assert_eq!(verified_peer(None, &good, NOW), Err(Refusal::Bad));
        assert_eq!(
            verified_peer(Some(""), &user("42", None, NOW + 60, ""), NOW),
            Err(Refusal::Bad)
        );
        assert!(!format!("{good:?}").contains(&good.sig));
    }
}
