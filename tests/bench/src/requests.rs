//! The messages: what visitors and the platform send, number by number.

use crate::wechat::Account;
use std::cell::Cell;

/// Bytes of each text.
pub(crate) const TEXT_BYTES: usize = 200;
/// Header that tells floor-store what to show the agent where it cannot read the body.
pub(crate) const MARK: &str = "x-mark";

const WORDS: &str = "您好，我上周下单的那件外套想换一个尺码，请问还有没有大一号的，什么时候可以发货？谢谢！";

/// A text of [`TEXT_BYTES`] that begins with its number, by which it is recognised on the agent's screen.
pub(crate) fn text(number: usize) -> String {
    let mut text = format!("#{number} {WORDS}");
    text.truncate(text.floor_char_boundary(TEXT_BYTES));
    while text.len() < TEXT_BYTES {
        text.push('.');
    }
    text
}

/// Somebody on a shop's page, with a token.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) token: String,
}

/// Makes the messages of a run; no two are alike, so that nothing is taken for a repetition.
pub(crate) struct Author {
    /// Tells this run's messages from any other's.
    name: String,
    next: Cell<u64>,
}

impl Author {
    pub(crate) fn new() -> Self {
        Self {
            name: format!("b{}", std::process::id()),
            next: Cell::new(0),
        }
    }

    /// The body of a visitor's message.
    fn message(&self, number: usize) -> String {
        self.body(&text(number))
    }

    /// The body of a message with a text in which nothing has to be escaped.
    fn body(&self, text: &str) -> String {
        let n = self.next.get();
        self.next.set(n + 1);
        format!(
            "\"client_id\":\"{}-{n:010}\",\"created_at\":{},\"content\":{{\"kind\":\"text\",\"text\":\"{}\"}}}}",
            self.name,
            crate::machine::unix_milliseconds(),
            text
        )
    }

    /// A visitor's message as a frame.
    pub(crate) fn frame(&self, number: usize) -> String {
        format!("{{\"type\":\"send\",{}", self.message(number))
    }

    /// A visitor's message as a request.
    pub(crate) fn post(&self, path: &str, visitor: &Visitor, number: usize) -> Vec<u8> {
        request(path, visitor, &self.message(number))
    }

    /// The same with any text in which nothing has to be escaped.
    pub(crate) fn say(&self, path: &str, visitor: &Visitor, text: &str) -> Vec<u8> {
        request(path, visitor, &self.body(text))
    }
}

fn request(path: &str, visitor: &Visitor, body: &str) -> Vec<u8> {
    format!(
            "POST {path}messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{{{body}",
            visitor.token,
            body.len() + 1
        )
        .into_bytes()
}

/// A callback as a request, signed now.
pub(crate) fn callback(account: &Account, path: &str, customer: usize, number: usize) -> Vec<u8> {
    let signed = account.sign(customer, number);
    let mut request = format!(
        "POST {path}callback?{} HTTP/1.1\r\nhost: bench\r\nuser-agent: Mozilla/4.0\r\ncontent-type: text/xml\r\n{MARK}: #{number}\r\ncontent-length: {}\r\n\r\n",
        signed.query,
        signed.body.len()
    )
    .into_bytes();
    request.extend_from_slice(&signed.body);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_number_and_their_length() {
        for number in [0, 7, 12_345_678] {
            let text = text(number);
            assert_eq!(text.len(), TEXT_BYTES);
            assert!(text.starts_with(&format!("#{number} ")));
        }
    }

    #[test]
    fn no_two_messages_are_alike_and_all_are_json() {
        let author = Author::new();
        let [one, two] = [author.frame(3), author.frame(3)];
        assert_ne!(one, two);
        let value: serde_json::Value = serde_json::from_str(&one).unwrap();
        assert_eq!(value["type"], "send");
        let visitor = Visitor { token: "t".into() };
        let post = String::from_utf8(author.post("/c/key/", &visitor, 3)).unwrap();
        let (head, body) = post.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["content"]["text"], text(3));
    }
}
