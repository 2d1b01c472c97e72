//! What nobody should send to the server itself: requests, sockets, connections.
use crate::harness::{Browser, Shop, Visitor, Weikefu, eventually, now, texts};
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are and reads until the server closes or nothing comes for a while.
async fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_the_readers_words() {
    let shop = Shop::open().await;
    let browser = &shop.admin.browser;
    let send = async |method: Method, path: &str, body: Vec<u8>| {
        let headers = [("content-type", "application/json")];
        browser.try_send(method, path, &headers, body).await.unwrap()
    };
    let presence = "/api/shops/1/presence";
    for body in [
        "{",
        "[]",
        "\"x\"",
        "{\"online\":\"yes\"}",
        "{\"online\":1}",
        "null",
        "\u{0}",
    ] {
        let answer = send(Method::POST, presence, body.into()).await;
        assert_eq!(answer.refused(), (400, "malformed".into()), "{body}");
        assert!(answer.json()["message"].as_str().unwrap().ends_with('。'));
    }
    let deep = send(Method::POST, presence, "[".repeat(100_000).into_bytes()).await;
    assert_eq!(deep.refused(), (400, "malformed".into()));
    let not_utf8 = send(Method::POST, presence, b"{\"online\":\"\xff\"}".to_vec()).await;
    assert_eq!(not_utf8.refused(), (400, "malformed".into()));
    for size in [(256 << 10) + 1, 10 << 20] {
        let answer = send(Method::POST, presence, vec![b' '; size]).await;
        assert_eq!(answer.refused(), (413, "too_large".into()), "{size}");
    }
    // Whoever sends a large file in vain is told why, not cut off.
    let file = vec![0; (20 << 20) + 1];
    let large = shop.admin.upload("image/png", "x", &file).await;
    assert_eq!(large.refused(), (413, "too_large".into()));
    let nobody = Browser::new(shop.weikefu.address());
    let uploaded = nobody.try_send(Method::POST, "/api/shops/1/media", &[], file);
    assert_eq!(uploaded.await.unwrap().refused(), (401, "unauthenticated".into()));
    let english = browser
        .clone()
        .with("accept-language", "en")
        .get("/api/nothing")
        .await;
    assert!(
        english.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("Not found")
    );
    shop.still_works("all of that").await;
}

#[tokio::test]
async fn addresses_that_name_nothing_are_not_found() {
    let shop = Shop::open().await;
    let browser = &shop.admin.browser;
    for (method, path) in [
        (Method::DELETE, "/api/session"),
        (Method::PUT, "/api/login"),
        (Method::POST, "/api/shops/1/desk"),
        (Method::POST, "/healthz"),
        (Method::POST, "/"),
    ] {
        assert_eq!(
            browser.json(method.clone(), path, &json!({})).await.status,
            405,
            "{method} {path}"
        );
    }
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/shops/1",
        "/api/shops/1/nothing",
        "/api/shops/x/desk",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.refused(), (404, "not_found".into()), "{path}");
        assert_eq!(answer.headers["content-type"], "application/json", "{path}");
    }
    for id in [
        "0",
        "-1",
        "x",
        "1.5",
        "18446744073709551616",
        "99999999999999999999999",
        "%00",
        "１",
    ] {
        let path = format!("/api/shops/1/conversations/{id}/accept");
        let answer = browser.post(&path, &json!({ "epoch": 1 })).await;
        assert_eq!(answer.refused(), (404, "not_found".into()), "{id}");
        assert_eq!(
            browser.get(&format!("/api/shops/1/customers/{id}")).await.status,
            404,
            "{id}"
        );
        assert_eq!(browser.get(&format!("/m/{id}")).await.status, 404, "{id}");
    }
    for query in [
        "",
        "channel=x",
        "channel=1&after=x",
        "channel=1&limit=x",
        "channel=1&after=1.1&before=1.1",
    ] {
        let (_, conversation) = shop.asks(&shop.admin, &format!("?{query}")).await;
        let path = format!(
            "/api/shops/1/customers/{}/messages?{query}",
            conversation["customer"]["id"]
        );
        assert_eq!(
            browser.get(&path).await.refused(),
            (400, "malformed".into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn no_address_leads_out_of_the_pages() {
    let (mut weikefu, _) = Weikefu::with_shop();
    let web = weikefu.folder().join("web");
    std::fs::create_dir_all(web.join("console")).unwrap();
    std::fs::create_dir_all(web.join("widget")).unwrap();
    for folder in [&web, &web.join("console"), &web.join("widget")] {
        std::fs::write(folder.join("index.html"), "the page").unwrap();
        std::fs::write(folder.join("loader.js"), "the loader").unwrap();
    }
    std::fs::write(weikefu.folder().join("secret.txt"), "out of bounds").unwrap();
    let web = web.to_str().unwrap().to_owned();
    for arguments in [&[][..], &["--web-dir", &web]] {
        let address = weikefu.start_with(arguments).to_owned();
        for up in [
            "..",
            "%2e%2e",
            "%2E.",
            "..%2f..",
            "..%5c..",
            "....//",
            "%252e%252e",
            ".%00.",
            "\\..\\..",
        ] {
            for start in ["/", "/w/", "/m/", "/assets/", "/c/x/", "//", "/demo/"] {
                for target in ["secret.txt", "data/secret.key", "etc/passwd", "data/store/db"] {
                    let path = format!("{start}{}{target}", format!("{up}/").repeat(6));
                    let request =
                        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
                    let answer = exchange(&address, request.as_bytes()).await;
                    assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
                    assert!(
                        !answer.contains("out of bounds") && !answer.contains("root:"),
                        "{path}"
                    );
                    let status: u16 = answer[9..12].parse().unwrap();
                    // A page of the application may answer; a file with an extension may not.
                    assert!([200, 400, 404].contains(&status), "{path}: {answer}");
                    assert!(status != 200 || answer.contains("text/html"), "{path}: {answer}");
                }
            }
        }
        weikefu.stop();
    }
}

#[tokio::test]
async fn bytes_that_are_no_http_end_their_connection_only() {
    let shop = Shop::open().await;
    let address = shop.weikefu.address();
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000));
    let heads = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(1000));
    let fat = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    for (what, bytes) in [
        ("noise", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"[..]),
        ("no version", b"GET /\r\n\r\n"),
        ("another protocol", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (
            "two lengths",
            b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}}",
        ),
        (
            "length and chunks",
            b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        ),
        (
            "bad chunks",
            b"POST /api/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ),
        (
            "a zero in a header",
            b"GET / HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
        ),
        ("a long path", long.as_bytes()),
        ("many headers", heads.as_bytes()),
        ("a long header", fat.as_bytes()),
    ] {
        let answer = exchange(address, bytes).await;
        let status = answer.get(9..12).unwrap_or("400");
        assert!(status.starts_with('4') || status == "505", "{what}: {answer}");
        shop.still_works(what).await;
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_shown_the_door() {
    let shop = Shop::open().await;
    let mut slow = Vec::new();
    for n in 0..100 {
        let mut stream = TcpStream::connect(shop.weikefu.address()).await.unwrap();
        let head = [
            "",
            "GET",
            "GET / HTTP/1.1\r\nhost: x\r\n",
            "GET / HTTP/1.1\r\nx: ",
        ][n % 4];
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // Meanwhile everybody else is served.
    let started = Instant::now();
    shop.still_works("a hundred slow ones").await;
    for mut stream in slow {
        let mut rest = Vec::new();
        let left = Duration::from_secs(30).saturating_sub(started.elapsed());
        let ended = tokio::time::timeout(left, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open after {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_its_own_socket_only() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    let (mut quiet, _) = visitor.connect(None).await;
    let events = shop.admin.events(None).await;
    for size in [(64 << 10) + 1, 1 << 20] {
        let (mut socket, _) = visitor.connect(None).await;
        // The server may hang up in the middle.
        let _ = socket
            .try_send(&json!({ "type": "ping", "x": "y".repeat(size) }))
            .await;
        while let Some(frame) = socket.next().await {
            assert_ne!(frame["type"], "pong", "{size}");
        }
    }
    let mut console = shop.admin.events(None).await;
    let _ = console.try_send(&json!("y".repeat(1 << 20))).await;
    while let Some(frame) = console.next().await {
        assert_eq!(frame["type"], "hello");
    }
    for frame in [
        "",
        "{",
        "[]",
        "null",
        "{\"type\":5}",
        "{\"type\":\"delete\"}",
        "{\"type\":\"send\"}",
    ] {
        quiet.send_text(frame).await;
        assert_eq!(quiet.next().await.unwrap()["code"], "bad_request", "{frame}");
    }
    let (mut binary, _) = visitor.connect(None).await;
    binary.send_bytes(&[0xff; 100]).await;
    assert_eq!(binary.next().await, None);
    // Both that did nothing wrong go on.
    quiet.send(&json!({ "type": "ping" })).await;
    assert_eq!(quiet.next().await.unwrap()["type"], "pong");
    visitor.say("a", now(), "还在").await.ok();
    let mut events = events;
    events
        .until("the message", |frame| {
            (frame["message"]["content"]["text"] == "还在").then_some(())
        })
        .await;
    quiet
        .until("the message", |frame| {
            (frame["message"]["content"]["text"] == "还在").then_some(())
        })
        .await;
    // A socket that says nothing, or not who it is, is not kept.
    let mut stranger = Browser::new(shop.weikefu.address())
        .socket(&format!("{}ws", shop.path))
        .await;
    stranger.send(&json!({ "type": "send", "client_id": "x", "created_at": now(), "content": { "kind": "text", "text": "x" } })).await;
    assert_eq!(stranger.next().await.unwrap()["type"], "error");
    assert_eq!(texts(&visitor.thread().await), ["还在"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_thousand_visitors_leave_at_once_the_next_is_served() {
    rlimit::increase_nofile_limit(8192).unwrap();
    let shop = Shop::open().await;
    shop.take_everybody().await;
    let mut visitors = Vec::new();
    for n in 0..125 {
        let visitor = shop.visitor().await;
        visitor.say("a", now(), &format!("访客{n}")).await.ok();
        visitors.push(visitor);
    }
    let coming = visitors.iter().map(|visitor| async {
        let mut sockets = Vec::new();
        for _ in 0..8 {
            sockets.push(visitor.connect(None).await.0);
        }
        sockets
    });
    let sockets: Vec<_> = futures_util::future::join_all(coming)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(sockets.len(), 1000);
    // No farewell: the connections just break, in the middle of a message for half of them.
    let mut leaving = tokio::task::JoinSet::new();
    for (n, mut socket) in sockets.into_iter().enumerate() {
        leaving.spawn(async move {
            if n % 2 == 0 {
                let text = json!({ "kind": "text", "text": "再见" });
                let frame = json!({ "type": "send", "client_id": format!("bye{n}"), "created_at": now(), "content": text });
                let _ = socket.try_send(&frame).await;
            }
            drop(socket);
        });
    }
    while leaving.join_next().await.is_some() {}
    let started = Instant::now();
    shop.still_works("a thousand who left").await;
    let next = shop.visitor().await;
    let (mut socket, _) = next.connect(None).await;
    let text = json!({ "kind": "text", "text": "下一位" });
    socket
        .send(&json!({ "type": "send", "client_id": "n", "created_at": now(), "content": text }))
        .await;
    let ack = socket
        .until("the ack", |frame| (frame["type"] == "ack").then(|| frame.clone()))
        .await;
    assert_eq!(ack["client_id"], "n");
    println!("the next visitor was served {:?} later", started.elapsed());
    // Those who left come back to what they had said, and may open as many windows as before.
    for visitor in visitors.iter().take(10) {
        assert_eq!(
            texts(&visitor.thread().await)[0]
                .chars()
                .take(2)
                .collect::<String>(),
            "访客"
        );
        let again: Vec<_> = eventually("all places are free again", async || {
            let mut again = Vec::new();
            for _ in 0..8 {
                let (socket, first) = visitor.try_connect(None).await?;
                again.push((first["type"] == "welcome").then_some(socket)?);
            }
            Some(again)
        })
        .await;
        assert_eq!(again.len(), 8);
    }
}

#[tokio::test]
async fn a_stop_lets_what_is_under_way_finish() {
    let mut shop = Shop::open().await;
    shop.take_everybody().await;
    let visitor = shop.visitor().await;
    visitor.say("a", now(), "先说一句").await.ok();
    let (mut socket, _) = visitor.connect(None).await;
    let mut events = shop.admin.events(None).await;
    assert_eq!(events.next().await.unwrap()["type"], "hello");
    let poll = {
        let cursor = visitor.thread().await[0]["cursor"].as_str().unwrap().to_owned();
        let (browser, path) = (visitor.browser.clone(), visitor.path.clone());
        tokio::spawn(async move {
            browser
                .try_send(Method::GET, &format!("{path}poll?after={cursor}"), &[], "")
                .await
        })
    };
    let writing = {
        let visitor = visitor.clone();
        tokio::spawn(async move {
            let mut stored = Vec::new();
            for n in 0.. {
                match visitor.try_say(&format!("w{n}"), now(), &format!("{n}")).await {
                    Ok(answer) if answer.status == 200 => stored.push(n),
                    _ => break,
                }
            }
            stored
        })
    };
    // Something is under way for certain once the first has been stored.
    events
        .until("a message", |frame| {
            (frame["message"]["content"]["text"] == "3").then_some(())
        })
        .await;
    let started = Instant::now();
    let mut weikefu = shop.weikefu;
    weikefu = tokio::task::spawn_blocking(move || {
        weikefu.stop();
        weikefu
    })
    .await
    .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(25),
        "{:?}",
        started.elapsed()
    );
    while socket.next().await.is_some() {}
    while events.next().await.is_some() {}
    let _ = poll.await.unwrap();
    let stored = writing.await.unwrap();
    weikefu.start_again().await;
    let thread = visitor.thread().await;
    let kept: Vec<i32> = texts(&thread)[1..]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(
        kept.starts_with(&stored) && kept.len() <= stored.len() + 1,
        "{kept:?} {stored:?}"
    );
    shop.weikefu = weikefu;
    shop.still_works("a restart").await;
}

#[tokio::test]
async fn headers_keep_pages_to_themselves() {
    let shop = Shop::open().await;
    let nobody = Browser::new(shop.weikefu.address());
    let console = nobody.get("/").await;
    assert_eq!(console.status, 200);
    assert!(
        console.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let policy = console.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"),
        "{policy}"
    );
    assert_eq!(console.headers["x-content-type-options"], "nosniff");
    let health = nobody.get("/healthz").await.ok();
    assert_eq!(health["status"], "ok");
    // A stored file is never run as a page, whatever its bytes are.
    let page = shop
        .admin
        .upload("text/html", "a.html", b"<script>alert(1)</script>")
        .await;
    if page.status == 200 {
        let path = format!("/m/{}", page.json()["id"].as_str().unwrap());
        let file = nobody.get(&path).await;
        assert!(
            file.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("sandbox")
        );
        assert!(
            file.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
    }
    let cors = nobody
        .try_send(Method::OPTIONS, &format!("{}session", shop.path), &[], "")
        .await
        .unwrap();
    assert_eq!(cors.headers["access-control-allow-origin"], "*");
    let api = nobody
        .clone()
        .with("origin", "https://evil.example")
        .get("/api/session")
        .await;
    assert!(!api.headers.contains_key("access-control-allow-origin"));
    let visitor: Value = Visitor::session(shop.weikefu.address(), &shop.path, &json!({}))
        .await
        .ok();
    assert!(visitor["token"].as_str().unwrap().len() > 20);
}
