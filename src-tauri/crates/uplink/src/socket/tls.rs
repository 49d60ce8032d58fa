//! The TLS side of RTMPS: whom to trust.
//!
//! Owns: one client configuration, made on first use (reading the system's certificates takes tens of milliseconds)
//! and shared by all destinations. Verification is the platform's and cannot be switched off.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use super::error::ConnectError;

/// Trust for RTMPS. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    extra_roots: Arc<Vec<CertificateDer<'static>>>,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Tls {
    /// The system's trust.
    pub fn new() -> Self {
        Self::default()
    }

    /// The system's trust and these roots: an organisation's own ingest, or a test's.
    pub fn with_extra_roots(roots: Vec<CertificateDer<'static>>) -> Self {
        Self { extra_roots: Arc::new(roots), config: Arc::default() }
    }

    /// The connector; the first call reads the system's certificates, so it is made off the runtime's threads.
    pub(super) async fn connector(&self) -> Result<TlsConnector, ConnectError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config).into());
        }
        let this = self.clone();
        let built = tokio::task::spawn_blocking(move || this.build()).await;
        let config = built.map_err(|_| ConnectError::TlsSetup)??;
        Ok(Arc::clone(self.config.get_or_init(|| config)).into())
    }

    fn build(&self) -> Result<Arc<ClientConfig>, ConnectError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            Verifier::new_with_extra_roots(self.extra_roots.iter().cloned(), Arc::clone(&provider))
                .map_err(|error| setup_failed(&error))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| setup_failed(&error))?
            .dangerous() // the name of the builder step that takes a verifier; this one verifies
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn setup_failed(error: &rustls::Error) -> ConnectError {
    tracing::warn!(%error, "the system's certificates could not be loaded");
    ConnectError::TlsSetup
}
