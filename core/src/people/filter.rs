//! Which customers are meant: what the list shows, a broadcast reaches, an export holds.
use crate::error::Refusal;
use crate::ids::{AgentId, ChannelId, Millis};
use crate::records::{Gender, Role, TagId};
use crate::rights::{self, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_channel::Action;

/// Characters of the words and of the region.
const TEXT: usize = 64;
/// Tags of which one is enough.
const TAGS: usize = 20;

/// Which customers. Everything that is given has to fit; nothing given means all of them. It is kept as JSON where
/// it is kept: an unknown field is refused, because a misspelt one would mean everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "CustomerFilter")]
pub struct Filter {
    /// Each of these words stands in the nickname, name, remark, phone number or an address (openid). At most 64
    /// characters.
    pub words: String,
    /// Served by this agent, now or once.
    pub served_by: Option<AgentId>,
    /// Has at least one of these service tags; at most 20.
    pub tags: Vec<TagId>,
    /// Known on this channel.
    pub channel: Option<ChannelId>,
    /// Known on a channel of this plugin, `wechat` for example.
    pub plugin: Option<String>,
    /// Did this.
    pub behaviour: Option<Did>,
    /// As an agent entered it.
    pub gender: Option<Gender>,
    /// Part of the postal address. At most 64 characters.
    pub region: String,
    /// Last contact at this time or later, Unix milliseconds.
    pub contact_from: Option<Millis>,
    /// Last contact at this time or earlier, Unix milliseconds.
    pub contact_to: Option<Millis>,
    /// On the blacklist, or not.
    pub blacklisted: Option<bool>,
    /// With an open conversation, or without.
    pub open: Option<bool>,
}

/// A behaviour that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Did {
    /// What.
    pub kind: Action,
    /// At this time or later, Unix milliseconds; absent: ever.
    #[serde(default)]
    pub since: Option<Millis>,
}

impl Filter {
    /// Refuses what is out of its bounds.
    pub fn check(&self) -> Result<(), Refusal> {
        short("words", &self.words)?;
        short("region", &self.region)?;
        short("plugin", self.plugin.as_deref().unwrap_or_default())?;
        if self.tags.len() > TAGS {
            return Err(Refusal::invalid(
                "tags",
                format!("最多按 {TAGS} 个标签筛选，请去掉一些。"),
                format!("At most {TAGS} tags; take some away."),
            ));
        }
        Ok(())
    }
}

fn short(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.chars().count() <= TEXT {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("最多 {TEXT} 个字符，请缩短后重试。"),
        format!("At most {TEXT} characters; shorten it and try again."),
    ))
}

/// Whose eyes a filter looks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All customers of the shop.
    All,
    /// Those this agent has to do with: has served them, is offered them, or anybody may take them.
    Of(AgentId),
}

impl Sight {
    /// What an agent with this role sees.
    #[must_use]
    pub fn new(agent: AgentId, role: Role) -> Self {
        if rights::may_read_records(role, Relation::Stranger) {
            Sight::All
        } else {
            Sight::Of(agent)
        }
    }
}
