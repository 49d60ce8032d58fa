//! RTMPS against a rustls server: trust is given to the right certificate only.

use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use vitrine_testkit::rtmp_sink::{RtmpSink, SinkOptions, TagKind};
use vitrine_uplink::socket::Tls;
use vitrine_uplink::{ConnectOptions, DestinationState};

use crate::media;
use crate::parts::Studio;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn root(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A server's configuration for `name`, valid until the year given.
    fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

/// An RTMPS ingest: TLS in front of the sink. Returns its URL.
fn serve(config: Arc<ServerConfig>, sink: Arc<RtmpSink>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, sink) = (Arc::clone(&config), Arc::clone(&sink));
            std::thread::spawn(move || {
                let session = ServerConnection::new(config).unwrap();
                sink.serve(StreamOwned::new(session, stream.unwrap()));
            });
        }
    });
    format!("rtmps://localhost:{port}/live/hush")
}

fn studio(roots: Vec<CertificateDer<'static>>) -> Studio {
    Studio::with(ConnectOptions { tls: Tls::with_extra_roots(roots), ..ConnectOptions::default() })
}

fn refusal(config: Arc<ServerConfig>, roots: Vec<CertificateDer<'static>>) -> Vec<(&'static str, String)> {
    let sink = Arc::new(RtmpSink::start(SinkOptions::default()));
    let url = serve(config, Arc::clone(&sink));
    let studio = studio(roots);
    let id = studio.add(&url);
    studio.push(&media::programme());
    studio.wait_for(id, "the refusal", |s| s.error.is_some());
    let status = studio.status(id);
    studio.stop();
    let error = status.error.unwrap();
    assert_eq!(error.code(), "tls_certificate", "{error:?}");
    assert!(sink.sessions().iter().all(|s| s.key.is_empty()), "no key leaves before the server is trusted");
    error.params()
}

#[test]
fn a_trusted_server_gets_the_whole_stream() {
    let authority = Authority::new();
    let sink = Arc::new(RtmpSink::start(SinkOptions::default()));
    let url = serve(authority.server("localhost", 2200), Arc::clone(&sink));
    let studio = studio(vec![authority.root()]);
    let id = studio.add(&url);
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    studio.feed(rest, &[id]);
    studio.stop();
    assert_eq!(studio.status(id).state, DestinationState::Stopped);
    sink.wait_for("the end", |s| s[0].closed.is_some());
    let session = sink.sessions().remove(0);
    assert_eq!(session.of(TagKind::Video).filter(|tag| !tag.is_header()).count(), 180);
    assert!(session.tc_url.starts_with("rtmps://localhost:"));
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let params = refusal(authority.server("elsewhere.example", 2200), vec![authority.root()]);
    assert_eq!(params, [("reason", "wrong_name".to_owned())]);
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let params = refusal(authority.server("localhost", 2020), vec![authority.root()]);
    assert_eq!(params, [("reason", "expired".to_owned())]);
}

#[test]
fn a_certificate_nobody_trusts_is_refused() {
    let params = refusal(Authority::new().server("localhost", 2200), Vec::new());
    assert_eq!(params, [("reason", "unknown_issuer".to_owned())]);
}
