//! Runs the server.
use super::{Common, exit, log, orders, output, progress};
use crate::admin::control;
use crate::app::{App, Installation};
use crate::data::DataFolder;
use crate::http::{Server, ServerError};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use weikefu_core::error::Language;
use weikefu_core::throttle::Throttle;

#[derive(Args)]
pub(crate) struct Serve {
    /// 监听地址；端口 0 表示任选一个空闲端口
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// 用此目录里的页面代替内置页面（开发用）
    #[arg(long)]
    pub(super) web_dir: Option<PathBuf>,
    /// 不维护消息搜索索引（搜索结果始终不完整；下次正常启动时补齐）
    #[arg(long, hide = true)]
    pub(super) no_search: bool,
}

/// Why a server ended before it was asked to.
pub(super) enum Ended {
    Start(crate::app::StartError),
    Listen(ServerError),
    Store,
}

/// A server that is put together but does not serve yet.
pub(super) struct Prepared {
    pub(super) installation: Installation,
    pub(super) server: Server,
    folder: DataFolder,
    signals: Signals,
    /// Orders of the command line wait here from the moment anybody can know that a server runs.
    orders: UnixListener,
}

impl Serve {
    pub(super) fn run(&self, common: &Common) -> ExitCode {
        log::start(common.json);
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::failed(common, "runtime", &error.to_string());
                return exit::data();
            }
        };
        let served = runtime.block_on(async {
            let prepared = prepare(common, &common.data(), self.listen).await?;
            if self.no_search {
                prepared.installation.index.rest();
            }
            announce(common, &prepared);
            serve(prepared, self.web_dir.clone(), None).await
        });
        end(common, served)
    }
}

/// Turns the end of a server into words and an exit code.
pub(super) fn end(common: &Common, served: Result<(), Ended>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended::Start(error)) => orders::start_failed(common, &error),
        Err(Ended::Listen(error)) => {
            output::failed(common, "listen", &listen_text(common.language(), &error));
            exit::listen()
        }
        Err(Ended::Store) => {
            let text = match common.language() {
                Language::Chinese => "数据无法写入，已停止服务以免丢失消息。请检查磁盘空间，然后重新启动。",
                Language::English => {
                    "The store cannot be written; the server has stopped so that nothing is lost. Check the disk \
                     space, then start it again."
                }
            };
            output::failed(common, "store_failed", text);
            exit::store()
        }
    }
}

fn listen_text(language: Language, error: &ServerError) -> String {
    match (language, error) {
        (Language::Chinese, ServerError::InUse(address)) => {
            format!("{address} 已被其他程序占用。请停止那个程序，或用 --listen 换一个端口。")
        }
        (Language::Chinese, ServerError::Listen(address, error)) => format!("无法监听 {address}：{error}"),
        (Language::English, error) => error.to_string(),
    }
}

/// Opens the data and binds the address; the address first, because it is cheaper to refuse.
pub(super) async fn prepare(common: &Common, data: &Path, listen: SocketAddr) -> Result<Prepared, Ended> {
    // Before anybody is told that we listen: who stops us at once is to be heard too.
    let signals = Signals::hear().map_err(|error| Ended::Start(error.into()))?;
    let server = Server::bind(listen).await.map_err(Ended::Listen)?;
    let folder = DataFolder::open(data).map_err(|error| Ended::Start(error.into()))?;
    let opened = progress::show(orders::opening(common.language()), || Installation::open(&folder));
    let (installation, report) = opened.map_err(Ended::Start)?;
    for repair in &report.repairs {
        tracing::warn!(%repair, "the last run ended hard; repaired");
    }
    let orders = control::listen(&folder.control()).map_err(|error| Ended::Start(error.into()))?;
    Ok(Prepared {
        installation,
        server,
        folder,
        signals,
        orders,
    })
}

fn announce(common: &Common, prepared: &Prepared) {
    let address = prepared.server.address();
    let fresh = matches!(prepared.installation.trees.shops.first(&()), Ok(None));
    if common.json {
        output::json(&serde_json::json!({ "event": "listening", "address": address, "initialised": !fresh }));
        return;
    }
    let chinese = common.language() == Language::Chinese;
    output::line(&format!(
        "{}http://{address}/",
        if chinese {
            "微客服已启动："
        } else {
            "weikefu is running: "
        }
    ));
    if fresh {
        output::line(if chinese {
            "还没有店铺。请在另一个终端运行：weikefu init --shop 店铺名称 --login 管理员账号（数据目录相同）"
        } else {
            "There is no shop yet. In another terminal, with the same data folder: weikefu init"
        });
    }
}

/// Serves until a signal comes or the store fails.
pub(super) async fn serve(
    prepared: Prepared,
    web_dir: Option<PathBuf>,
    demo_page: Option<String>,
) -> Result<(), Ended> {
    let Prepared {
        installation,
        server,
        folder,
        mut signals,
        orders,
    } = prepared;
    let web = web_dir.as_deref().map(weikefu_ui::Overrides::open).transpose();
    let web = web.map_err(|error| Ended::Start(error.into()))?;
    let orders = tokio::spawn(control::serve(orders, installation.clone()));
    // A channel may take long to open; who wants to stop meanwhile need not wait for it.
    let stopped_early = tokio::select! {
        () = Box::pin(installation.start()) => false,
        () = signals.stop() => true,
    };
    let (stop, stopping) = watch::channel(false);
    let app = Arc::new(App {
        installation: installation.clone(),
        throttle: Throttle::default(),
        open_pages: crate::http::OpenPages::default(),
        stopping: stopping.clone(),
        web,
        demo_page,
    });
    let serving = tokio::spawn(server.serve(app, stopping));
    let failed = tokio::select! {
        () = std::future::ready(()), if stopped_early => false,
        () = signals.stop() => false,
        () = installation.engine.ended() => true,
    };
    let _ = stop.send(true);
    let _ = serving.await;
    orders.abort();
    let _ = std::fs::remove_file(folder.control());
    if !failed {
        installation.channels.settle().await;
    }
    installation.channels.close_all().await;
    if failed {
        return Err(Ended::Store);
    }
    installation.close().map_err(|error| Ended::Start(error.into()))
}

/// Ctrl-C and a supervisor's wish to stop.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Hears them from now on, and remembers one that comes before it is waited for.
    fn hear() -> std::io::Result<Self> {
        Ok(Signals {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
