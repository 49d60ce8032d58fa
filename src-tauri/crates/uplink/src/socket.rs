//! Our own TCP or TLS connection to an ingest.
//!
//! Owns: name resolution, the race over a host's addresses, socket options, the TLS session, and what the kernel knows
//! about the connection. Never waits without a bound, never keeps more unsent bytes in the kernel than
//! [`UNSENT_BYTES`], so that what is late can still be dropped in user space. FFmpeg's output hung for ten minutes on
//! a silent cut; that is why the socket is ours.
//!
//! Threads: tasks of the caller's runtime; name resolution runs on a thread of its own, since the system's resolver
//! cannot be interrupted and must not hold up the end of the runtime. No locks.

mod connect;
mod error;
mod os;
mod tls;
mod wire;

pub use connect::{ConnectOptions, connect};
pub use error::{CertificateFault, ConnectError, Stage};
pub use tls::Tls;
pub use wire::{Exchange, SocketProbe, Wire};

/// Unsent bytes the kernel may hold (`TCP_NOTSENT_LOWAT`).
pub const UNSENT_BYTES: u32 = 16 * 1024;
