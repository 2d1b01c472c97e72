//! A shop to try everything in: two agents, a WeChat simulator, a sample page with the widget.
use super::serve::{self, Ended, Prepared};
use super::{Common, log, output};
use crate::admin::{self, AgentDone, ChannelDone, Done, Order};
use clap::Args;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::records::Role;
use weikefu_core::rights::Asker;

/// The page with the widget; made with the widget.
const SHOP_PAGE: &str = include_str!("../../ui-assets/widget/demo/shop.html");
/// The account the simulator and the demo's channel agree on. Worth nothing outside the simulator.
const APP_ID: &str = "wxdemo0000000001";

#[derive(Args)]
pub(crate) struct Demo {
    /// 监听地址
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// 用此目录里的页面代替内置页面（开发用）
    #[arg(long)]
    web_dir: Option<PathBuf>,
    /// 微信模拟器程序（由 cargo xtask demo 提供）；省略则不演示公众号
    #[arg(long)]
    simulator: Option<PathBuf>,
    /// 模拟器监听地址
    #[arg(long, default_value = "127.0.0.1:0")]
    simulator_listen: SocketAddr,
}

/// What the simulator prints when it is ready.
#[derive(Deserialize)]
struct SimulatorReady {
    #[serde(alias = "address", alias = "api", alias = "api_base")]
    base: String,
}

struct Stage {
    agents: Vec<AgentDone>,
    h5: ChannelDone,
    simulator: Option<(Child, String)>,
}

impl Demo {
    pub(super) fn run(&self, common: &Common) -> ExitCode {
        log::start(common.json);
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::failed(common, "runtime", &error.to_string());
                return super::exit::data();
            }
        };
        // Ends with this function, and its files with it.
        let temporary = match tempfile::Builder::new().prefix("weikefu-demo-").tempdir() {
            Ok(folder) => folder,
            Err(error) => {
                let text = format!("无法创建临时目录（{error}）。请检查磁盘空间，或用 --data 指定目录。");
                output::failed(common, "data", &text);
                return super::exit::data();
            }
        };
        let data = common
            .data
            .clone()
            .unwrap_or_else(|| temporary.path().join("data"));
        let served = runtime.block_on(async {
            let prepared = serve::prepare(common, &data, self.listen).await?;
            let stage = match self.stage(&prepared).await {
                Ok(stage) => stage,
                Err(refusal) => {
                    output::failed(common, refusal.code().0, &refusal.text(common.language()));
                    return Ok(false);
                }
            };
            let address = prepared.server.address();
            let page = SHOP_PAGE
                .replace("{{SERVER}}", &format!("http://{address}"))
                .replace(
                    "{{KEY}}",
                    stage.h5.path.trim_start_matches("/c/").trim_end_matches('/'),
                );
            tell(common, address, &stage);
            serve::serve(prepared, self.web_dir.clone(), Some(page))
                .await
                .map(|()| true)
        });
        match served {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => super::exit::refused(),
            Err(ended) => serve::end(common, Err::<(), Ended>(ended)),
        }
    }

    /// Makes what is missing. A data folder that was used before keeps what it has.
    async fn stage(&self, prepared: &Prepared) -> Result<Stage, Refusal> {
        let installation = &prepared.installation;
        let order = |order| admin::run(installation, Asker::Owner, order);
        let fresh = installation.trees.shops.first(&())?.is_none();
        let mut agents = Vec::new();
        for (login, nickname, role) in [
            ("xiaolin", "小林", Role::Administrator),
            ("xiaochen", "小陈", Role::Agent),
        ] {
            let (login, nickname) = (login.to_owned(), nickname.to_owned());
            let made = if fresh && role == Role::Administrator {
                let shop = "微客服演示店".into();
                order(Order::Init {
                    shop,
                    login,
                    nickname,
                })
                .await?
            } else if installation.accounts.by_login(&login).is_ok() {
                order(Order::AgentPassword { login }).await?
            } else {
                let shop = Some(1);
                order(Order::AgentAdd {
                    login,
                    nickname,
                    shop,
                    role,
                })
                .await?
            };
            if let Done::Agent(agent) = made {
                agents.push(agent);
            }
        }
        let title = vec![("title".to_owned(), "山间茶舍客服".to_owned())];
        let h5 = channel(prepared, "h5", "商城在线客服", title).await?;
        let simulator = match &self.simulator {
            Some(program) => Some(self.simulate(prepared, program).await?),
            None => None,
        };
        Ok(Stage {
            agents,
            h5,
            simulator,
        })
    }

    async fn simulate(&self, prepared: &Prepared, program: &Path) -> Result<(Child, String), Refusal> {
        let secrets = [random(24)?, random(16)?, random(43)?];
        let [secret, token, aes_key] = &secrets;
        let settings = |base: &str| {
            [
                ("app_id", APP_ID),
                ("app_secret", secret),
                ("token", token),
                ("encoding_aes_key", aes_key),
                ("api_base", base),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
        };
        // The channel's address has to exist before the simulator can call it; its settings follow below.
        let wechat = channel(prepared, "wechat", "演示公众号", settings("http://127.0.0.1:1")).await?;
        let callback = format!("http://{}{}callback", prepared.server.address(), wechat.path);
        let failed = |error: std::io::Error| {
            let zh = format!(
                "微信模拟器 {} 无法启动（{error}）。请用 cargo xtask demo 启动演示。",
                program.display()
            );
            let en = format!(
                "The simulator {} did not start ({error}). Use `cargo xtask demo`.",
                program.display()
            );
            Refusal::invalid("simulator", zh, en)
        };
        let mut child = Command::new(program)
            .args([
                "--listen",
                &self.simulator_listen.to_string(),
                "--callback",
                &callback,
                "--json",
            ])
            .args([
                "--app-id",
                APP_ID,
                "--secret",
                secret,
                "--token",
                token,
                "--aes-key",
                aes_key,
                "--mode",
                "secure",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let output = child
            .stdout
            .take()
            .ok_or_else(|| failed(std::io::ErrorKind::BrokenPipe.into()))?;
        let line = BufReader::new(output)
            .lines()
            .next_line()
            .await
            .map_err(failed)?
            .unwrap_or_default();
        let ready: SimulatorReady = serde_json::from_str(&line).map_err(|error| failed(error.into()))?;
        let base = if ready.base.starts_with("http") {
            ready.base
        } else {
            format!("http://{}", ready.base)
        };
        let order = Order::ChannelSet {
            id: wechat.channel,
            name: None,
            enabled: None,
            settings: settings(&base),
        };
        admin::run(&prepared.installation, Asker::Owner, order).await?;
        Ok((child, base))
    }
}

/// The first channel of a plugin, made or set.
async fn channel(
    prepared: &Prepared,
    plugin: &str,
    name: &str,
    settings: Vec<(String, String)>,
) -> Result<ChannelDone, Refusal> {
    let installation = &prepared.installation;
    let known = match admin::run(installation, Asker::Owner, Order::ChannelList { shop: Some(1) }).await? {
        Done::Channels { channels } => channels.into_iter().find(|channel| channel.plugin == plugin),
        _ => None,
    };
    let order = match known {
        Some(known) => Order::ChannelSet {
            id: known.channel,
            name: None,
            enabled: Some(true),
            settings,
        },
        None => Order::ChannelAdd {
            plugin: plugin.into(),
            shop: Some(1),
            name: Some(name.into()),
            settings,
        },
    };
    match admin::run(installation, Asker::Owner, order).await? {
        Done::Channel(channel) => Ok(channel),
        _ => Err(Refusal::Unavailable),
    }
}

/// Random letters and digits.
fn random(length: usize) -> Result<String, Refusal> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::Unavailable)?;
    Ok(bytes
        .iter()
        .map(|byte| LETTERS[usize::from(byte & 31)] as char)
        .collect())
}

fn tell(common: &Common, address: SocketAddr, stage: &Stage) {
    let simulator = stage.simulator.as_ref().map(|(_, base)| base.as_str());
    if common.json {
        return output::json(&serde_json::json!({
            "event": "listening",
            "address": address,
            "agents": stage.agents,
            "shop_page": format!("http://{address}/demo/shop"),
            "simulator": simulator,
        }));
    }
    let chinese = common.language() == Language::Chinese;
    let say = |zh: &str, en: &str| output::line(if chinese { zh } else { en });
    say("", "");
    say(
        "微客服演示已启动，请在浏览器里打开：",
        "The demo is running. Open in a browser:",
    );
    output::line(&format!(
        "  {:<14} http://{address}/",
        if chinese { "客服工作台" } else { "console" }
    ));
    output::line(&format!(
        "  {:<14} http://{address}/demo/shop",
        if chinese { "示例商城页" } else { "sample shop" }
    ));
    if let Some(base) = simulator {
        output::line(&format!(
            "  {:<14} {base}/",
            if chinese {
                "模拟微信"
            } else {
                "simulated WeChat"
            }
        ));
    }
    say("", "");
    say(
        "客服账号（一次性密码，首次登录后设置新密码）：",
        "Agents (one-time passwords, to be changed at the first login):",
    );
    for agent in &stage.agents {
        let password = agent.one_time_password.as_deref().unwrap_or_default();
        output::line(&format!("  {:<10} {}  {password}", agent.login, agent.nickname));
    }
    say("", "");
    say("试一试：", "Try this:");
    say(
        "  1. 用 xiaolin 登录工作台，点左侧头像上线。",
        "  1. Log in as xiaolin and go online with the switch at the avatar.",
    );
    say(
        "  2. 打开示例商城页，点右下角客服按钮写一句话。",
        "  2. Open the sample shop and write something in the chat.",
    );
    if simulator.is_some() {
        say(
            "  3. 在模拟微信里给公众号发消息、发图片。",
            "  3. Write to the account in the simulated WeChat.",
        );
    }
    say(
        "  4. 在工作台回复；用 xiaochen 在另一个浏览器登录，看看客户如何分配。",
        "  4. Reply; log in as xiaochen in another browser.",
    );
    say("按 Ctrl-C 结束。", "Ctrl-C ends it.");
}
