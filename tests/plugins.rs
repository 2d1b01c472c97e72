//! Plugins nobody can trust: files that are none, and one that panics, hangs and blocks.
use crate::harness::{Browser, Shop, Weikefu, now, texts};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The shared object of a plugin that misbehaves on request; Cargo leaves it beside the test executable.
fn fixture() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .with_file_name("libweikefu_fixture.so")
}

/// Puts a file where installed plugins lie.
fn install(weikefu: &Weikefu, name: &str, bytes: &[u8]) {
    let folder = weikefu.data().join("plugins");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}

/// How a plugin is listed.
fn listed<'a>(plugins: &'a Value, id: &str) -> &'a Value {
    let all = plugins["plugins"].as_array().unwrap();
    all.iter()
        .find(|plugin| plugin["plugin"] == id)
        .unwrap_or_else(|| panic!("{id} in {plugins}"))
}

#[tokio::test]
async fn a_file_that_is_no_plugin_is_refused_in_one_sentence_and_nothing_else_happens() {
    let shop = Shop::open().await;
    let good = std::fs::read(fixture()).unwrap();
    let mut other_machine = good.clone();
    // The machine's number in the file's head: none of ours.
    other_machine[18] = 0x08;
    let mut damaged = good.clone();
    let middle = damaged.len() / 4;
    damaged[64..middle].fill(0xa5);
    let library = [
        "/lib/x86_64-linux-gnu/libm.so.6",
        "/lib/aarch64-linux-gnu/libm.so.6",
        "/usr/lib/libm.so.6",
    ];
    let foreign = library.iter().find_map(|path| std::fs::read(path).ok()).unwrap();
    let files: [(&str, &[u8]); 7] = [
        ("empty", b""),
        ("words", b"this is a text and no program at all"),
        ("head", &good[..64]),
        ("truncated", &good[..good.len() / 2]),
        ("machine", &other_machine),
        ("damaged", &damaged),
        ("foreign", &foreign),
    ];
    for (name, bytes) in files {
        install(&shop.weikefu, &format!("{name}.so"), bytes);
    }
    install(&shop.weikefu, "notes.txt", b"not looked at");
    // A plugin of a bundled one's name does not take its place.
    install(&shop.weikefu, "wechat.so", b"mine now");
    let mut weikefu = shop.weikefu;
    weikefu.stop();
    weikefu.start_again().await;
    let plugins = weikefu.order(&["plugin", "list"]);
    for (name, _) in files {
        let plugin = listed(&plugins, name);
        // In Chinese and in English, each with the file and what to do about it.
        let reasons = plugin["refused"].as_array();
        for reason in reasons.unwrap_or_else(|| panic!("{name} was taken")) {
            let reason = reason.as_str().unwrap();
            assert!(
                reason.contains(name) && reason.contains(".so"),
                "{name}: {reason}"
            );
            assert!(!reason.contains('\n') && reason.len() < 600, "{name}: {reason}");
            println!("{reason}");
        }
        assert_eq!(
            (&plugin["bundled"], &plugin["version"]),
            (&json!(false), &Value::Null)
        );
    }
    for bundled in ["h5", "wechat"] {
        let plugin = listed(&plugins, bundled);
        assert_eq!(
            (&plugin["bundled"], &plugin["refused"]),
            (&json!(true), &Value::Null)
        );
    }
    let said = weikefu.say(&["plugin", "list"]);
    assert!(
        said.code == 0 && said.out.contains("✗ truncated") && said.out.contains("✓ h5"),
        "{said:?}"
    );
    let (code, refused) = weikefu.try_order(&["channel", "add", "truncated"]);
    assert!(
        code == 1
            && refused["error"]["message"]
                .as_str()
                .unwrap()
                .contains("truncated.so"),
        "{refused}"
    );
    let shop = Shop { weikefu, ..shop };
    shop.still_works("all of them").await;
}

/// A shop with a channel of the misbehaving plugin.
struct Stage {
    shop: Shop,
    browser: Browser,
    path: String,
}

impl Stage {
    async fn open() -> Self {
        let mut shop = Shop::open().await;
        shop.weikefu.expect_panics();
        install(&shop.weikefu, "fixture.so", &std::fs::read(fixture()).unwrap());
        shop.weikefu.stop();
        shop.weikefu.start_again().await;
        let made = shop.weikefu.order(&["channel", "add", "fixture"]);
        assert_eq!(made["status"], "ok");
        Stage {
            browser: Browser::new(shop.weikefu.address()),
            path: made["path"].as_str().unwrap().to_owned(),
            shop,
        }
    }

    async fn ask(&self, trick: &str) -> (u16, String) {
        let answer = self.browser.get(&format!("{}{trick}", self.path)).await;
        (
            answer.status.as_u16(),
            String::from_utf8_lossy(&answer.body).into_owned(),
        )
    }
}

#[tokio::test]
async fn a_panic_in_a_plugin_fails_one_call() {
    let stage = Stage::open().await;
    assert_eq!(stage.ask("counts").await, (200, "[1,1,0]".into()));
    let visitor = stage.shop.visitor().await;
    let (mut socket, _) = visitor.connect(None).await;
    for calls in [2, 4] {
        let (status, body) = stage.ask("panic").await;
        assert!(
            status == 500 && !body.contains("as it was told to"),
            "{status} {body}"
        );
        // The same instance goes on with what it knew.
        assert_eq!(stage.ask("counts").await, (200, format!("[{},1,0]", calls + 1)));
    }
    assert_eq!(stage.ask("spawn-panic").await.0, 200);
    assert_eq!(stage.ask("counts").await.0, 200);
    assert!(
        stage.shop.weikefu.log().contains("as it was told to"),
        "{}",
        stage.shop.weikefu.log()
    );
    // Sockets, messages and other channels have not noticed.
    visitor.say("a", now(), "还好吗").await.ok();
    socket
        .until("the message", |frame| {
            (frame["message"]["content"]["text"] == "还好吗").then_some(())
        })
        .await;
    let path = format!("{}emit?peer=someone", stage.path);
    let emitted = stage.browser.post(&path, &json!("从插件来")).await.ok();
    assert_eq!(emitted["duplicate"], false);
    stage.shop.found(&stage.shop.admin, "\"从插件来\"").await;
    stage.shop.still_works("a panic").await;
}

#[tokio::test]
async fn a_plugin_that_panics_at_once_or_is_set_wrongly_has_a_card_that_says_so() {
    let stage = Stage::open().await;
    let set = |mode: &str| {
        let setting = format!("mode={mode}");
        stage
            .shop
            .weikefu
            .order(&["channel", "set", "2", "--set", &setting])["status"]
            .clone()
    };
    for (mode, words) in [("refuse", "不是可用的取值"), ("panic", "")] {
        let status = set(mode);
        let status = status.as_str().unwrap();
        assert!(status != "ok" && status.contains(words), "{mode}: {status}");
        assert_eq!(stage.ask("counts").await.0, 404, "{mode}");
        let mut reader = stage.shop.admin.clone();
        let chinese = card(&reader).await;
        assert_eq!(chinese["status"]["health"], "degraded");
        assert_eq!(chinese["status"]["text"], status);
        reader.browser = reader.browser.with("accept-language", "en");
        let english = card(&reader).await["status"]["text"].clone();
        assert!(english.as_str().unwrap().is_ascii(), "{english}");
        let said = stage.shop.weikefu.english(&["channel", "list"]).out;
        assert!(said.contains(english.as_str().unwrap()), "{said}");
        stage.shop.still_works(mode).await;
    }
    assert_eq!(set(""), "ok");
    assert_eq!(stage.ask("counts").await.0, 200);
}

/// What an agent sees of the fixture's channel.
async fn card(agent: &crate::harness::Agent) -> serde_json::Value {
    let desk = agent.desk().await;
    let channels = desk["channels"].as_array().unwrap();
    channels
        .iter()
        .find(|channel| channel["id"] == 2)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_plugin_that_hangs_or_blocks_holds_up_only_itself() {
    let stage = Stage::open().await;
    let gate = stage.shop.weikefu.folder().join("gate");
    let hanging = {
        let (browser, path) = (stage.browser.clone(), format!("{}hang", stage.path));
        tokio::spawn(async move { browser.try_send(http::Method::GET, &path, &[], "").await })
    };
    // A call that never ends does not keep others of the same instance out.
    assert_eq!(stage.ask("counts").await.0, 200);
    let blocking = {
        let (browser, path) = (
            stage.browser.clone(),
            format!("{}block?until={}", stage.path, gate.display()),
        );
        tokio::spawn(async move { browser.try_send(http::Method::GET, &path, &[], "").await.unwrap() })
    };
    // One that keeps its thread holds up its own channel; the others answer.
    for n in 0..3 {
        stage.shop.still_works(&format!("blocked {n}")).await;
    }
    assert!(!blocking.is_finished());
    std::fs::write(&gate, "").unwrap();
    assert_eq!(blocking.await.unwrap().body, "late");
    assert_eq!(stage.ask("counts").await.0, 200);
    // Who gives up waiting frees what was waiting.
    hanging.abort();
    crate::harness::eventually("the hanging call was dropped", async || {
        stage.ask("counts").await.1.ends_with(",1]").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_message_the_plugin_never_answers_for_stays_on_its_way_and_holds_up_no_other() {
    let stage = Stage::open().await;
    stage.shop.take_everybody().await;
    let path = format!("{}emit?peer=silent", stage.path);
    stage.browser.post(&path, &json!("喂")).await.ok();
    let silent = stage.shop.found(&stage.shop.admin, "\"喂\"").await;
    let hanging = stage.shop.admin.say(&silent, "h", "hang").await.ok();
    stage.shop.admin.delivered(&silent, &hanging, "sending").await;
    let behind = stage.shop.admin.say(&silent, "b", "后面的").await.ok();
    assert_eq!(
        behind["delivery"]["state"], "queued",
        "in order, one after the other"
    );
    let (visitor, conversation) = stage.shop.asks(&stage.shop.admin, "别处").await;
    let answer = stage.shop.admin.say(&conversation, "o", "在的").await.ok();
    stage
        .shop
        .admin
        .delivered(&conversation, &answer, "accepted")
        .await;
    assert_eq!(texts(&visitor.thread().await), ["别处", "在的"]);
}

#[tokio::test]
async fn bundled_plugins_are_unpacked_for_nobody_else_to_write() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::open().await;
    let mut found = 0;
    let mut folders = vec![shop.weikefu.data().join("plugins")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o022, 0, "{}: {mode:o}", path.display());
            if path.is_dir() {
                folders.push(path);
            } else {
                found += 1;
            }
        }
    }
    assert!(found >= 2);
}

#[tokio::test]
async fn a_plugin_that_never_opens_does_not_keep_anybody_from_stopping() {
    let mut shop = Shop::open().await;
    install(&shop.weikefu, "fixture.so", &std::fs::read(fixture()).unwrap());
    shop.weikefu.stop();
    shop.weikefu
        .order(&["channel", "add", "fixture", "--set", "mode=hang"]);
    shop.weikefu.start_again().await;
    let started = std::time::Instant::now();
    shop.weikefu.stop();
    assert!(
        started.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}
