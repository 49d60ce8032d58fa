//! Why a connection could not be made.

use std::io;
use std::time::Duration;

/// What was being done when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Name resolution.
    Resolve,
    /// TCP connection.
    Connect,
    /// TLS handshake.
    Tls,
}

impl Stage {
    /// A stable word for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
        }
    }
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateFault {
    /// It is for another host.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not come; often the clock of this machine is wrong.
    NotYetValid,
    /// Nobody this system trusts has signed it.
    UnknownIssuer,
    /// It was withdrawn.
    Revoked,
    /// Anything else.
    Other,
}

impl CertificateFault {
    /// A stable word for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongName => "wrong_name",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::UnknownIssuer => "unknown_issuer",
            Self::Revoked => "revoked",
            Self::Other => "other",
        }
    }
}

/// Why a connection could not be made. All may pass by themselves except a certificate fault, which mostly does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The name is not known, or there is no network to ask.
    #[error("the name of the server could not be resolved")]
    Dns,
    /// The machine is there; nothing listens.
    #[error("the server refuses connections on this port")]
    Refused,
    /// No route to it.
    #[error("the server cannot be reached over this network")]
    Unreachable,
    /// No answer in time.
    #[error("no answer within {after:?} ({})", stage.code())]
    TimedOut {
        /// What was being done.
        stage: Stage,
        /// How long we waited.
        after: Duration,
    },
    /// The certificate is not acceptable. The caller must not go on unencrypted.
    #[error("the certificate of the server is not acceptable: {}", .0.code())]
    Certificate(CertificateFault),
    /// TLS failed otherwise, often because the port speaks no TLS.
    #[error("no encrypted connection could be made")]
    Tls,
    /// The system's certificates could not be loaded.
    #[error("the system's certificates could not be loaded")]
    TlsSetup,
    /// Something else the operating system said.
    #[error("the connection failed: {0:?}")]
    Io(io::ErrorKind),
}

impl ConnectError {
    /// A stable code for the surface.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Dns => "dns_failed",
            Self::Refused => "connection_refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::Certificate(_) => "tls_certificate",
            Self::Tls => "tls_failed",
            Self::TlsSetup => "tls_setup",
            Self::Io(_) => "connection_failed",
        }
    }

    /// From a failed TCP connection.
    pub(super) fn from_connect(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::NetworkDown => Self::Unreachable,
            io::ErrorKind::TimedOut => {
                Self::TimedOut { stage: Stage::Connect, after: super::connect::CONNECT_TIMEOUT }
            }
            kind => Self::Io(kind),
        }
    }

    /// From a failed TLS handshake.
    pub(super) fn from_tls(error: &io::Error) -> Self {
        use rustls::{CertificateError as Cert, Error as Tls};
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()) else {
            return Self::Tls;
        };
        let Tls::InvalidCertificate(fault) = tls else { return Self::Tls };
        Self::Certificate(match fault {
            Cert::NotValidForName | Cert::NotValidForNameContext { .. } => CertificateFault::WrongName,
            Cert::Expired | Cert::ExpiredContext { .. } => CertificateFault::Expired,
            Cert::NotValidYet | Cert::NotValidYetContext { .. } => CertificateFault::NotYetValid,
            Cert::UnknownIssuer => CertificateFault::UnknownIssuer,
            Cert::Revoked => CertificateFault::Revoked,
            _ => CertificateFault::Other,
        })
    }
}
