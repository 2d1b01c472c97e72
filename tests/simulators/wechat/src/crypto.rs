//! Signatures and the message encryption of the protocol, sections 1 to 3. Owns only bytes: which
//! query or body they come from is the business of `callback` and `answer`.

use aes::Aes256;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use sha1::{Digest, Sha1};

/// The 43rd character of a key carries bits that belong to no byte; a strict decoder refuses most keys.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const BODY_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new());
/// Padding runs to 32 bytes although a block of AES has 16.
const PAD_TO: usize = 32;
/// Random bytes and length that stand before the message.
const HEAD: usize = 20;

/// `sha1(concat(sort(parts)))`, lower-case hex: both `signature` (token, timestamp, nonce) and
/// `msg_signature` (the same and the ciphertext).
#[must_use]
pub fn signature(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    let mut sha = Sha1::new();
    for part in sorted {
        sha.update(part.as_bytes());
    }
    hex(&sha.finalize())
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// Why a ciphertext was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CipherError {
    /// The key is not 43 characters of base64.
    Key,
    /// The text is not base64, or not whole blocks.
    Ciphertext,
    /// The padding is not 1 to 32 equal bytes.
    Padding,
    /// The stated length does not fit the plaintext.
    Length,
    /// The text is for another app id, which is given.
    AppId(String),
}

impl std::fmt::Display for CipherError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key => f.write_str("the EncodingAESKey is not 43 characters A-Z a-z 0-9"),
            Self::Ciphertext => f.write_str("the ciphertext is not base64 of whole AES blocks"),
            Self::Padding => f.write_str("the padding is not 1 to 32 equal bytes"),
            Self::Length => f.write_str("the message length does not fit the plaintext"),
            Self::AppId(found) => write!(f, "the ciphertext names the app id {found:?}"),
        }
    }
}

impl std::error::Error for CipherError {}

/// What stood inside a ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The 16 random bytes before the message.
    pub random: [u8; 16],
    /// The message itself.
    pub message: Vec<u8>,
    /// The app id behind the message.
    pub app_id: String,
    /// Count of padding bytes.
    pub pad: usize,
}

/// The AES key of one account.
#[derive(Clone)]
pub struct MessageCipher {
    key: [u8; 32],
}

impl std::fmt::Debug for MessageCipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageCipher(..)")
    }
}

impl MessageCipher {
    /// Takes the 43 characters of the console.
    pub fn new(encoding_aes_key: &str) -> Result<Self, CipherError> {
        let plausible =
            encoding_aes_key.len() == 43 && encoding_aes_key.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plausible {
            return Err(CipherError::Key);
        }
        let bytes = KEY_BASE64
            .decode(encoding_aes_key)
            .map_err(|_| CipherError::Key)?;
        Ok(Self {
            key: bytes.try_into().map_err(|_| CipherError::Key)?,
        })
    }

    fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.key[..16]);
        iv
    }

    /// Encrypts with the given 16 random bytes; base64.
    #[must_use]
    pub fn seal_with(&self, random: [u8; 16], message: &[u8], app_id: &str) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut plain = Vec::with_capacity(HEAD + message.len() + app_id.len() + PAD_TO);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message);
        plain.extend_from_slice(app_id.as_bytes());
        let pad = PAD_TO - plain.len() % PAD_TO;
        plain.resize(plain.len() + pad, pad as u8);
        self.seal_raw(plain)
    }

    /// Encrypts whole blocks as they are, without padding them: for broken messages on purpose.
    #[must_use]
    pub fn seal_raw(&self, mut blocks: Vec<u8>) -> String {
        let whole = blocks.len() - blocks.len() % 16;
        blocks.truncate(whole);
        let sealed = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv().into())
            .encrypt_padded::<NoPadding>(&mut blocks, whole)
            .map(BODY_BASE64_ENCODE)
            .ok();
        sealed.unwrap_or_default()
    }

    /// Encrypts with fresh random bytes; base64.
    #[must_use]
    pub fn seal(&self, message: &[u8], app_id: &str) -> String {
        self.seal_with(random_bytes(), message, app_id)
    }

    /// Decrypts and checks everything except whose app id it is.
    pub fn open_any(&self, encrypted: &str) -> Result<Opened, CipherError> {
        let mut bytes = BODY_BASE64
            .decode(encrypted)
            .map_err(|_| CipherError::Ciphertext)?;
        if bytes.is_empty() || bytes.len() % 16 != 0 {
            return Err(CipherError::Ciphertext);
        }
        let plain = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv().into())
            .decrypt_padded::<NoPadding>(&mut bytes)
            .map_err(|_| CipherError::Ciphertext)?;
        let pad = usize::from(*plain.last().ok_or(CipherError::Padding)?);
        if pad == 0 || pad > PAD_TO || pad > plain.len() {
            return Err(CipherError::Padding);
        }
        let (body, padding) = plain.split_at(plain.len() - pad);
        if padding.iter().any(|byte| usize::from(*byte) != pad) {
            return Err(CipherError::Padding);
        }
        let (Some(random), Some(length), Some(rest)) =
            (body.first_chunk::<16>(), body.get(16..HEAD), body.get(HEAD..))
        else {
            return Err(CipherError::Length);
        };
        let length = length
            .iter()
            .fold(0_usize, |all, byte| all << 8 | usize::from(*byte));
        let (Some(message), Some(app_id)) = (rest.get(..length), rest.get(length..)) else {
            return Err(CipherError::Length);
        };
        Ok(Opened {
            random: *random,
            message: message.to_vec(),
            app_id: String::from_utf8_lossy(app_id).into_owned(),
            pad,
        })
    }

    /// Decrypts what must be for `app_id`.
    pub fn open(&self, encrypted: &str, app_id: &str) -> Result<Vec<u8>, CipherError> {
        let opened = self.open_any(encrypted)?;
        if opened.app_id == app_id {
            Ok(opened.message)
        } else {
            Err(CipherError::AppId(opened.app_id))
        }
    }
}

/// As a function value, because an engine's `encode` is generic.
const BODY_BASE64_ENCODE: fn(&[u8]) -> String = |bytes| BODY_BASE64.encode(bytes);

/// Random bytes of the system.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without a source of randomness nothing here works, and the caller can do nothing about it.
    assert!(
        getrandom::fill(&mut bytes).is_ok(),
        "the system gives no random bytes"
    );
    bytes
}

/// `length` random letters and digits.
pub(crate) fn random_word(length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let mut word = String::with_capacity(length);
    while word.len() < length {
        for byte in random_bytes::<32>().iter().take(length - word.len()) {
            word.push(char::from(LETTERS[usize::from(byte & 63)]));
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const APP: &str = "wxba5fad812f8e6fb9";
    const SEALED: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

    #[test]
    fn the_signature_of_the_document() {
        assert_eq!(
            signature(&["AAAAA", "1714036504", "1514711492"]),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
        assert_eq!(
            signature(&["AAAAA", "1714112445", "415670741", SEALED]),
            "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        );
    }

    #[test]
    fn the_official_example_opens_and_seals_to_the_same_text() {
        let cipher = MessageCipher::new(KEY).unwrap();
        let opened = cipher.open_any(SEALED).unwrap();
        assert_eq!(opened.message.len(), 167);
        assert_eq!(opened.random, *b"a8eedb185eb2fecf");
        assert_eq!(opened.pad, 19);
        assert_eq!(opened.app_id, APP);
        let text = String::from_utf8(opened.message.clone()).unwrap();
        assert!(text.starts_with(r#"{"ToUserName":"gh_97417a04a28d""#), "{text}");
        assert!(text.contains(r#""debug_str":"hello world""#), "{text}");
        assert_eq!(
            cipher.seal_with(*b"a8eedb185eb2fecf", &opened.message, APP),
            SEALED
        );
    }

    #[test]
    fn the_official_reply() {
        let cipher = MessageCipher::new(KEY).unwrap();
        let sealed = cipher.seal_with(*b"707722b803182950", br#"{"demo_resp":"good luck"}"#, APP);
        assert_eq!(
            sealed,
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        );
        assert_eq!(
            signature(&["AAAAA", "1713424427", "415670741", &sealed]),
            "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
        );
        assert_eq!(
            cipher.open(&sealed, APP).unwrap(),
            br#"{"demo_resp":"good luck"}"#
        );
    }

    #[test]
    fn every_length_survives_and_damage_is_told_apart() {
        let cipher = MessageCipher::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();
        for length in 0..100 {
            let message = vec![b'x'; length];
            assert_eq!(cipher.open(&cipher.seal(&message, APP), APP).unwrap(), message);
        }
        assert_eq!(
            cipher.open(&cipher.seal(b"hi", "wxother"), APP),
            Err(CipherError::AppId("wxother".into()))
        );
        assert_eq!(cipher.open("!!", APP), Err(CipherError::Ciphertext));
        assert_eq!(cipher.open("", APP), Err(CipherError::Ciphertext));
        assert_eq!(
            cipher.open(&cipher.seal_raw(vec![0; 32]), APP),
            Err(CipherError::Padding)
        );
        assert_eq!(
            cipher.open(&cipher.seal_raw(vec![33; 48]), APP),
            Err(CipherError::Padding)
        );
        assert_eq!(
            cipher.open(&cipher.seal_raw(vec![16; 32]), APP),
            Err(CipherError::Length)
        );
        let mut long = vec![0_u8; 64];
        long[16..20].copy_from_slice(&[0, 0, 1, 0]);
        long[32..].fill(32);
        assert_eq!(cipher.open(&cipher.seal_raw(long), APP), Err(CipherError::Length));
    }

    #[test]
    fn a_key_of_another_shape_is_refused() {
        assert!(MessageCipher::new("short").is_err());
        assert!(MessageCipher::new(&"_".repeat(43)).is_err());
        // Stray bits in the last character are what most real keys have.
        assert!(MessageCipher::new(&"z".repeat(43)).is_ok());
    }
}
