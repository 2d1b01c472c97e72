//! A platform behind TLS, as all real ones are: a certificate of this machine's trust carries messages, any
//! other carries none and says why.
use crate::harness::{Shop, generous};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use weikefu_wechat_simulator::Mode;

/// An authority nobody knows yet.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Puts TLS in front of a plain server; `name` is what the certificate says. Returns the port.
    async fn front(&self, name: &str, plain: String) -> u16 {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, plain) = (acceptor.clone(), plain.clone());
                tokio::spawn(async move {
                    // A client that does not trust us hangs up: that is what some of this is about.
                    if let Ok(mut secret) = acceptor.accept(stream).await
                        && let Ok(mut clear) = TcpStream::connect(&plain).await
                    {
                        drop(tokio::io::copy_bidirectional(&mut secret, &mut clear).await);
                    }
                });
            }
        });
        port
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_through_tls_to_whom_the_machine_trusts_and_to_nobody_else() {
    let (mut shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let plain = official.simulator.api_base();
    let plain = plain
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let (known, stranger) = (Authority::new("known"), Authority::new("stranger"));
    let file = shop.weikefu.folder().join("ca.pem");
    std::fs::write(&file, &known.pem).unwrap();
    shop.weikefu.stop();
    shop.weikefu.trust(file);
    shop.weikefu.start_again().await;
    shop.take_everybody().await;
    let customer = official.simulator.customer("oTls");
    assert!(customer.text("在吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "在吗").await;
    let channel = official.channel.to_string();

    let say = async |port: u16, text: &str, state: &str| -> Value {
        let base = format!("api_base=https://localhost:{port}");
        shop.weikefu.order(&["channel", "set", &channel, "--set", &base]);
        let stored = shop.admin.say(&conversation, text, text).await.ok();
        shop.admin.delivered(&conversation, &stored, state).await
    };
    let port = known.front("localhost", plain.clone()).await;
    say(port, "加密送达", "accepted").await;
    let port = stranger.front("localhost", plain.clone()).await;
    let failed = say(port, "不该送达", "failed").await;
    assert!(failed.to_string().contains("签发者不受信任"), "{failed}");
    let port = known.front("elsewhere.example", plain).await;
    let failed = say(port, "也不该送达", "failed").await;
    assert!(failed.to_string().contains("不属于这个域名"), "{failed}");
    let heard: Vec<String> = customer
        .sent()
        .iter()
        .map(|sent| sent.text().to_owned())
        .collect();
    assert_eq!(heard, ["加密送达"]);
}
