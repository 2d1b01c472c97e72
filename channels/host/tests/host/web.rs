//! `http` against a server of this machine.
use crate::support::{open_with, trick};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use weikefu_channel::{Cause, Request};
use weikefu_channel_host::{Instance, Limits};

/// Answers with what it was asked, or not at all.
async fn answer(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/never" {
        std::future::pending::<()>().await;
    }
    let mut line = format!("{} {} ", request.method(), request.uri()).into_bytes();
    let size = request
        .uri()
        .path()
        .strip_prefix("/big/")
        .and_then(|size| size.parse().ok());
    line.extend(request.into_body().collect().await.unwrap().to_bytes());
    let redirect = http::Response::builder()
        .status(302)
        .header("location", "http://127.0.0.1:9/")
        .header("x-a", "1");
    Ok(redirect
        .body(Full::new(size.map_or(line, |size| vec![b'x'; size]).into()))
        .unwrap())
}

/// Starts the server; it ends with the runtime.
async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                // A client that goes away is no failure of this test.
                let _ = served.await;
            });
        }
    });
    format!("http://{address}")
}

async fn open(base: &str) -> Instance {
    open_with(json!({ "base": base }), Limits::default())
        .await
        .unwrap()
        .0
}

#[tokio::test]
async fn a_request_goes_out_and_comes_back_and_no_redirect_is_followed() {
    let base = server().await;
    let instance = open(&format!("{base}/api")).await;
    for round in 0..3 {
        let url = format!("http?url={base}/a%3Fb={round}");
        let response = instance
            .receive(Request::get(url).with_body(b"body".to_vec()))
            .await
            .unwrap();
        assert_eq!((response.status, response.header_value("X-A")), (302, Some("1")));
        assert_eq!(response.body, format!("GET /a?b={round} body").into_bytes());
    }
}

#[tokio::test]
async fn other_hosts_are_out_of_reach() {
    let base = server().await;
    let instance = open(&base).await;
    for url in [
        "http://127.0.0.1:1/%3Ftoken=s3cret",
        "https://example.com/",
        "ftp://x/",
        "x",
        "",
    ] {
        let error = trick(&instance, &format!("http?url={url}")).await.unwrap_err();
        assert_eq!(error.kind, Cause::Rejected, "{url}");
        assert!(!error.message.contains("s3cret"));
    }
}

#[tokio::test]
async fn no_connection_is_retryable_no_answer_is_unknown() {
    let base = server().await;
    let instance = open(&base).await;
    // A connection that is already there leaves only the answer to wait for.
    trick(&instance, &format!("http?url={base}/")).await.unwrap();
    let late = trick(&instance, &format!("http?ms=300&url={base}/never%3Ftoken=s3cret"))
        .await
        .unwrap_err();
    assert_eq!(late.kind, Cause::Unknown, "{late}");
    assert!(!late.message.contains("s3cret"));

    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = trick(&open(&gone).await, &format!("http?url={gone}/"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Cause::Retryable, "{refused}");
    assert!(refused.message.contains("no connection"), "{refused}");

    // Accepts, reads a little and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 16]).await.unwrap() > 0);
        }
    });
    let broken = trick(&open(&rude).await, &format!("http?url={rude}/"))
        .await
        .unwrap_err();
    assert_eq!(broken.kind, Cause::Unknown, "{broken}");
}

#[tokio::test]
async fn answers_are_bounded() {
    let base = server().await;
    let instance = open(&base).await;
    let url = |size: usize| format!("http?url={base}/big/{size}");
    assert_eq!(
        trick(&instance, &url(32 << 20)).await.unwrap().body.len(),
        32 << 20
    );
    let error = trick(&instance, &url((32 << 20) + 1)).await.unwrap_err();
    assert_eq!(error.kind, Cause::Unknown, "{error}");
}
