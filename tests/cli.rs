//! The command line: what it prints for people and for scripts, how it ends, what it never shows.
use crate::harness::{Agent, Browser, CHOSEN, Shop, Weikefu};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Runs a command that must be refused; code and sentence of the refusal.
fn refused(weikefu: &Weikefu, arguments: &[&str]) -> (i32, String) {
    let (code, printed) = weikefu.try_order(arguments);
    let message = printed["error"]["message"].as_str().unwrap_or_default();
    assert!(
        code != 0 && !message.is_empty(),
        "{arguments:?} {code}: {printed}"
    );
    // The same for people, on the other stream and in their language.
    let said = weikefu.say(arguments);
    assert_eq!((said.code, said.out.as_str()), (code, ""), "{arguments:?}");
    assert_eq!(
        said.err.trim_end().lines().last(),
        Some(format!("weikefu: {message}").as_str())
    );
    assert!(!message.is_ascii() && !message.contains('\n'), "{message}");
    let english = Weikefu::english(weikefu, arguments);
    assert_eq!(english.code, code);
    assert!(english.err.starts_with("weikefu: "), "{english:?}");
    (code, message.to_owned())
}

#[test]
fn a_shop_is_made_from_nothing_in_the_words_of_the_help() {
    let weikefu = Weikefu::new();
    let said = weikefu.say(&["init", "--shop", "测试店铺"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("客服 admin (店主)") && said.out.contains("一次性密码："),
        "{}",
        said.out
    );
    let (code, again) = refused(&weikefu, &["init"]);
    assert_eq!(code, 1);
    assert!(again.contains("weikefu agent add"), "{again}");

    assert_eq!(
        weikefu.order(&["shop", "list"]),
        json!({ "shops": [{ "shop": 1, "shop_name": "测试店铺" }] })
    );
    let made = weikefu.order(&["shop", "add", "二店", "--login", "admin"]);
    assert_eq!((&made["shop"], &made["shop_name"]), (&json!(2), &json!("二店")));
    // Somebody who is known administers it with the account he has.
    assert_eq!(
        made["administrator"],
        json!({ "agent": 1, "login": "admin", "nickname": "店主", "one_time_password": null })
    );
    assert!(weikefu.say(&["shop", "list"]).out.contains("   2  二店"));
    // With two shops the one has to be named.
    assert_eq!(refused(&weikefu, &["agent", "add", "li"]).0, 1);
    assert_eq!(refused(&weikefu, &["channel", "add", "h5"]).0, 1);
    assert_eq!(refused(&weikefu, &["agent", "add", "li", "--shop", "3"]).0, 1);

    let li = weikefu.order(&[
        "agent",
        "add",
        "Li",
        "--shop",
        "2",
        "--role",
        "senior",
        "--nickname",
        "小李",
    ]);
    assert_eq!(
        (&li["agent"], &li["login"], &li["nickname"]),
        (&json!(2), &json!("li"), &json!("小李"))
    );
    assert_eq!(li["one_time_password"].as_str().unwrap().len(), 14);
    // Somebody who is known joins another shop with the account he has.
    let joined = weikefu.order(&["agent", "add", "li", "--shop", "1"]);
    assert_eq!(
        (&joined["agent"], &joined["one_time_password"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(refused(&weikefu, &["agent", "add", "li", "--shop", "1"]).0, 1);
    let agents = weikefu.order(&["agent", "list"])["agents"].clone();
    assert_eq!(agents.as_array().unwrap().len(), 2);
    assert_eq!(agents[1]["roles"], json!([[1, "agent"], [2, "senior"]]));
    assert_eq!(agents[1]["must_change_password"], true);
    assert_eq!(
        weikefu.order(&["agent", "list", "--shop", "2"])["agents"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let listed = weikefu.say(&["agent", "list"]).out;
    assert!(
        listed.contains("小李") && listed.contains("2:高级客服") && listed.contains("待改密码"),
        "{listed}"
    );
    let english = weikefu.english(&["agent", "list"]).out;
    assert!(
        english.contains("2:senior") && english.contains("password to be changed"),
        "{english}"
    );
    let reset = weikefu.order(&["agent", "passwd", "li"]);
    assert_ne!(reset["one_time_password"], li["one_time_password"]);
    assert!(
        weikefu
            .say(&["agent", "passwd", "li"])
            .out
            .contains("只显示这一次")
    );
    for bad in [
        &["agent", "passwd", "nobody"][..],
        &["agent", "add", "x", "--shop", "1"],
        &["agent", "add", "a b", "--shop", "1"],
        &["agent", "add", "wang", "--shop", "1", "--nickname", ""],
        &["shop", "add", "", "--login", "x1"],
        &["shop", "add", &"长".repeat(65), "--login", "x1"],
        &["shop", "add", "三店", "--login", "a b"],
        &["shop", "rename", "9", "九店"],
        &["shop", "rename", "2", ""],
    ] {
        assert_eq!(refused(&weikefu, bad).0, 1, "{bad:?}");
    }
}

#[test]
fn an_empty_folder_says_what_to_do_first() {
    let weikefu = Weikefu::new();
    for (command, hint) in [
        ("shop", "weikefu init"),
        ("agent", "weikefu init"),
        ("channel", "weikefu channel add"),
    ] {
        let said = weikefu.say(&[command, "list"]);
        assert!(said.code == 0 && said.out.contains(hint), "{said:?}");
    }
    assert!(
        refused(&weikefu, &["agent", "add", "li"])
            .1
            .contains("weikefu init")
    );
}

#[test]
fn what_is_written_wrongly_is_told_and_ends_with_2() {
    let weikefu = Weikefu::new();
    for arguments in [
        &["fly"][..],
        &["agent"],
        &["agent", "add"],
        &["agent", "add", "li", "--role", "king"],
        &["serve", "--listen", "here"],
        &["serve", "--listen", "127.0.0.1:99999"],
        &["shop", "add", "--unknown", "x"],
        &["shop", "add", "nobody's"],
        &["agent", "role", "li", "king"],
        &["channel", "set", "one"],
    ] {
        let said = weikefu.say(arguments);
        assert!(said.code == 2 && !said.err.is_empty(), "{arguments:?}: {said:?}");
    }
    assert!(!weikefu.data().exists(), "nothing was made");
    let nothing = Weikefu::program().output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    let help = weikefu.say(&["--help"]);
    assert!(
        help.code == 0 && help.out.contains("退出码") && help.out.contains("healthcheck"),
        "{help:?}"
    );
    let version = weikefu.say(&["version"]);
    assert_eq!(version.code, 0);
    let number = env!("CARGO_PKG_VERSION");
    assert!(
        version.out.starts_with(&format!("weikefu {number}")),
        "{}",
        version.out
    );
    assert_eq!(weikefu.order(&["version"])["version"], number);
}

/// The settings of an official account, with secrets that can be searched for.
const SECRETS: [(&str, &str); 3] = [
    ("app_secret", "f00dfacef00dfacef00dfacef00dface"),
    ("token", "TokenThatNobodyMayRead"),
    ("encoding_aes_key", "AesKeyThatNobodyMayReadAesKeyThatNobodyMayR"),
];

fn add_wechat(weikefu: &Weikefu) -> Value {
    let file = weikefu.folder().join("app.secret");
    std::fs::write(&file, format!("{}\n", SECRETS[0].1)).unwrap();
    let settings = [
        "app_id=wx0123456789abcdef".to_owned(),
        format!("app_secret=@{}", file.display()),
        format!("token={}", SECRETS[1].1),
        format!("encoding_aes_key={}", SECRETS[2].1),
        "api_base=http://127.0.0.1:1".to_owned(),
    ];
    let mut order = vec!["channel", "add", "wechat", "--name", "公众号"];
    for setting in &settings {
        order.extend(["--set", setting]);
    }
    weikefu.order(&order)
}

fn assert_no_secret(what: &str, text: &str) {
    for (name, secret) in SECRETS {
        assert!(!text.contains(secret), "{name} in {what}: {text}");
    }
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let (mut weikefu, _) = Weikefu::with_shop();
    let made = add_wechat(&weikefu);
    assert_eq!(made["settings"]["app_id"], "wx0123456789abcdef");
    for (name, _) in SECRETS {
        assert!(
            made["settings"]
                .get(name)
                .is_none_or(|shown| *shown != SECRETS[0].1),
            "{made}"
        );
    }
    let key = weikefu.data().join("secret.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        weikefu.data().metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    let mut seen = made.to_string();
    let look = |weikefu: &Weikefu, seen: &mut String| {
        for arguments in [
            &["channel", "list"][..],
            &["channel", "set", "1", "--name", "新名"],
            &["plugin", "list"],
        ] {
            for said in [weikefu.say(arguments), weikefu.english(arguments)] {
                assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
                seen.push_str(&said.out);
                seen.push_str(&said.err);
            }
            seen.push_str(&weikefu.order(arguments).to_string());
        }
        // A refusal does not repeat the value either.
        for setting in [
            format!("token=令牌 {}", SECRETS[1].1),
            format!("nonsense={}", SECRETS[0].1),
        ] {
            let (_, printed) = weikefu.try_order(&["channel", "set", "1", "--set", &setting]);
            seen.push_str(&printed.to_string());
        }
    };
    look(&weikefu, &mut seen);
    let mut command = weikefu.command(&["channel", "list"]);
    command.env("RUST_LOG", "trace");
    let output = command.output().unwrap();
    seen.push_str(&String::from_utf8_lossy(&output.stdout));
    seen.push_str(&String::from_utf8_lossy(&output.stderr));
    assert_no_secret("what offline commands print", &seen);

    weikefu.trace();
    weikefu.start();
    let mut seen = String::new();
    look(&weikefu, &mut seen);
    let control = weikefu.data().join("control.sock");
    assert_eq!(control.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    weikefu.stop();
    assert!(!control.exists());
    assert_no_secret("what a server prints", &seen);
    assert_no_secret("the log", &weikefu.log());
    for (name, secret) in SECRETS {
        let found = weikefu.files_with(secret.as_bytes());
        assert!(found.is_empty(), "{name} in clear in {found:?}");
    }
    // Without its key the store does not open them, and says so.
    std::fs::write(&key, [7; 32]).unwrap();
    weikefu.start();
    let listed = weikefu.order(&["channel", "list"]);
    let status = listed["channels"][0]["status"].as_str().unwrap();
    assert!(status.contains("secret.key"), "{status}");
    weikefu.stop();
    std::fs::write(&key, [7; 31]).unwrap();
    let (code, printed) = weikefu.try_order(&["channel", "list"]);
    assert!(
        code == 3
            && printed["error"]["message"]
                .as_str()
                .unwrap()
                .contains("secret.key"),
        "{printed}"
    );
}

#[tokio::test]
async fn settings_are_checked_by_their_names_and_types() {
    let (mut weikefu, _) = Weikefu::with_shop();
    let made = weikefu.order(&[
        "channel",
        "add",
        "h5",
        "--set",
        "title=甲",
        "--set",
        "messages_per_10_seconds=30",
    ]);
    assert_eq!(made["settings"]["messages_per_10_seconds"], 30);
    assert_eq!(
        (&made["name"], &made["enabled"], &made["status"]),
        (&json!("h5"), &json!(true), &Value::Null)
    );
    for (arguments, hint) in [
        (&["channel", "add", "wechat"][..], "app_id"),
        (&["channel", "add", "nothing"], "nothing"),
        (&["channel", "add", "h5", "--set", "colour=red"], "color"),
        (&["channel", "add", "h5", "--set", "title"], "名称=值"),
        (
            &["channel", "add", "h5", "--set", "messages_per_10_seconds=many"],
            "messages_per_10_seconds",
        ),
        (&["channel", "add", "h5", "--set", "enabled=perhaps"], "enabled"),
        (
            &["channel", "add", "h5", "--set", "title=@/no/such/file"],
            "/no/such/file",
        ),
        (&["channel", "set", "9", "--name", "x"], "9"),
    ] {
        let (code, message) = refused(&weikefu, arguments);
        assert!(code == 1 && message.contains(hint), "{arguments:?}: {message}");
    }
    assert_eq!(
        weikefu.order(&["channel", "list"])["channels"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // What breaks the plugin's schema is refused before it is stored, without a server as well as with one.
    let broken = [
        "color=red",
        "title=很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很",
        "messages_per_10_seconds=0",
        "messages_per_10_seconds=10001",
        "language=fr",
        "identity_secret=short",
        "allowed_origins=https://a.example,ftp://b.example",
    ];
    let judge = |weikefu: &Weikefu| {
        broken.map(|setting| {
            let (code, message) = refused(weikefu, &["channel", "set", "1", "--set", setting]);
            let field = setting.split('=').next().unwrap();
            assert!(code == 1 && message.starts_with(field), "{setting}: {message}");
            assert!(!message.contains("short"), "{message}");
            let said = weikefu.english(&["channel", "set", "1", "--set", setting]);
            assert!(said.code == 1 && said.err.is_ascii(), "{said:?}");
            message
        })
    };
    let before = weikefu.order(&["channel", "list"]);
    let offline = judge(&weikefu);
    assert_eq!(weikefu.order(&["channel", "list"]), before);
    weikefu.start();
    assert_eq!(judge(&weikefu), offline);
    // A running server tells at once what the plugin says of a setting, and serves by the new ones.
    let bad = weikefu.order(&["channel", "set", "1", "--set", "title= "]);
    assert!(bad["status"].as_str().unwrap().contains("title"), "{bad}");
    let path = bad["path"].as_str().unwrap();
    let browser = Browser::new(weikefu.address());
    let unknown = browser.get(&format!("{path}entry")).await;
    assert_eq!(unknown.refused(), (404, "not_found".into()));
    assert!(!unknown.json()["message"].as_str().unwrap().is_ascii());
    let english = Browser::new(weikefu.address()).with("accept-language", "en");
    for path in [path, "/c/no-such-key/"] {
        let unknown = english.get(&format!("{path}entry")).await;
        assert_eq!(unknown.refused(), (404, "not_found".into()));
        assert!(unknown.json()["message"].as_str().unwrap().is_ascii(), "{path}");
        assert_eq!(unknown.headers["access-control-allow-origin"], "*");
    }
    let good = weikefu.order(&["channel", "set", "1", "--set", "color=", "--set", "title=乙"]);
    assert_eq!(good["status"], "ok");
    assert_eq!(browser.get(&format!("{path}entry")).await.ok()["title"], "乙");
    let off = weikefu.order(&["channel", "set", "1", "--enabled", "false"]);
    assert!(off["enabled"] == false && off["status"] != "ok", "{off}");
    assert_eq!(browser.get(&format!("{path}entry")).await.status, 404);
    weikefu.order(&["channel", "set", "1", "--enabled", "true"]);
    assert_eq!(browser.get(&format!("{path}entry")).await.status, 200);
    // Also while the server is just opening the channel as it was before.
    for n in 0..5 {
        weikefu.kill();
        weikefu.start_again().await;
        let title = format!("title=第{n}版");
        assert_eq!(
            weikefu.order(&["channel", "set", "1", "--set", &title])["status"],
            "ok"
        );
        let shown = browser.get(&format!("{path}entry")).await.ok();
        assert_eq!(shown["title"], format!("第{n}版"));
    }
}

/// A row of orders, without what is random in their answers.
fn a_day(weikefu: &Weikefu) -> Vec<(i32, Value)> {
    let orders = [
        &["shop", "add", "二店", "--login", "admin"][..],
        &["agent", "add", "li", "--shop", "1"],
        &["agent", "add", "li", "--shop", "2", "--role", "administrator"],
        &["agent", "add", "li", "--shop", "2", "--role", "administrator"],
        &["agent", "list"],
        &["agent", "passwd", "li"],
        &["agent", "passwd", "nobody"],
        &["agent", "disable", "li"],
        &["agent", "list"],
        &["agent", "enable", "li"],
        &["agent", "disable", "admin"],
        &["agent", "role", "admin", "agent", "--shop", "1"],
        &["agent", "role", "li", "senior", "--shop", "1"],
        &["agent", "role", "li", "senior", "--shop", "3"],
        &["agent", "logout", "li"],
        &["agent", "logout", "nobody"],
        &["agent", "remove", "li", "--shop", "1"],
        &["agent", "remove", "li", "--shop", "1"],
        &["agent", "remove", "admin", "--shop", "1"],
        &["agent", "list"],
        &["shop", "rename", "2", "河边店"],
        &["channel", "add", "h5", "--shop", "2", "--set", "title=二店客服"],
        &["channel", "add", "h5"],
        &["channel", "set", "1", "--name", "网页", "--set", "welcome=您好"],
        &["channel", "set", "1", "--set", "nothing=1"],
        &["channel", "set", "7"],
        &["channel", "list", "--shop", "2"],
        &["channel", "list", "--shop", "1"],
        &["shop", "list"],
        &["plugin", "list"],
        &["init"],
    ];
    orders
        .iter()
        .map(|order| {
            let (code, mut printed) = weikefu.try_order(order);
            strip(&mut printed);
            (code, printed)
        })
        .collect()
}

/// Takes out what differs by nature: random words, and what only a server can know.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["one_time_password", "path"] {
                if let Some(field) = fields.get_mut(name).filter(|field| field.is_string()) {
                    *field = json!("random");
                }
            }
            fields.remove("status");
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[test]
fn orders_mean_the_same_with_and_without_a_server() {
    let (offline, _) = Weikefu::with_shop();
    let (mut online, _) = Weikefu::with_shop();
    online.start();
    let (without, with) = (a_day(&offline), a_day(&online));
    for (one, other) in without.iter().zip(&with) {
        assert_eq!(one, other);
    }
    assert!(without.iter().any(|(code, _)| *code == 1));
    // What a server has done is there after its end.
    online.kill();
    let (code, listed) = online.try_order(&["agent", "list"]);
    assert_eq!((code, listed["agents"].as_array().unwrap().len()), (0, 2));
}

#[tokio::test]
async fn an_order_to_a_running_server_takes_effect_at_once() {
    let shop = Shop::open().await;
    let mut events = shop.admin.events(None).await;
    let made = shop.weikefu.order(&["agent", "add", "li"]);
    events
        .until("the new agent", |frame| {
            (frame["agent"]["id"] == made["agent"]).then_some(())
        })
        .await;
    let li = Agent::login(
        shop.weikefu.address(),
        "li",
        made["one_time_password"].as_str().unwrap(),
    )
    .await;
    assert_eq!(
        li.browser.get("/api/session").await.ok()["shops"][0]["role"],
        "agent"
    );
}

#[test]
fn two_processes_never_share_a_folder() {
    let (mut weikefu, _) = Weikefu::with_shop();
    weikefu.start();
    let second = weikefu.say(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert!(
        second.err.contains("另一个 weikefu") && second.err.contains("--data"),
        "{second:?}"
    );
    let english = weikefu.english(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(english.code == 3 && english.err.contains("--data"), "{english:?}");
    let (code, printed) = weikefu.try_order(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((code, &printed["error"]["code"]), (3, &json!("store_locked")));
    // The first has not noticed.
    assert_eq!(
        weikefu.order(&["healthcheck", "--address", weikefu.address()])["status"],
        "ok"
    );
    weikefu.stop();
    assert_eq!(weikefu.try_order(&["shop", "list"]).0, 0);
}

#[test]
fn a_port_in_use_ends_with_4_and_leaves_the_folder_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let weikefu = Weikefu::new();
    let (code, message) = refused(&weikefu, &["serve", "--listen", &address]);
    assert!(
        code == 4 && message.contains(&address) && message.contains("--listen"),
        "{message}"
    );
    assert!(!weikefu.data().join("store").exists());
    let (code, _) = weikefu.try_order(&["serve", "--listen", "192.0.2.1:80"]);
    assert_eq!(code, 4);
}

#[test]
fn a_healthcheck_tells_a_server_from_none() {
    let (mut weikefu, _) = Weikefu::with_shop();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let (code, printed) = weikefu.try_order(&["healthcheck", "--address", &free]);
    assert_eq!((code, &printed["error"]["code"]), (5, &json!("unreachable")));
    let said = weikefu.english(&["healthcheck", "--address", &free]);
    assert!(said.code == 5 && said.err.is_ascii(), "{said:?}");
    weikefu.start();
    let address = weikefu.address().to_owned();
    assert_eq!(
        weikefu.order(&["healthcheck", "--address", &address])["status"],
        "ok"
    );
    let said = weikefu.say(&["healthcheck", "--address", &address]);
    assert_eq!((said.code, said.out.as_str()), (0, "ok\n"));
    // Something else that answers is not healthy.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = other.accept().unwrap();
        // The request comes whole: one write, one packet, one read.
        let mut asked = [0; 1024];
        let length = stream.read(&mut asked).unwrap();
        assert!(asked[..length].ends_with(b"\r\n\r\n"));
        stream
            .write_all(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
    });
    let (code, printed) = weikefu.try_order(&["healthcheck", "--address", &elsewhere]);
    assert_eq!((code, &printed["error"]["code"]), (5, &json!("unhealthy")));
    answering.join().unwrap();
}

#[test]
fn a_folder_that_cannot_be_used_ends_with_3() {
    let weikefu = Weikefu::new();
    let file = weikefu.folder().join("file");
    std::fs::write(&file, "x").unwrap();
    for folder in [file.clone(), file.join("below"), "/proc/nothing".into()] {
        let mut command = Weikefu::program();
        let output = command
            .arg("--data")
            .arg(&folder)
            .args(["shop", "list"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{}: {text}", folder.display());
        assert!(text.contains("--data"), "{text}");
    }
}

#[tokio::test]
async fn a_folder_with_a_long_name_works_like_any_other() {
    let mut weikefu = Weikefu::new_in(&"很长的目录名".repeat(12));
    let password = weikefu.order(&["init"])["one_time_password"]
        .as_str()
        .unwrap()
        .to_owned();
    weikefu.start();
    Agent::first_login(weikefu.address(), "admin", &password).await;
    let made = weikefu.order(&["agent", "add", "li"]);
    assert_eq!(made["agent"], 2, "through the running server");
    weikefu.stop();
}

#[tokio::test]
async fn ctrl_c_and_a_supervisor_end_a_server_politely() {
    let (weikefu, _) = Weikefu::with_shop();
    for (round, signal) in ["-INT", "-TERM"].into_iter().cycle().take(12).enumerate() {
        let round = round / 2;
        let mut child = weikefu
            .human(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(child.stdout.take().unwrap()),
            &mut said,
        )
        .unwrap();
        assert!(said.starts_with("微客服已启动：http://127.0.0.1:"), "{said}");
        if round % 2 == 0 {
            // Announced means reachable.
            let address = said.trim().rsplit("//").next().unwrap();
            let healthy = Browser::new(address.trim_end_matches('/')).get("/healthz").await;
            assert_eq!(healthy.status, 200);
        }
        let told = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success() && child.wait().unwrap().success(), "{signal}");
    }
}

#[tokio::test]
async fn a_server_without_a_shop_waits_for_init() {
    let mut weikefu = Weikefu::new();
    weikefu.start();
    assert_eq!(Browser::new(weikefu.address()).get("/healthz").await.status, 200);
    let made = weikefu.order(&["init"]);
    let password = made["one_time_password"].as_str().unwrap();
    let admin = Agent::first_login(weikefu.address(), "admin", password).await;
    assert_eq!(admin.desk().await["me"]["nickname"], "店主");
    assert_ne!(password, CHOSEN);
}
