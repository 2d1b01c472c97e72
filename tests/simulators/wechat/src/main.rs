//! `weikefu-wechat-simulator`: the library as a program, for the demo and for tests of the executable.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use weikefu_wechat_simulator::{Account, Mode, Options, Simulator, WindowRules};

/// Plays the WeChat platform on this machine: an API for the account, a phone page for its customers.
#[derive(Parser)]
#[command(name = "weikefu-wechat-simulator", version)]
struct Arguments {
    /// Address of the API and the phone page; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where callbacks go, an `http://` address; can be set later with POST /sim/callback
    #[arg(long)]
    callback: Option<String>,
    /// wx… (random when left out, as are the other credentials)
    #[arg(long)]
    app_id: Option<String>,
    /// `AppSecret`
    #[arg(long, env = "WEIKEFU_SIM_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Callback token
    #[arg(long, env = "WEIKEFU_SIM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// `EncodingAESKey`, 43 characters
    #[arg(long, env = "WEIKEFU_SIM_AES_KEY", hide_env_values = true)]
    aes_key: Option<String>,
    /// gh_…
    #[arg(long)]
    original_id: Option<String>,
    /// plaintext, compatible or secure
    #[arg(long, default_value = "secure")]
    mode: Mode,
    /// The account's name on the phone page
    #[arg(long, default_value = "示例商城")]
    name: String,
    /// The year whose reply window applies
    #[arg(long, default_value_t = 2026)]
    rules: u16,
    /// Print addresses and credentials as one line of JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weikefu-wechat-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let random = Account::random(arguments.mode);
    let account = Account {
        app_id: arguments.app_id.unwrap_or(random.app_id),
        secret: arguments.secret.unwrap_or(random.secret),
        token: arguments.token.unwrap_or(random.token),
        aes_key: arguments.aes_key.unwrap_or(random.aes_key),
        original_id: arguments.original_id.unwrap_or(random.original_id),
        mode: arguments.mode,
    };
    let options = Options {
        listen: arguments.listen,
        display_name: arguments.name,
        rules: WindowRules::of_year(arguments.rules),
        ..Options::default()
    };
    let simulator = Simulator::start(account, options)
        .await
        .map_err(|error| error.to_string())?;
    if let Some(url) = &arguments.callback {
        simulator.set_callback(url).map_err(|error| error.to_string())?;
    }
    let base = simulator.api_base();
    let account = simulator.account();
    let line = if arguments.json {
        // The one who starts it needs the random credentials; nothing else prints them.
        json!({ "api_base": base, "page": format!("{base}/"), "callback": arguments.callback,
                "app_id": account.app_id, "secret": account.secret, "token": account.token,
                "aes_key": account.aes_key, "original_id": account.original_id, "mode": account.mode.to_string() })
        .to_string()
    } else {
        format!("API: {base}\nPhone page: {base}/\nStop with Ctrl-C. --json also prints the credentials.")
    };
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot print: {error}"))?;
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
