//! The account's register of its followers: their tags, the operators' remark, their language. Read-only.
//!
//! `user/info` names a follower's tags by number and `tags/get` what the numbers mean; name, picture, sex and region
//! it has not told since 2021, so they are not asked for. Source: the pages "获取用户基本信息" and "标签管理".
use crate::api::{Api, Failure, encode};
use crate::inbound::clip;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use weikefu_channel::prelude::*;

/// How long the names of the tags are taken from memory, milliseconds.
const FRESH_MS: i64 = 60_000;
/// Tags and bytes of a text that the desk takes.
const TAGS: usize = 50;
const TEXT: usize = 256;

/// See the module.
pub(crate) struct Register {
    api: Rc<Api>,
    names: RefCell<Names>,
}

#[derive(Default)]
struct Names {
    /// Unix milliseconds.
    told_at: i64,
    by_number: BTreeMap<i64, String>,
}

impl Register {
    pub(crate) fn new(api: Rc<Api>) -> Self {
        Register {
            api,
            names: RefCell::default(),
        }
    }

    /// What the register says of a follower.
    pub(crate) async fn card(&self, openid: &str) -> Result<Card> {
        let query = format!("&openid={}&lang=zh_CN", encode(openid));
        let info = self.get("user/info", &query).await?;
        if info.get("subscribe").and_then(Value::as_i64) != Some(1) {
            return Err(Error::told(
                Cause::Rejected,
                "客户没有关注公众号，微信不提供标签和备注",
                "The customer does not follow the account; WeChat tells no tags and no remark",
            ));
        }
        let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
        let numbers: Vec<i64> = info
            .get("tagid_list")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .take(TAGS)
            .collect();
        let language = Some(text("language").replace('_', "-")).filter(|tag| !tag.is_empty());
        Ok(Card {
            tags: self.named(&numbers).await?,
            remark: clip(text("remark"), TEXT).to_owned(),
            language: language.map(|tag| clip(&tag, TEXT).to_owned()),
        })
    }

    async fn named(&self, numbers: &[i64]) -> Result<Vec<String>> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        if !self.knows(numbers) {
            let told = self.get("tags/get", "").await?;
            let tags = told.get("tags").and_then(Value::as_array);
            let named = |tag: &Value| {
                let name = tag.get("name")?.as_str()?;
                Some((tag.get("id")?.as_i64()?, clip(name, TEXT).to_owned()))
            };
            *self.names.borrow_mut() = Names {
                told_at: self.api.host.now(),
                by_number: tags.into_iter().flatten().filter_map(named).collect(),
            };
        }
        // One that was deleted between the two calls has no name any more.
        let names = self.names.borrow();
        Ok(numbers
            .iter()
            .filter_map(|number| names.by_number.get(number).cloned())
            .collect())
    }

    fn knows(&self, numbers: &[i64]) -> bool {
        let names = self.names.borrow();
        let fresh = (0..FRESH_MS).contains(&(self.api.host.now() - names.told_at));
        fresh && numbers.iter().all(|number| names.by_number.contains_key(number))
    }

    async fn get(&self, path: &str, query: &str) -> Result<Value> {
        let url = self.api.url(path);
        let make = |token: &str| Ok(Request::get(format!("{url}?access_token={token}{query}")));
        // Many accounts lack this permission and work nevertheless: their card shows no trouble for it.
        let answer = self.api.attempt(make, true).await;
        let object = answer.and_then(crate::api::Reply::json);
        object.map_err(|failure: Failure| self.api.explain(failure))
    }
}
