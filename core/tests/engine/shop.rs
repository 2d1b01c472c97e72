//! A shop on a real store in a folder of its own.
use tempfile::TempDir;
use tokio::sync::mpsc;
use weikefu_channel::{Content, Inbound, Profile, What};
use weikefu_core::desk::{AgentSettings, Command, Desk, Effect, Reply};
use weikefu_core::engine::Engine;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, ShopId};
use weikefu_core::records::Conversation;
use weikefu_core::trees::Trees;
use weikefu_storage::{Db, Options};

pub(crate) const SHOP: ShopId = ShopId(3);
pub(crate) const WIDGET: ChannelId = ChannelId(1);

pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) trees: Trees,
    pub(crate) effects: mpsc::UnboundedReceiver<Effect>,
    pub(crate) folder: TempDir,
}

/// A store alone.
pub(crate) fn trees(folder: &TempDir) -> Trees {
    let (db, _) = Db::open(folder.path(), Options::default()).unwrap();
    Trees::open(&db).unwrap()
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    fn at(folder: TempDir) -> Self {
        let trees = trees(&folder);
        let (tell, effects) = mpsc::unbounded_channel();
        let engine = Engine::start(trees.clone(), tell).unwrap();
        Shop {
            engine,
            trees,
            effects,
            folder,
        }
    }

    /// Ends the engine and starts again from the folder.
    pub(crate) async fn restart(self) -> Self {
        let Shop {
            engine,
            trees,
            mut effects,
            folder,
        } = self;
        drop((engine, trees));
        // The engine's thread lets go of its end last of all.
        while effects.recv().await.is_some() {}
        Self::at(folder)
    }

    pub(crate) async fn run(&self, command: Command) -> Reply {
        self.try_run(command).await.unwrap()
    }

    pub(crate) async fn try_run(&self, command: Command) -> Result<Reply, Refusal> {
        self.engine.execute(SHOP, command).await
    }

    pub(crate) async fn desk(&self) -> Desk {
        self.engine.look(SHOP, Desk::clone).await.unwrap()
    }

    /// An agent at the desk who accepts by hand.
    pub(crate) async fn agent(&self, agent: u32) -> AgentId {
        let agent = AgentId(agent);
        self.run(Command::Join { agent }).await;
        let settings = AgentSettings::accepting(false, 0, "");
        self.run(Command::Configure { agent, settings }).await;
        self.run(Command::SetOnline { agent, online: true }).await;
        agent
    }

    /// A customer writes; returns the conversation.
    pub(crate) async fn written(&self, peer: &str, id: &str) -> Conversation {
        self.run(write(peer, id, id)).await;
        let peer = peer.to_owned();
        let look = move |desk: &Desk| desk.conversation_with(WIDGET, &peer).cloned();
        self.engine.look(SHOP, look).await.unwrap().unwrap()
    }

    /// A customer writes and the agent accepts.
    pub(crate) async fn served(&self, agent: AgentId, peer: &str) -> ConversationId {
        let conversation = self.written(peer, "first").await;
        self.run(Command::Accept {
            agent,
            conversation: conversation.id,
            epoch: conversation.epoch,
        })
        .await;
        conversation.id
    }

    /// The agent writes; returns the sequence number.
    pub(crate) async fn sent(&self, agent: AgentId, conversation: ConversationId, client_id: &str) -> u32 {
        let send = Command::Send {
            agent,
            conversation,
            client_id: client_id.to_owned(),
            content: Content::text(client_id),
            force: false,
        };
        match self.run(send).await {
            Reply::Message(_, seq, _) => seq,
            other => panic!("{other:?}"),
        }
    }
}

/// The command of a customer who writes a text.
pub(crate) fn write(peer: &str, id: &str, text: &str) -> Command {
    Command::Receive {
        rules: [].into(),
        channel: WIDGET,
        inbound: Inbound {
            peer: peer.to_owned(),
            dedupe: id.to_owned(),
            sent_at: 1_800_000_000_000,
            what: What::Message {
                content: Content::text(text),
            },
            profile: Profile::default(),
            trigger: None,
            passive: None,
        },
    }
}
