//! Making a connection: resolve, race over the addresses, encrypt.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::UNSENT_BYTES;
use super::error::{ConnectError, Stage};
use super::tls::Tls;
use super::wire::{Counted, Stream, Wire};
use crate::rtmp::{Scheme, Target};

/// How long each of resolving, connecting and encrypting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Head start of one address over the next ("Happy Eyeballs", RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// Addresses tried at most.
const MAX_ADDRESSES: usize = 8;

/// How to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Bound of each stage.
    pub timeout: Duration,
    /// The kernel gives a connection up when bytes stay unacknowledged for so long (`TCP_USER_TIMEOUT`, Linux).
    pub user_timeout: Duration,
    /// Trust for RTMPS.
    pub tls: Tls,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { timeout: CONNECT_TIMEOUT, user_timeout: Duration::from_secs(8), tls: Tls::new() }
    }
}

/// Connects to the ingest of `target`. Dropping the future abandons everything begun.
pub async fn connect(target: &Target, options: &ConnectOptions) -> Result<Wire, ConnectError> {
    let addresses = resolve(target, options.timeout).await?;
    let bound = options.timeout;
    let stream = timeout(bound, race(addresses, options.user_timeout))
        .await
        .map_err(|_| ConnectError::TimedOut { stage: Stage::Connect, after: bound })??;
    match target.scheme() {
        Scheme::Rtmp => Ok(Wire::new(Stream::Plain(Counted::new(stream)))),
        Scheme::Rtmps => {
            let name = ServerName::try_from(target.host().to_owned()).map_err(|_| ConnectError::Dns)?;
            let connector = options.tls.connector().await?;
            let encrypted = timeout(bound, connector.connect(name, Counted::new(stream)))
                .await
                .map_err(|_| ConnectError::TimedOut { stage: Stage::Tls, after: bound })?
                .map_err(|error| ConnectError::from_tls(&error))?;
            Ok(Wire::new(Stream::Tls(Box::new(encrypted))))
        }
    }
}

async fn resolve(target: &Target, bound: Duration) -> Result<Vec<SocketAddr>, ConnectError> {
    let port = target.port();
    if let Some(ip) = target.ip() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (sender, receiver) = oneshot::channel();
    let host = target.host().to_owned();
    std::thread::Builder::new()
        .name("uplink-resolve".to_owned())
        .spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            // Nobody waits any more when it took too long.
            let _ = sender.send(found);
        })
        .map_err(|error| ConnectError::Io(error.kind()))?;
    let found = timeout(bound, receiver)
        .await
        .map_err(|_| ConnectError::TimedOut { stage: Stage::Resolve, after: bound })?;
    match found {
        Ok(Ok(mut addresses)) if !addresses.is_empty() => {
            addresses.truncate(MAX_ADDRESSES);
            Ok(addresses)
        }
        _ => Err(ConnectError::Dns),
    }
}

/// The first address to answer wins. The next is tried after a head start, or at once when one fails.
async fn race(addresses: Vec<SocketAddr>, user_timeout: Duration) -> Result<TcpStream, ConnectError> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failed = None;
    if let Some(address) = addresses.next() {
        attempts.spawn(dial(address, user_timeout));
    }
    loop {
        let next_turn = async {
            if addresses.len() == 0 { std::future::pending().await } else { sleep(HEAD_START).await }
        };
        tokio::select! {
            done = attempts.join_next() => match done {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => failed = Some(ConnectError::from_connect(&error)),
                Some(Err(_)) => failed = Some(ConnectError::Io(io::ErrorKind::Other)),
                None => return Err(failed.unwrap_or(ConnectError::Dns)),
            },
            () = next_turn => {}
        }
        if let Some(address) = addresses.next() {
            attempts.spawn(dial(address, user_timeout));
        }
    }
}

async fn dial(address: SocketAddr, user_timeout: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    let stream = TcpSocket::from_std_stream(socket.into()).connect(address).await?;
    tune(&stream, user_timeout);
    Ok(stream)
}

/// Socket options. Each is an improvement, not a need, so a system that lacks one is no failure.
fn tune(stream: &TcpStream, user_timeout: Duration) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(10));
    #[cfg(not(target_os = "openbsd"))]
    let keepalive = keepalive.with_interval(Duration::from_secs(5));
    let mut results = vec![socket.set_tcp_nodelay(true), socket.set_tcp_keepalive(&keepalive)];
    #[cfg(target_os = "linux")]
    results.extend([
        socket.set_tcp_user_timeout(Some(user_timeout)),
        socket.set_tcp_notsent_lowat(UNSENT_BYTES),
    ]);
    #[cfg(not(target_os = "linux"))]
    let _ = user_timeout;
    for error in results.into_iter().filter_map(Result::err) {
        tracing::debug!(%error, "a socket option is not available");
    }
}
