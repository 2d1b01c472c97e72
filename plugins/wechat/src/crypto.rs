//! The platform's message encryption: AES-256-CBC with a 32-byte padding block, around
//! `random(16) ‖ length(4, big-endian) ‖ message ‖ appid`. Signatures are checked before, in
//! [`crate::callback`].
use aes::Aes256;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use subtle::ConstantTimeEq;

/// The 43rd character of most keys has bits the decoder would refuse as stray.
const KEY_TEXT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);
const PAD_BLOCK: usize = 32;
const HEADER: usize = 20;

/// One `EncodingAESKey`.
#[derive(Clone, PartialEq, Eq)]
pub struct AesKey([u8; 32]);

/// Prints nothing of the key.
impl std::fmt::Debug for AesKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AesKey(…)")
    }
}

/// Why a ciphertext was refused. For the log only: the sender learns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not base64, or not a whole number of blocks.
    Shape,
    /// Padding or length do not fit: the wrong key, or damaged on the way.
    Content,
    /// Decrypted, but meant for another account.
    AppId,
}

impl AesKey {
    /// Reads the 43 letters and digits of the platform's console.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        KEY_TEXT
            .decode(format!("{text}="))
            .ok()?
            .try_into()
            .ok()
            .map(AesKey)
    }

    fn iv(&self) -> [u8; 16] {
        std::array::from_fn(|i| self.0[i])
    }

    /// Decrypts one message and checks that it was meant for `app_id`.
    pub fn open(&self, encrypted: &str, app_id: &str) -> Result<Vec<u8>, Refusal> {
        let mut bytes = general_purpose::STANDARD
            .decode(encrypted.trim())
            .map_err(|_| Refusal::Shape)?;
        if bytes.is_empty() || bytes.len() % 16 != 0 {
            return Err(Refusal::Shape);
        }
        cbc::Decryptor::<Aes256>::new(&self.0.into(), &self.iv().into())
            .decrypt_padded::<NoPadding>(&mut bytes)
            .map_err(|_| Refusal::Shape)?;
        let message = frame(&bytes, app_id)?;
        Ok(bytes[message].to_vec())
    }

    /// Encrypts one message for `app_id`; `random` must be fresh for every message.
    #[must_use]
    pub fn seal(&self, random: [u8; 16], message: &[u8], app_id: &str) -> String {
        let mut bytes = Vec::with_capacity(HEADER + message.len() + app_id.len() + PAD_BLOCK);
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
        bytes.extend_from_slice(message);
        bytes.extend_from_slice(app_id.as_bytes());
        let pad = PAD_BLOCK - bytes.len() % PAD_BLOCK;
        bytes.resize(bytes.len() + pad, pad as u8);
        let length = bytes.len();
        // Cannot fail: the buffer is a whole number of blocks.
        let _ = cbc::Encryptor::<Aes256>::new(&self.0.into(), &self.iv().into())
            .encrypt_padded::<NoPadding>(&mut bytes, length);
        general_purpose::STANDARD.encode(bytes)
    }
}

/// Where in the decrypted frame the message lies.
fn frame(bytes: &[u8], app_id: &str) -> Result<std::ops::Range<usize>, Refusal> {
    let pad = usize::from(*bytes.last().ok_or(Refusal::Content)?);
    let end = bytes.len().checked_sub(pad).ok_or(Refusal::Content)?;
    if !(1..=PAD_BLOCK).contains(&pad) || end < HEADER || bytes[end..].iter().any(|b| usize::from(*b) != pad)
    {
        return Err(Refusal::Content);
    }
    let length = bytes[16..HEADER]
        .iter()
        .fold(0_usize, |sum, b| sum << 8 | usize::from(*b));
    let tail = HEADER
        .checked_add(length)
        .filter(|tail| *tail <= end)
        .ok_or(Refusal::Content)?;
    if !bool::from(bytes[tail..end].ct_eq(app_id.as_bytes())) {
        return Err(Refusal::AppId);
    }
    Ok(HEADER..tail)
}

/// The current key and, while keys are being changed, the one before it.
#[derive(Clone, Debug, Default)]
pub struct Keyring(Vec<AesKey>);

impl Keyring {
    /// Adds a key behind the others.
    pub fn push(&mut self, key: AesKey) {
        self.0.push(key);
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Decrypts with the first key that fits and names it, so that a reply can use the same one.
    pub fn open(&self, encrypted: &str, app_id: &str) -> Result<(Vec<u8>, &AesKey), Refusal> {
        let mut refusal = Refusal::Content;
        for key in &self.0 {
            match key.open(encrypted, app_id) {
                Ok(message) => return Ok((message, key)),
                // The right key with the wrong account says more than the wrong key.
                Err(Refusal::Content) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const APP: &str = "wxba5fad812f8e6fb9";
    const SAMPLE: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

    fn key() -> AesKey {
        AesKey::parse(&"A".repeat(43)).unwrap()
    }

    #[test]
    fn the_official_message_opens() {
        let message = key().open(SAMPLE, APP).unwrap();
        assert_eq!(message.len(), 167);
        let text = String::from_utf8(message).unwrap();
        assert!(text.starts_with(r#"{"ToUserName":"gh_97417a04a28d","#), "{text}");
        assert!(text.ends_with(r#""debug_str":"hello world"}"#), "{text}");
        let parts = ["AAAAA", "1714112445", "415670741", SAMPLE];
        assert!(crate::signature::matches(
            parts,
            "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        ));
    }

    #[test]
    fn the_official_reply_is_made_alike() {
        let sealed = key().seal(*b"707722b803182950", br#"{"demo_resp":"good luck"}"#, APP);
        let expected =
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==";
        assert_eq!(sealed, expected);
        let signature = crate::signature::sign(["AAAAA", "1713424427", "415670741", &sealed]);
        assert_eq!(signature, "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
    }

    #[test]
    fn another_account_and_every_truncation_are_refused() {
        assert_eq!(key().open(SAMPLE, "wx0000000000000000"), Err(Refusal::AppId));
        assert_eq!(key().open(SAMPLE, ""), Err(Refusal::AppId));
        for length in 0..SAMPLE.len() {
            assert!(key().open(&SAMPLE[..length], APP).is_err(), "{length}");
        }
        for damaged in ["", "====", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA==", "你好"] {
            assert!(key().open(damaged, APP).is_err(), "{damaged}");
        }
    }

    #[test]
    fn keys_with_stray_bits_are_read() {
        // Three of four real keys end in a character whose last two bits are not zero.
        for last in ["A", "B", "C", "D", "9", "z"] {
            let text = format!("{}{last}", "kQ7".repeat(14));
            let key = AesKey::parse(&text).unwrap_or_else(|| panic!("{text}"));
            let sealed = key.seal([7; 16], b"x", APP);
            assert_eq!(key.open(&sealed, APP).unwrap(), b"x");
        }
        assert!(AesKey::parse(&"A".repeat(44)).is_none());
        assert!(AesKey::parse(&format!("{}+", "A".repeat(42))).is_none());
    }

    #[test]
    fn the_previous_key_still_opens() {
        let old = AesKey::parse(&"b".repeat(43)).unwrap();
        let mut ring = Keyring::default();
        ring.push(key());
        ring.push(old.clone());
        let sealed = old.seal([1; 16], b"late", APP);
        let (message, used) = ring.open(&sealed, APP).unwrap();
        assert_eq!((message.as_slice(), used), (b"late".as_slice(), &old));
        assert_eq!(ring.open(&sealed, "wxother").unwrap_err(), Refusal::AppId);
        assert_eq!(
            Keyring::default().open(&sealed, APP).unwrap_err(),
            Refusal::Content
        );
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        // A length beyond the frame, and one near the top of 32 bits.
        for length in [u32::MAX, 1_000, 13] {
            let mut bytes = vec![0_u8; 16];
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&[12; 12]);
            assert_eq!(frame(&bytes, ""), Err(Refusal::Content), "{length}");
        }
        // Every byte of the padding counts, not only the last one.
        let mut padded = vec![0_u8; 20];
        padded.extend_from_slice(&[12; 12]);
        assert_eq!(frame(&padded, ""), Ok(20..20));
        padded[25] = 11;
        assert_eq!(frame(&padded, ""), Err(Refusal::Content));
        assert_eq!(frame(&[32; 32], ""), Err(Refusal::Content));
        assert_eq!(frame(&[0; 32], ""), Err(Refusal::Content));
        assert_eq!(frame(&[33; 48], ""), Err(Refusal::Content));
        assert_eq!(frame(&[], ""), Err(Refusal::Content));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(
            message in proptest::collection::vec(any::<u8>(), 0..600),
            random in any::<[u8; 16]>(),
            text in "[A-Za-z0-9]{43}",
            app in "[a-z0-9]{0,20}",
        ) {
            let key = AesKey::parse(&text).unwrap();
            let sealed = key.seal(random, &message, &app);
            prop_assert_eq!(key.open(&sealed, &app).unwrap(), message);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = key().open(&general_purpose::STANDARD.encode(&bytes), APP);
            let _ = frame(&bytes, APP);
        }

        #[test]
        fn random_text_never_panics(text in ".{0,200}") {
            prop_assert!(key().open(&text, APP).is_err());
        }
    }
}
