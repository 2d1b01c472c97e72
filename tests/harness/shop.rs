//! A shop that is open: a running server, its administrator at the desk, a web channel.
use super::agent::Agent;
use super::server::Weikefu;
use super::visitor::Visitor;
use super::wechat::{Official, official};
use super::{eventually, texts};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Mode, Options};

/// One administrator `admin`, a web channel that lets visitors write as fast as they can.
pub(crate) struct Shop {
    pub(crate) weikefu: Weikefu,
    pub(crate) admin: Agent,
    /// Number of the web channel.
    pub(crate) h5: u64,
    /// Its path, `/c/<key>/`.
    pub(crate) path: String,
}

impl Shop {
    /// Opens it. The administrator is online and accepts by hand.
    pub(crate) async fn open() -> Self {
        let (mut weikefu, password) = Weikefu::with_shop();
        let made = weikefu.order(&["channel", "add", "h5", "--set", "messages_per_10_seconds=10000"]);
        weikefu.start();
        let admin = Agent::first_login(weikefu.address(), "admin", &password).await;
        let shop = Shop {
            admin,
            h5: made["channel"].as_u64().unwrap(),
            path: made["path"].as_str().unwrap().to_owned(),
            weikefu,
        };
        shop.admin.acceptance(false, 0, "").await;
        shop.admin.online(true).await;
        shop
    }

    /// The same with an official account, whose callbacks come here.
    pub(crate) async fn open_with(mode: Mode, options: Options) -> (Self, Official) {
        let shop = Self::open().await;
        let official = official(&shop.weikefu, mode, options).await;
        official.connect(shop.weikefu.address());
        (shop, official)
    }

    /// The administrator takes every customer at once.
    pub(crate) async fn take_everybody(&self) {
        self.admin.acceptance(true, 200, "").await;
        self.admin.online(true).await;
    }

    /// One more agent, logged in, online, accepting by hand.
    pub(crate) async fn agent(&self, login: &str, role: &str) -> Agent {
        let made = self
            .weikefu
            .order(&["agent", "add", login, "--role", role, "--shop", "1"]);
        let password = made["one_time_password"].as_str().unwrap();
        let agent = Agent::first_login(self.weikefu.address(), login, password).await;
        agent.acceptance(false, 0, "").await;
        agent.online(true).await;
        agent
    }

    /// Somebody new on the shop's page.
    pub(crate) async fn visitor(&self) -> Visitor {
        Visitor::arrive(self.weikefu.address(), &self.path).await
    }

    /// Somebody new who has written `text`, and the conversation as `agent` sees it.
    pub(crate) async fn asks(&self, agent: &Agent, text: &str) -> (Visitor, Value) {
        let visitor = self.visitor().await;
        visitor.say(text, super::now(), text).await.ok();
        let conversation = self.found(agent, text).await;
        (visitor, conversation)
    }

    /// The conversation whose last message is `text`, once it is on the agent's desk.
    pub(crate) async fn found(&self, agent: &Agent, text: &str) -> Value {
        eventually(text, async || {
            let all = agent.conversations().await;
            all.into_iter().find(|known| known["last"]["text"] == text)
        })
        .await
    }

    /// The thread a conversation belongs to.
    pub(crate) async fn thread(&self, conversation: &Value) -> Vec<Value> {
        let customer = conversation["customer"]["id"].as_u64().unwrap();
        let channel = conversation["channel"]["id"].as_u64().unwrap();
        self.admin.thread(customer, channel).await
    }

    /// Somebody else's message right afterwards is stored: nothing has been disturbed.
    pub(crate) async fn still_works(&self, after: &str) {
        let visitor = self.visitor().await;
        let answer = visitor.say("fine", super::now(), after).await;
        assert_eq!(answer.ok()["duplicate"], false, "after {after}");
        assert_eq!(texts(&visitor.thread().await), [after]);
    }
}

impl Agent {
    /// Sets automatic acceptance.
    pub(crate) async fn acceptance(&self, auto: bool, limit: u32, greeting: &str) {
        let mut wanted = self.get("/settings/mine").await;
        wanted["auto"] = json!(auto);
        wanted["limit"] = json!(limit);
        wanted["greeting"] = json!(greeting);
        assert_eq!(self.put("/settings/mine", &wanted).await.ok(), wanted);
    }
}
