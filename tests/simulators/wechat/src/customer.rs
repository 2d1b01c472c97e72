//! One person with WeChat: what they do goes to the callback address, what the account sends is recorded.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use crate::callback::{self, Callback, Delivery};
use crate::inbound::Inbound;
use crate::record::{Author, Sent};
use crate::rules::Quota;
use crate::world::{Person, World};
use crate::xml::{self, Node};

/// A handle; cheap to clone.
#[derive(Clone)]
pub struct Customer {
    pub(crate) world: Arc<World>,
    openid: String,
}

/// Fewer messages than wanted arrived in time.
#[derive(Debug)]
pub struct TooFew {
    /// How many were wanted.
    pub wanted: usize,
    /// What was there.
    pub found: Vec<Sent>,
}

impl std::fmt::Display for TooFew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} messages were sent, {} were awaited",
            self.found.len(),
            self.wanted
        )
    }
}

impl std::error::Error for TooFew {}

impl Customer {
    /// The person of this id; a new one follows the account (silently) or does not.
    pub(crate) fn meet(world: &Arc<World>, openid: &str, following: bool) -> Self {
        if !world.state().people.contains_key(openid) {
            let followed_at = world.options.clock.now();
            world.change(|state| {
                let person = state.people.entry(openid.to_owned()).or_default();
                person.following = following;
                person.followed_at = followed_at;
                person.touch();
            });
        }
        Self {
            world: Arc::clone(world),
            openid: openid.to_owned(),
        }
    }

    /// The openid.
    #[must_use]
    pub fn openid(&self) -> &str {
        &self.openid
    }

    /// A name for the phone page; it never leaves the simulator.
    pub fn set_nickname(&self, nickname: &str) {
        self.world.change(|state| {
            if let Some(person) = state.people.get_mut(&self.openid) {
                nickname.clone_into(&mut person.nickname);
                person.touch();
            }
        });
    }

    /// What the account's operators put down about the person, in the platform's own console: a remark and tags.
    /// A tag that is new to the account gets a number.
    pub fn file(&self, remark: &str, tags: &[&str]) {
        self.world.change(|state| {
            let mut numbers = Vec::new();
            for tag in tags {
                let known = state.tags.iter().find(|(_, name)| name == tag).map(|(id, _)| *id);
                // The numbers below belong to the platform.
                let next = state.tags.keys().next_back().map_or(100, |last| last + 1);
                let number = known.unwrap_or(next);
                state.tags.insert(number, (*tag).to_owned());
                numbers.push(number);
            }
            if let Some(person) = state.people.get_mut(&self.openid) {
                remark.clone_into(&mut person.remark);
                person.tags = numbers;
            }
        });
    }

    /// The person does it: the platform gives it an id and a time and opens the reply window. It is not
    /// delivered yet.
    #[must_use]
    pub fn write(&self, inbound: Inbound) -> Callback {
        let now_ms = self.world.now_ms();
        let rules = self.world.options.rules;
        let Inbound {
            msg_type,
            event,
            mut fields,
            attachments,
            trigger,
            scene,
            mut display,
        } = inbound;
        self.world.change(|state| {
            for attachment in attachments {
                let file = state.media.put(attachment.kind, attachment.bytes, "", now_ms);
                let link = format!("/sim/media/{}", file.media_id);
                if let Some(name) = attachment.link_field {
                    fields.push(Node::text(name, format!("{}{link}", self.world.base())));
                }
                fields.extend(
                    attachment
                        .id_fields
                        .iter()
                        .map(|name| Node::text(name, file.media_id.as_str())),
                );
                if display.get("media").is_none() {
                    display["media"] = json!(link);
                }
            }
            let msg_id = event.is_none().then(|| state.next_msg_id());
            let line = state.people.get_mut(&self.openid).map(|person| {
                person.apply(event.as_deref(), &rules, trigger, now_ms);
                person.scene = scene.unwrap_or_else(|| std::mem::take(&mut person.scene));
                let kind = event.as_deref().map_or(msg_type.as_str(), |_| "event");
                person.add_line(Author::Customer, kind, display, now_ms)
            });
            let create_time = now_ms / 1000;
            let mut nodes = vec![
                Node::text("ToUserName", self.world.account.original_id.as_str()),
                Node::text("FromUserName", self.openid.as_str()),
                Node::number("CreateTime", create_time),
                Node::text("MsgType", msg_type.as_str()),
            ];
            nodes.extend(event.as_ref().map(|event| Node::text("Event", event.as_str())));
            nodes.append(&mut fields);
            nodes.extend(msg_id.map(|id| Node::number("MsgId", id)));
            let xml = xml::document(&nodes);
            Callback {
                openid: self.openid.clone(),
                msg_type,
                event,
                msg_id,
                create_time,
                xml,
                line,
            }
        })
    }

    /// Does it and delivers it, with all attempts.
    pub async fn send(&self, inbound: Inbound) -> Delivery {
        let callback = self.write(inbound);
        callback::deliver(&self.world, &callback).await
    }

    /// Writes a text.
    pub async fn text(&self, content: impl Into<String>) -> Delivery {
        self.send(Inbound::text(content)).await
    }

    /// Sends a picture.
    pub async fn image(&self, bytes: impl Into<Bytes>) -> Delivery {
        self.send(Inbound::image(bytes)).await
    }

    /// Any event by name and fields.
    pub async fn event(&self, name: &str, fields: Vec<Node>) -> Delivery {
        self.send(Inbound::event(name, fields)).await
    }

    /// Follows the account.
    pub async fn follow(&self) -> Delivery {
        self.send(Inbound::subscribe(None)).await
    }

    /// Stops following.
    pub async fn unfollow(&self) -> Delivery {
        self.send(Inbound::unsubscribe()).await
    }

    /// Taps a menu entry.
    pub async fn click(&self, key: &str) -> Delivery {
        self.send(Inbound::click(key)).await
    }

    /// Everything the account sent to this person, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.world
            .state()
            .people
            .get(&self.openid)
            .map(|person| person.sent.clone())
            .unwrap_or_default()
    }

    /// Waits until at least `count` messages were sent (at most `Options::patience`) and returns all.
    pub async fn wait_for_sent(&self, count: usize) -> Result<Vec<Sent>, TooFew> {
        let found = self.world.wait_for(self.world.options.patience, |state| {
            state
                .people
                .get(&self.openid)
                .map(|person| &person.sent)
                .filter(|sent| sent.len() >= count)
                .cloned()
        });
        found.await.ok_or_else(|| TooFew {
            wanted: count,
            found: self.sent(),
        })
    }

    /// What the account may still send.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let now_ms = self.world.now_ms();
        self.world
            .state()
            .people
            .get(&self.openid)
            .map(|person| person.windows.quota(now_ms))
            .unwrap_or_default()
    }

    /// Whether "is typing" shows.
    #[must_use]
    pub fn sees_typing(&self) -> bool {
        let now_ms = self.world.now_ms();
        self.world
            .state()
            .people
            .get(&self.openid)
            .is_some_and(|person| now_ms < person.typing_until_ms)
    }
}

impl Person {
    /// What an action changes between the person and the account.
    fn apply(
        &mut self,
        event: Option<&str>,
        rules: &crate::rules::WindowRules,
        trigger: Option<crate::rules::Trigger>,
        now_ms: u64,
    ) {
        match event {
            Some("subscribe") => {
                self.following = true;
                self.followed_at = now_ms / 1000;
            }
            Some("unsubscribe") => {
                self.following = false;
                self.windows.close_all();
            }
            _ => {}
        }
        if let Some(trigger) = trigger {
            self.windows.open(rules, trigger, now_ms);
            self.last_exchange_ms = Some(now_ms);
        }
    }
}
