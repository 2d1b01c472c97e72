//! Customer-service messages: composing them and posting them once. The platform gives no message id and no
//! receipt, so an outcome that is not known stays unknown.
use crate::api::{Api, Failure};
use crate::errcode::{INVALID_MEDIA, is_kf_account};
use crate::upload::{Form, IMAGE, Source, THUMB, Uploads, VIDEO, VOICE};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use weikefu_channel::prelude::*;

/// Longest text, bytes of UTF-8. The pages name no figure; reports put it slightly above.
pub(crate) const MAX_TEXT: usize = 2_000;
/// The platform shows "is typing" for so long and refuses a repetition within it.
const TYPING_MS: i64 = 15_000;
const TYPING_KEPT: usize = 1_024;

/// One account's way out.
pub(crate) struct Sender {
    api: Rc<Api>,
    uploads: Uploads,
    /// The platform has refused the configured customer-service account; the account sends as itself.
    kf_refused: Cell<bool>,
    typing: RefCell<HashMap<String, i64>>,
}

impl Sender {
    pub(crate) fn new(api: Rc<Api>) -> Self {
        let uploads = Uploads::new(api.clone());
        Sender {
            api,
            uploads,
            kf_refused: Cell::new(false),
            typing: RefCell::default(),
        }
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Sends one message to one customer.
    pub(crate) async fn send(&self, peer: &str, content: &Content) -> Result<Receipt> {
        let outcome = match content {
            Content::Text { text } => self.post(peer, "text", json!({ "content": plain(text)? })).await,
            Content::News {
                title,
                description,
                url,
                picture,
            } => {
                self.post(peer, "news", news(title, description, url, picture)?)
                    .await
            }
            Content::Image { media: Some(media) } => self.file(peer, &IMAGE, media, None).await,
            Content::Voice {
                media: Some(media), ..
            } => self.file(peer, &VOICE, media, None).await,
            Content::Video {
                media: Some(media),
                thumbnail,
            } => self.file(peer, &VIDEO, media, thumbnail.as_ref()).await,
            Content::Image { .. } | Content::Voice { .. } | Content::Video { .. } => {
                return Err(Error::told(
                    Cause::Rejected,
                    "消息中没有文件，请重新选择文件后发送",
                    "The message has no file; choose the file again and send it",
                ));
            }
            other => {
                let kind = other.kind();
                return Err(Error::told(
                    Cause::Unsupported,
                    format!("微信公众号不支持发送这种消息（{kind:?}），请改用文字或图文"),
                    format!("WeChat cannot send messages of this kind ({kind:?}); use text or an article"),
                ));
            }
        };
        // A sent message ends "is typing".
        self.typing.borrow_mut().remove(peer);
        outcome
            .map(|()| Receipt::proof("errcode 0"))
            .map_err(|failure| self.api.explain(failure))
    }

    /// Shows that the agent is writing. Never fails: there may be no open window, and nobody needs to know.
    pub(crate) async fn typing(&self, peer: String) {
        let now = self.api.host.now();
        {
            let mut typing = self.typing.borrow_mut();
            if typing.get(&peer).is_some_and(|last| now < last + TYPING_MS) {
                return;
            }
            if typing.len() >= TYPING_KEPT {
                typing.retain(|_, last| now < *last + TYPING_MS);
            }
            if typing.len() >= TYPING_KEPT {
                return;
            }
            typing.insert(peer.clone(), now);
        }
        let body = json!({ "touser": peer, "command": "Typing" });
        let _ = self.api.post("message/custom/typing", &body, true).await;
    }

    /// A message around a file; a file the platform has forgotten is brought once more.
    async fn file(
        &self,
        peer: &str,
        form: &Form,
        media: &MediaRef,
        still: Option<&MediaRef>,
    ) -> Result<(), Failure> {
        let file = Source::Stored(media);
        // Every film has a still picture; one the platform would not take is replaced.
        let still = (form == &VIDEO).then(|| {
            let own = still.filter(|still| THUMB.check(&still.mime, still.size).is_ok());
            own.map_or(Source::AnyFilm, Source::Stored)
        });
        for last in [false, true] {
            let mut body = json!({ "media_id": self.uploads.id(form, file).await? });
            if let Some(still) = still {
                body["thumb_media_id"] = self.uploads.id(&THUMB, still).await?.into();
                if let Some(name) = &media.name {
                    body["title"] = crate::inbound::clip(name, 64).into();
                }
            }
            match self.post(peer, form.word, body).await {
                Err(failure) if failure.code() == Some(INVALID_MEDIA) && !last => {
                    self.uploads.forget(form, file).await?;
                    if let Some(still) = still {
                        self.uploads.forget(&THUMB, still).await?;
                    }
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn post(&self, peer: &str, word: &str, body: Value) -> Result<(), Failure> {
        let mut message = json!({ "touser": peer, "msgtype": word });
        message[word] = body;
        if let Some(account) = self
            .api
            .account
            .kf_account
            .as_ref()
            .filter(|_| !self.kf_refused.get())
        {
            message["customservice"] = json!({ "kf_account": account });
            match self.post_message(&message).await {
                Err(Failure::Platform(code, _)) if is_kf_account(code) => {
                    self.kf_refused.set(true);
                    let line =
                        format!("the customer-service account was refused ({code}); sending without it");
                    self.api.host.log(Level::Warn, &line);
                    if let Some(message) = message.as_object_mut() {
                        message.remove("customservice");
                    }
                }
                outcome => return outcome,
            }
        }
        self.post_message(&message).await
    }

    async fn post_message(&self, message: &Value) -> Result<(), Failure> {
        self.api
            .post("message/custom/send", message, false)
            .await
            .map(drop)
    }
}

/// A text the platform takes. It refuses JSON escapes, and control characters cannot be written without.
fn plain(text: &str) -> Result<String> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if text.trim().is_empty() {
        return Err(Error::told(
            Cause::Rejected,
            "不能发送空白消息，请输入文字",
            "An empty message cannot be sent; write something",
        ));
    }
    if text.len() > MAX_TEXT {
        return Err(Error::told(
            Cause::Rejected,
            format!(
                "文字超过微信的 {MAX_TEXT} 字节限制（约 {} 个汉字），请分成几条发送",
                MAX_TEXT / 3
            ),
            format!("The text is longer than WeChat's {MAX_TEXT} bytes; send it in parts"),
        ));
    }
    Ok(text)
}

/// Exactly one article: the platform refuses more.
fn news(title: &str, description: &str, url: &str, picture: &str) -> Result<Value> {
    let is_web = |address: &str| address.starts_with("https://") || address.starts_with("http://");
    if title.trim().is_empty() {
        return Err(Error::told(
            Cause::Rejected,
            "图文消息没有标题，请补充标题",
            "The article has no title; add one",
        ));
    }
    if !is_web(url) {
        return Err(Error::told(
            Cause::Rejected,
            "图文消息的链接应以 https:// 或 http:// 开头，请修改链接",
            "The article's address must begin with https:// or http://; change it",
        ));
    }
    let mut article = json!({ "title": title, "description": description, "url": url });
    if is_web(picture) {
        article["picurl"] = picture.into();
    }
    Ok(json!({ "articles": [article] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_a_text_is_in_bytes() {
        assert_eq!(plain(&"a".repeat(2_000)).unwrap().len(), 2_000);
        assert_eq!(plain(&"长".repeat(666)).unwrap().len(), 1_998);
        for long in ["a".repeat(2_001), "长".repeat(667)] {
            let refusal = plain(&long).unwrap_err();
            assert!(
                refusal.kind == Cause::Rejected
                    && refusal.message.contains("2000")
                    && refusal.message_zh.contains("2000"),
                "{refusal}"
            );
        }
        for empty in ["", " \n", "\u{0}\u{8}"] {
            assert_eq!(plain(empty).unwrap_err().kind, Cause::Rejected);
        }
    }

    #[test]
    fn no_json_escapes_leave() {
        let text = plain("你😀\u{1}\u{8}\u{7f}<a href=\"x\">\n").unwrap();
        let body = serde_json::to_string(&json!({ "content": text })).unwrap();
        assert_eq!(body, "{\"content\":\"你😀<a href=\\\"x\\\">\\n\"}");
    }

    #[test]
    fn news_is_one_article_with_a_real_address() {
        let body = news("榨汁机", "￥199", "https://shop.example/p/1", "").unwrap();
        let article = json!({ "title": "榨汁机", "description": "￥199", "url": "https://shop.example/p/1" });
        assert_eq!(body, json!({ "articles": [article] }));
        assert_eq!(
            news("t", "", "https://a/", "https://a/b.jpg").unwrap()["articles"][0]["picurl"],
            "https://a/b.jpg"
        );
        assert!(news(" ", "", "https://a/", "").is_err());
        assert!(news("t", "", "javascript:alert(1)", "").is_err());
    }
}
