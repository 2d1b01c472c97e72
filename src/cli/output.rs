//! What commands print: text for people, one JSON object a line for scripts.
use super::{Common, exit};
use crate::admin::{AgentDone, AgentLine, ChannelDone, Done, PluginLine, Refused, SearchIndex};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use weikefu_core::error::Language;
use weikefu_core::records::Role;

/// Prints a line. A closed pipe is the reader's wish.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints one JSON object.
pub(super) fn json(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(value) {
        line(&text);
    }
}

/// Prints JSON for people.
pub(super) fn pretty(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string_pretty(value) {
        line(&text);
    }
}

/// Prints a sentence about something that went wrong.
pub(super) fn failed(common: &Common, code: &str, text: &str) {
    if common.json {
        json(&serde_json::json!({ "error": { "code": code, "message": text } }));
    } else {
        let _ = writeln!(std::io::stderr(), "weikefu: {text}");
    }
}

/// Prints a refusal.
pub(super) fn refused(common: &Common, refused: &Refused) -> ExitCode {
    let text = match common.language() {
        Language::Chinese => &refused.zh,
        Language::English => &refused.en,
    };
    failed(common, &refused.code, text);
    exit::refused()
}

/// Prints what an order has done.
pub(super) fn done(common: &Common, done: &Done) -> ExitCode {
    if common.json {
        json(&in_one_language(common.language(), done));
    } else {
        text(common.language(), done);
    }
    match done {
        Done::Messages(report) if !report.stuck.is_empty() => exit::found(),
        Done::Imported(report) if report.error_count > 0 => exit::refused(),
        _ => ExitCode::SUCCESS,
    }
}

/// What is printed as JSON: like `done`, but how a channel is doing is one text, as the console gets it.
fn in_one_language(language: Language, done: &Done) -> serde_json::Value {
    let mut value = serde_json::to_value(done).unwrap_or_default();
    if let Done::Messages(report) = done {
        return super::doctor::json(language, report);
    }
    let pick = |channel: &mut serde_json::Value| {
        let key = match language {
            Language::Chinese => "zh",
            Language::English => "en",
        };
        if let Some(words) = channel.get_mut("status").filter(|words| words.is_object()) {
            *words = words[key].take();
        }
    };
    match value
        .get_mut("channels")
        .and_then(serde_json::Value::as_array_mut)
    {
        Some(channels) => channels.iter_mut().for_each(pick),
        None => pick(&mut value),
    }
    value
}

/// Chooses between the two languages.
type Say = fn(&'static str, &'static str) -> &'static str;

fn text(language: Language, done: &Done) {
    let say: Say = match language {
        Language::Chinese => |zh, _| zh,
        Language::English => |_, en| en,
    };
    match done {
        Done::Agent(made) => agent(say, made),
        Done::Shop(made) => shop(say, made.shop, &made.shop_name),
        Done::ShopMade(made) => {
            shop(say, made.shop, &made.shop_name);
            agent(say, &made.administrator);
        }
        Done::Shops { shops } => {
            list(
                shops,
                say(
                    "还没有店铺，请运行 weikefu init。",
                    "No shop yet: run `weikefu init`.",
                ),
                |shop| format!("{:>4}  {}", shop.shop, shop.shop_name),
            );
        }
        Done::Agents { agents } => {
            let none = say(
                "还没有客服，请运行 weikefu init。",
                "No agent yet: run `weikefu init`.",
            );
            list(agents, none, |agent| agent_line(language, say, agent));
        }
        Done::Channel(made) => channel(language, say, made),
        Done::Channels { channels } => {
            let none = say(
                "还没有渠道，例如：weikefu channel add h5 --name 商城客服",
                "No channel yet, for example: weikefu channel add h5 --name shop",
            );
            list(channels, none, |channel| channel_line(language, say, channel));
        }
        Done::Messages(report) => super::doctor::print(language, report),
        Done::Exported(exported) => super::tables::exported(language, exported),
        Done::Imported(report) => super::tables::imported(language, report),
        Done::Search(index) => search(language, index),
        Done::Broadcast(one) => super::broadcast::print(language, one),
        Done::Broadcasts { broadcasts } => {
            list(broadcasts, say("还没有群发。", "No broadcast yet."), |one| {
                super::broadcast::short(language, one)
            });
        }
        Done::Plugins { plugins } => {
            list(plugins, say("没有插件。", "No plugins."), |plugin| {
                plugin_line(language, say, plugin)
            });
        }
    }
}

fn search(language: Language, index: &SearchIndex) {
    let (messages, size) = (index.search_messages, index.bytes.div_ceil(1_000_000));
    line(&match (language, index.building) {
        (Language::Chinese, None) => format!("搜索索引已就绪：可搜索 {messages} 条消息，占用 {size} MB。"),
        (Language::English, None) => format!("The search index is complete: {messages} messages, {size} MB."),
        (Language::Chinese, Some(left)) => {
            format!(
                "搜索索引正在补齐（会话 {} / {}），期间搜索结果可能不完整。",
                left.done, left.total
            )
        }
        (Language::English, Some(left)) => format!(
            "The search index is being made ({} of {} conversations); until then a search may not find everything.",
            left.done, left.total
        ),
    });
}

fn list<T>(items: &[T], none: &str, print: impl Fn(&T) -> String) {
    if items.is_empty() {
        line(none);
    }
    for item in items {
        line(&print(item));
    }
}

fn shop(say: Say, number: u32, name: &str) {
    line(&format!("{} {number}  {name}", say("店铺", "Shop")));
}

fn agent(say: Say, agent: &AgentDone) {
    line(&format!(
        "{} {} ({})",
        say("客服", "Agent"),
        agent.login,
        agent.nickname
    ));
    if let Some(password) = &agent.one_time_password {
        line(&format!(
            "{} {password}",
            say("一次性密码：", "One-time password:")
        ));
        line(say(
            "首次登录后需设置新密码。此密码只显示这一次，请妥善转交。",
            "It must be changed at the first login. It is shown only this once.",
        ));
    }
}

fn agent_line(language: Language, say: Say, agent: &AgentLine) -> String {
    let roles: Vec<String> = agent
        .roles
        .iter()
        .map(|(shop, role)| format!("{shop}:{}", role_name(language, *role)))
        .collect();
    let state = if agent.disabled {
        say("已停用", "disabled")
    } else if agent.must_change_password {
        say("待改密码", "password to be changed")
    } else {
        ""
    };
    format!(
        "{:>4}  {}  {}  {}  {state}",
        agent.agent,
        agent.login,
        agent.nickname,
        roles.join(" ")
    )
}

fn channel(language: Language, say: Say, channel: &ChannelDone) {
    line(&format!(
        "{} {}  {}  {}",
        say("渠道", "Channel"),
        channel.channel,
        channel.plugin,
        channel.name
    ));
    line(&format!("{} {}", say("地址：", "Address:"), channel.path));
    if let Some(status) = trouble(language, channel) {
        line(&format!("{} {status}", say("状态：", "Status:")));
    }
}

/// What is wrong with a channel.
fn trouble(language: Language, channel: &ChannelDone) -> Option<&str> {
    let words = channel.status.as_ref()?;
    let text = match language {
        Language::Chinese => &words.zh,
        Language::English => &words.en,
    };
    Some(text.as_str()).filter(|text| *text != "ok")
}

fn channel_line(language: Language, say: Say, channel: &ChannelDone) -> String {
    let state = match (trouble(language, channel), channel.enabled) {
        (_, false) => say("停用", "disabled"),
        (Some(trouble), true) => trouble,
        _ => "ok",
    };
    format!(
        "{:>4}  {}  {}  {}  {state}",
        channel.channel, channel.plugin, channel.name, channel.path
    )
}

fn plugin_line(language: Language, say: Say, plugin: &PluginLine) -> String {
    let kind = if plugin.bundled {
        say("内置", "bundled")
    } else {
        say("已安装", "installed")
    };
    match (&plugin.refused, language) {
        (Some((zh, _)), Language::Chinese) => format!("✗ {}  {kind}  {zh}", plugin.plugin),
        (Some((_, en)), Language::English) => format!("✗ {}  {kind}  {en}", plugin.plugin),
        (None, _) => {
            let version = plugin.version.as_deref().unwrap_or_default();
            format!(
                "✓ {} {version}  {kind}  {}",
                plugin.plugin,
                plugin.name.as_deref().unwrap_or_default()
            )
        }
    }
}

fn role_name(language: Language, role: Role) -> &'static str {
    match (language, role) {
        (Language::Chinese, Role::Agent) => "普通客服",
        (Language::Chinese, Role::Senior) => "高级客服",
        (Language::Chinese, Role::Administrator) => "管理员",
        (Language::English, Role::Agent) => "agent",
        (Language::English, Role::Senior) => "senior",
        (Language::English, Role::Administrator) => "administrator",
    }
}
