//! The official account whose callbacks are sent: played by the simulator, signed by its code in secure mode.

use crate::problem::Outcome;
use crate::requests;
use std::cell::Cell;
use weikefu_wechat_simulator::{Callback, Inbound, Mode, Options, SignedRequest, Simulator};

/// An account and its customers.
pub(crate) struct Account {
    simulator: Simulator,
    /// One message of each customer; the others are made from it.
    templates: Vec<Callback>,
    next: Cell<u64>,
}

/// The name of a customer on the platform.
pub(crate) fn openid(customer: usize) -> String {
    format!("o6_bmjrPTlm6_2sgVt7hMZ{customer:06}")
}

/// What stands for the text in a template.
const PLACE: &str = "PLACE";

impl Account {
    pub(crate) async fn new(customers: usize) -> Outcome<Self> {
        let account = weikefu_wechat_simulator::Account::random(Mode::Secure);
        let simulator = Simulator::start(account, Options::default()).await?;
        let templates = (0..customers)
            .map(|customer| {
                let openid = openid(customer);
                simulator.customer(&openid).write(Inbound::text(PLACE))
            })
            .collect();
        Ok(Self {
            simulator,
            templates,
            next: Cell::new(24_000_000_000_000_000),
        })
    }

    /// The settings of the channel.
    pub(crate) fn settings(&self) -> Vec<String> {
        let account = self.simulator.account();
        vec![
            format!("app_id={}", account.app_id),
            format!("app_secret={}", account.secret),
            format!("token={}", account.token),
            format!("encoding_aes_key={}", account.aes_key),
            "mode=secure".into(),
            format!("api_base={}", self.simulator.api_base()),
        ]
    }

    /// `host:port` of the platform.
    pub(crate) fn address(&self) -> String {
        let base = self.simulator.api_base();
        base.strip_prefix("http://").unwrap_or(&base).to_owned()
    }

    /// Asks the platform for the access token that the channel has too.
    pub(crate) fn token_request(&self) -> Vec<u8> {
        let account = self.simulator.account();
        let body = serde_json::json!({ "grant_type": "client_credential", "appid": account.app_id,
            "secret": account.secret })
        .to_string();
        format!(
            "POST /cgi-bin/stable_token HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// A new message of a customer, encrypted and signed now.
    pub(crate) fn sign(&self, customer: usize, number: usize) -> SignedRequest {
        let mut callback = self.templates[customer % self.templates.len()].clone();
        let id = self.next.get();
        self.next.set(id + 1);
        let (old, written) = (callback.msg_id.unwrap_or_default(), callback.create_time);
        callback.create_time = crate::machine::unix_seconds();
        let created = format!("<CreateTime>{}</CreateTime>", callback.create_time);
        callback.xml = callback
            .xml
            .replace(PLACE, &requests::text(number))
            .replace(&format!("<CreateTime>{written}</CreateTime>"), &created)
            .replace(&format!("<MsgId>{old}</MsgId>"), &format!("<MsgId>{id}</MsgId>"));
        callback.msg_id = Some(id);
        self.simulator.sign(&callback)
    }
}
