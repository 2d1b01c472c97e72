//! An official account: the simulator, and the channel that belongs to it.
use super::server::Weikefu;
use weikefu_wechat_simulator::{Account, Mode, Options, Simulator, WindowRules};

/// A simulator whose account is a channel of the installation.
pub(crate) struct Official {
    pub(crate) simulator: Simulator,
    /// Number of the channel.
    pub(crate) channel: u64,
    /// The channel's path, `/c/<key>/`.
    pub(crate) path: String,
}

/// A platform that lets an account answer as often as it likes.
pub(crate) fn generous() -> Options {
    let mut options = Options::default();
    options.rules.message.messages = 100_000;
    options
}

/// Starts a simulator and adds the channel. The callback is set once the server has an address:
/// [`Official::connect`].
pub(crate) async fn official(weikefu: &Weikefu, mode: Mode, options: Options) -> Official {
    let counted = options.rules == WindowRules::since_2023();
    let simulator = Simulator::start(Account::random(mode), options).await.unwrap();
    let account = simulator.account();
    let mut settings = vec![
        format!("app_id={}", account.app_id),
        format!("app_secret={}", account.secret),
        format!("token={}", account.token),
        format!("encoding_aes_key={}", account.aes_key),
        format!("original_id={}", account.original_id),
        format!("mode={mode}"),
        format!("api_base={}", simulator.api_base()),
    ];
    if !counted {
        // Other rules than the plugin's own: the platform alone counts.
        settings.push("reply_rules=[]".into());
    }
    let mut order = vec!["channel", "add", "wechat", "--name", "测试公众号"];
    for setting in &settings {
        order.extend(["--set", setting]);
    }
    let channel = weikefu.order(&order);
    Official {
        simulator,
        channel: channel["channel"].as_u64().unwrap(),
        path: channel["path"].as_str().unwrap().to_owned(),
    }
}

impl Official {
    /// Points the account's callbacks at the server.
    pub(crate) fn connect(&self, address: &str) {
        let url = format!("http://{address}{}callback", self.path);
        self.simulator.set_callback(&url).unwrap();
    }
}
