//! Why a destination is not on air, as a code with parameters; the surface words it.

use std::io;

use crate::rtmp::{Phase, PublishError, Refusal, RefusalKind};
use crate::socket::ConnectError;

/// Why a connection failed or ended. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UplinkError {
    /// No connection could be made. Tried again.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server said no. Tried again slowly, or soon if the key is in use.
    #[error(transparent)]
    Refused(Refusal),
    /// The server hung up instead of answering `publish`: many platforms do so with a wrong key. Tried again slowly.
    #[error("the server hung up when the stream was announced")]
    ClosedAtPublish,
    /// The server hung up. Tried again.
    #[error("the server closed the connection ({})", phase.code())]
    Closed {
        /// How far it had come.
        phase: Phase,
    },
    /// The server does not answer. Tried again.
    #[error("the server does not answer ({})", phase.code())]
    NoAnswer {
        /// What it does not answer.
        phase: Phase,
    },
    /// The network takes no bytes any more. Tried again.
    #[error("the connection takes no data")]
    Stalled,
    /// The peer is no RTMP server, or a broken one. Tried again.
    #[error("the server does not speak RTMP properly: {0}")]
    Protocol(PublishError),
    /// A fault of ours; the destination is started anew.
    #[error("the destination failed inside")]
    Internal,
}

impl UplinkError {
    /// A stable code for the surface.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.code(),
            Self::Refused(refusal) => refusal.kind.code(),
            Self::ClosedAtPublish => "closed_at_publish",
            Self::Closed { .. } => "closed_by_server",
            Self::NoAnswer { .. } => "no_answer",
            Self::Stalled => "stalled",
            Self::Protocol(_) => "not_rtmp",
            Self::Internal => "internal",
        }
    }

    /// Named details for the surface's sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Connect(ConnectError::TimedOut { stage, after }) => {
                vec![("stage", stage.code().to_owned()), ("seconds", after.as_secs().to_string())]
            }
            Self::Connect(ConnectError::Certificate(fault)) => vec![("reason", fault.code().to_owned())],
            Self::Connect(ConnectError::Io(kind)) => vec![("reason", format!("{kind:?}"))],
            Self::Refused(refusal) => {
                vec![("status", refusal.status.clone()), ("detail", refusal.detail.clone())]
            }
            Self::Closed { phase } | Self::NoAnswer { phase } => vec![("phase", phase.code().to_owned())],
            Self::Protocol(error) => vec![("reason", error.to_string())],
            Self::Connect(_) | Self::ClosedAtPublish | Self::Stalled | Self::Internal => Vec::new(),
        }
    }

    /// Whether only the host can help, so that trying again quickly is pointless and may get the account blocked.
    pub fn is_rejection(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.kind != RefusalKind::KeyInUse,
            Self::ClosedAtPublish | Self::Connect(ConnectError::Certificate(_)) => true,
            _ => false,
        }
    }

    pub(crate) fn closed(phase: Phase) -> Self {
        if phase == Phase::Publish { Self::ClosedAtPublish } else { Self::Closed { phase } }
    }

    pub(crate) fn from_io(error: &io::Error, phase: Phase) -> Self {
        match error.kind() {
            // The kernel's own verdict after TCP_USER_TIMEOUT.
            io::ErrorKind::TimedOut => Self::Stalled,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Connect(ConnectError::Unreachable),
            _ => Self::closed(phase),
        }
    }

    pub(crate) fn from_publish(error: PublishError, phase: Phase) -> Self {
        match error {
            PublishError::Refused(refusal) => Self::Refused(refusal),
            PublishError::Ended => Self::closed(phase),
            other => Self::Protocol(other),
        }
    }
}
