//! The command line. One file per command.
mod broadcast;
mod demo;
mod doctor;
mod exit;
mod healthcheck;
mod log;
mod orders;
mod output;
mod progress;
mod search;
mod serve;
mod tables;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use weikefu_core::error::Language;
use weikefu_core::records::Role;

/// 微客服：一个可执行文件的客服工作台
#[derive(Parser)]
#[command(name = "weikefu", version, arg_required_else_help = true, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// 数据目录（默认 weikefu-data；demo 默认用临时目录，结束即删除）
    #[arg(long, global = true, env = "WEIKEFU_DATA")]
    data: Option<PathBuf>,
    /// 以 JSON 输出，便于脚本使用
    #[arg(long, global = true)]
    json: bool,
    /// 提示语言：zh-CN 或 en（默认按 LANG）
    #[arg(long, global = true)]
    lang: Option<String>,
}

impl Common {
    /// The data folder asked for, or the usual one.
    fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| "weikefu-data".into())
    }

    fn language(&self) -> Language {
        let system = || {
            ["LC_ALL", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
        };
        Language::choose(&self.lang.clone().or_else(system).unwrap_or_default())
    }
}

#[derive(Subcommand)]
enum Command {
    /// 启动服务
    Serve(serve::Serve),
    /// 初始化：创建店铺和第一位管理员（打印一次性密码）
    Init {
        /// 店铺名称
        #[arg(long, default_value = "我的店铺")]
        shop: String,
        /// 管理员账号
        #[arg(long, default_value = "admin")]
        login: String,
        /// 管理员昵称（客户可见）
        #[arg(long, default_value = "店主")]
        nickname: String,
    },
    /// 店铺
    #[command(subcommand)]
    Shop(Shop),
    /// 客服账号
    #[command(subcommand)]
    Agent(Agent),
    /// 渠道：公众号、H5 网页……
    #[command(subcommand)]
    Channel(Channel),
    /// 插件
    #[command(subcommand)]
    Plugin(Plugin),
    /// 体检：查出需要处理的问题
    #[command(subcommand)]
    Doctor(Doctor),
    /// 导出客户、标签或公共回复（服务运行与否都可以）
    Export(tables::Export),
    /// 导入客户、标签或公共回复（服务运行与否都可以）；有错误的行时什么都不导入，退出码为 1
    Import(tables::Import),
    /// 消息搜索
    #[command(subcommand)]
    Search(search::Search),
    /// 群发：查看、暂停、停止（服务运行与否都可以）
    #[command(subcommand)]
    Broadcast(Broadcast),
    /// 演示：临时店铺、两位客服、模拟微信和示例商城页
    Demo(demo::Demo),
    /// 检查正在运行的服务是否正常
    Healthcheck(healthcheck::Healthcheck),
    /// 版本
    Version,
    /// 打印控制台接口的 OpenAPI 文档
    Openapi,
    /// 在子进程中检查插件文件（内部使用）
    #[command(hide = true)]
    PluginHost {
        #[arg(long)]
        probe: PathBuf,
    },
}

#[derive(Subcommand)]
enum Shop {
    /// 新增店铺及其管理员；新账号会打印一次性密码，已有账号直接加入
    Add {
        /// 名称
        name: String,
        /// 管理员账号
        #[arg(long)]
        login: String,
        /// 管理员昵称（客户可见），默认与账号相同
        #[arg(long)]
        nickname: Option<String>,
    },
    /// 修改店铺名称
    Rename {
        /// 店铺编号
        id: u32,
        /// 新名称
        name: String,
    },
    /// 列出店铺
    List,
}

#[derive(Subcommand)]
enum Agent {
    /// 新增客服，打印一次性密码；已有账号则加入该店铺
    Add {
        /// 账号
        login: String,
        /// 昵称（客户可见），默认与账号相同
        #[arg(long)]
        nickname: Option<String>,
        /// 店铺编号，只有一个店铺时可省略
        #[arg(long)]
        shop: Option<u32>,
        /// 角色
        #[arg(long, value_enum, default_value = "agent")]
        role: RoleName,
    },
    /// 重置密码，打印新的一次性密码
    Passwd {
        /// 账号
        login: String,
    },
    /// 停用账号：立即退出登录，手上的客户回到等待列表
    Disable {
        /// 账号
        login: String,
    },
    /// 重新启用账号
    Enable {
        /// 账号
        login: String,
    },
    /// 修改角色
    Role {
        /// 账号
        login: String,
        /// 新角色
        #[arg(value_enum)]
        role: RoleName,
        /// 店铺编号，只有一个店铺时可省略
        #[arg(long)]
        shop: Option<u32>,
    },
    /// 移出店铺；移出最后一个店铺即注销账号
    Remove {
        /// 账号
        login: String,
        /// 店铺编号，只有一个店铺时可省略
        #[arg(long)]
        shop: Option<u32>,
    },
    /// 强制退出登录：结束该账号的全部登录
    Logout {
        /// 账号
        login: String,
    },
    /// 列出客服
    List {
        /// 只列出该店铺
        #[arg(long)]
        shop: Option<u32>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    /// 普通客服
    Agent,
    /// 高级客服
    Senior,
    /// 管理员
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Agent => Role::Agent,
            RoleName::Senior => Role::Senior,
            RoleName::Administrator => Role::Administrator,
        }
    }
}

#[derive(Subcommand)]
enum Channel {
    /// 新增渠道
    Add {
        /// 插件：wechat、h5……
        plugin: String,
        /// 店铺编号，只有一个店铺时可省略
        #[arg(long)]
        shop: Option<u32>,
        /// 显示名称
        #[arg(long)]
        name: Option<String>,
        /// 设置，可重复：名称=值；值为 @文件 时读取该文件（密钥不会留在命令历史里）
        #[arg(long = "set", value_name = "名称=值")]
        settings: Vec<String>,
    },
    /// 列出渠道
    List {
        /// 只列出该店铺
        #[arg(long)]
        shop: Option<u32>,
    },
    /// 修改渠道；值留空表示删除该设置
    Set {
        /// 渠道编号
        id: u32,
        /// 设置，可重复：名称=值
        #[arg(long = "set", value_name = "名称=值")]
        settings: Vec<String>,
        /// 显示名称
        #[arg(long)]
        name: Option<String>,
        /// 启用或停用
        #[arg(long)]
        enabled: Option<bool>,
    },
}

#[derive(Subcommand)]
enum Doctor {
    /// 列出没有发出去的消息、原因和下一步（服务运行与否都可以；最多回溯 90 天；有需要处理的消息时退出码为 7）
    Messages {
        /// 只检查该店铺
        #[arg(long)]
        shop: Option<u32>,
    },
}

#[derive(Subcommand)]
enum Broadcast {
    /// 列出最近的群发
    List {
        /// 店铺编号，只有一个店铺时可省略
        #[arg(long)]
        shop: Option<u32>,
    },
    /// 查看一次群发的结果
    Show {
        /// 群发编号
        id: u64,
    },
    /// 暂停；在控制台可以继续
    Pause {
        /// 群发编号
        id: u64,
    },
    /// 停止；不能再继续
    Stop {
        /// 群发编号
        id: u64,
    },
}

#[derive(Subcommand)]
enum Plugin {
    /// 列出插件及被拒绝的原因
    List,
}

impl Cli {
    /// Runs the command to its end.
    pub(crate) fn run(self) -> ExitCode {
        let common = self.common;
        match self.command {
            Command::Serve(serve) => serve.run(&common),
            Command::Demo(demo) => demo.run(&common),
            Command::Export(export) => export.run(&common),
            Command::Import(import) => import.run(&common),
            Command::Search(search) => search.run(&common),
            Command::Healthcheck(check) => check.run(&common),
            Command::Version => version(&common),
            Command::Openapi => openapi(),
            Command::PluginHost { probe } => weikefu_channel_host::probe_main(&probe),
            order => match orders::of(order) {
                Ok(order) => orders::run(&common, order),
                Err(refusal) => output::refused(&common, &refusal.into()),
            },
        }
    }
}

fn version(common: &Common) -> ExitCode {
    let console = if weikefu_ui::BUILT { "built" } else { "fallback" };
    let version = env!("CARGO_PKG_VERSION");
    if common.json {
        output::json(&serde_json::json!({ "version": version, "console": console }));
    } else {
        output::line(&format!("weikefu {version}  console={console}"));
    }
    ExitCode::SUCCESS
}

fn openapi() -> ExitCode {
    output::pretty(&crate::http::document());
    ExitCode::SUCCESS
}
