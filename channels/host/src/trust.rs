//! Whose certificates are believed when a plugin calls a platform: those of the usual authorities, which the
//! executable carries so that it works on a bare machine, and those this machine trusts besides (the system's
//! store, or the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name), so that a shop's own server can be reached.
use rustls::crypto::ring;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::sync::Arc;

/// TLS of outgoing connections.
pub(crate) fn client() -> ClientConfig {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let machine = rustls_native_certs::load_native_certs();
    for error in machine.errors {
        tracing::warn!(%error, "certificates of this machine could not be read; the usual authorities remain");
    }
    roots.add_parsable_certificates(machine.certs);
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// What is wrong with the other side's certificate, if that is why a connection failed, in Chinese and English.
pub(crate) fn refusal(error: &(dyn Error + 'static)) -> Option<(String, String)> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(words(why));
        }
        // What an I/O error wraps is not its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| error.source());
    }
    None
}

fn words(why: &CertificateError) -> (String, String) {
    use CertificateError as Why;
    let (zh, en) = match why {
        Why::UnknownIssuer => (
            "证书的签发者不受信任。若是自己的服务器，请把它的 CA 证书装进系统证书库，或用环境变量 SSL_CERT_FILE 指给 weikefu，然后重新启动",
            "its certificate is issued by somebody this machine does not trust. If the server is your own, add its \
             CA to the system's store or name it in SSL_CERT_FILE, then start weikefu again",
        ),
        Why::Expired | Why::ExpiredContext { .. } => (
            "证书已过期。请在对方服务器上更新证书；若没有过期，请校准本机时间",
            "its certificate has expired. Renew it there; if it has not, set this machine's clock",
        ),
        Why::NotValidYet | Why::NotValidYetContext { .. } => (
            "证书尚未生效。请校准本机时间",
            "its certificate is not valid yet. Set this machine's clock",
        ),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => (
            "证书不属于这个域名。请检查渠道设置里的地址",
            "its certificate belongs to another name. Look at the address in the channel's settings",
        ),
        _ => {
            let why = format!("{why:?}");
            return (
                format!("证书有误（{why}）"),
                format!("its certificate is wrong: {why}"),
            );
        }
    };
    (zh.into(), en.into())
}
