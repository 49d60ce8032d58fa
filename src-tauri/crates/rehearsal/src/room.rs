//! The room itself: its sockets, its thread, and the handle the studio holds.
//!
//! Threads: one, which runs both servers on a runtime of its own; ending it closes every socket at once, however
//! a peer behaves. Locks: one short mutex round the broadcast, never held across an await or a wake.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use vitrine_media::Secret;

use crate::broadcast::{Broadcast, Now};
use crate::flv::Tag;
use crate::session::APP;
use crate::status::RoomStatus;
use crate::web::Site;
use crate::{ingest, web};

/// Who may open the watch page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expose {
    /// This computer only.
    #[default]
    Loopback,
    /// Phones and computers on the same network, too, with a random token in the address. The ingest stays on
    /// loopback.
    Lan,
}

/// How to open a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomConfig {
    /// Port of the watch page; `None` or 0 takes a free one. The ingest always takes a free one.
    pub port: Option<u16>,
    /// Who may watch.
    pub expose: Expose,
}

/// Why no room could be opened.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// Another program listens there: choose another port, or none.
    #[error("port {port} is in use by another program")]
    PortTaken {
        /// The port asked for.
        port: u16,
    },
    /// The system reserves the port: choose one from 1024 on, or none.
    #[error("port {port} is reserved by the system")]
    PortReserved {
        /// The port asked for.
        port: u16,
    },
    /// The system gave no socket or thread; the cause is its own.
    #[error("the rehearsal room could not be opened: {0}")]
    System(#[from] io::Error),
}

/// What both servers and the handle share.
pub(crate) struct Shared {
    broadcast: Mutex<Broadcast>,
}

impl Shared {
    /// Runs `f` on the broadcast, then wakes whoever has something to fetch.
    pub(crate) fn change<T>(&self, f: impl FnOnce(&mut Broadcast) -> T) -> T {
        let (out, wakes) = {
            let mut broadcast = self.broadcast.lock().unwrap_or_else(PoisonError::into_inner);
            (f(&mut broadcast), broadcast.take_wakes())
        };
        for waker in wakes {
            waker.wake();
        }
        out
    }

    /// Tags from the publisher, all received now.
    pub(crate) fn tags(&self, tags: Vec<Tag>) {
        let now = Now { instant: Instant::now(), wall_millis: wall_millis() };
        self.change(|broadcast| {
            for tag in tags {
                if let Err(why) = broadcast.tag(tag, now) {
                    tracing::trace!(%why, "a tag was not passed on");
                }
            }
        });
    }

    pub(crate) fn status(&self) -> RoomStatus {
        self.broadcast.lock().unwrap_or_else(PoisonError::into_inner).status(Instant::now())
    }
}

/// The room's wall clock, milliseconds since 1970.
pub(crate) fn wall_millis() -> i64 {
    millis_since_epoch(SystemTime::now())
}

fn millis_since_epoch(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |span| i64::try_from(span.as_millis()).unwrap_or(0))
}

/// An open rehearsal room. Dropping it closes it.
pub struct Room {
    shared: Arc<Shared>,
    ingest_url: Secret<String>,
    site: Site,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path may hold the LAN's token.
        f.debug_struct("Room")
            .field("port", &self.site.port)
            .field("lan", &self.site.lan)
            .finish_non_exhaustive()
    }
}

impl Room {
    /// Opens a room: when this returns, both addresses answer.
    pub fn start(config: RoomConfig) -> Result<Self, RoomError> {
        let lan = config.expose == Expose::Lan;
        let asked = config.port.unwrap_or(0);
        let page = bind(if lan { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST }, asked)?;
        let ingest = bind(Ipv4Addr::LOCALHOST, 0)?;
        let key = Secret::new(random_word());
        let url = format!("rtmp://{}/{APP}/{}", ingest.local_addr()?, key.reveal());
        let path = if lan { format!("/watch/{}/", random_word()) } else { "/watch/".to_string() };
        let site = Site { path, port: page.local_addr()?.port(), lan };
        let shared = Arc::new(Shared { broadcast: Mutex::default() });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let servers = Servers { page, ingest, key, site: site.clone(), shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new()
            .name("rehearsal-room".into())
            .spawn(move || servers.run(&runtime, stopped))?;
        tracing::info!(port = site.port, lan, "the rehearsal room is open");
        Ok(Self { shared, ingest_url: Secret::new(url), site, thread: Some((stop, thread)) })
    }

    /// Where the studio publishes to: `rtmp://127.0.0.1:PORT/live/KEY`. Loopback only.
    pub fn ingest_url(&self) -> Secret<String> {
        self.ingest_url.clone()
    }

    /// The watch page on this computer. With [`Expose::Lan`] the address holds the token: show it, never log it.
    pub fn watch_url(&self) -> String {
        self.url(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The watch page for other devices, one address for each network this computer is on; empty unless the room
    /// was opened with [`Expose::Lan`]. The addresses hold the token.
    pub fn lan_urls(&self) -> Vec<String> {
        if !self.site.lan {
            return Vec::new();
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let reachable =
            |ip: &IpAddr| matches!(ip, IpAddr::V4(v4) if !v4.is_loopback() && !v4.is_link_local());
        interfaces.iter().map(if_addrs::Interface::ip).filter(reachable).map(|ip| self.url(ip)).collect()
    }

    /// Counters and what the watch pages say.
    pub fn status(&self) -> RoomStatus {
        self.shared.status()
    }

    /// Tells the room the wall clock time of RTMP timestamp 0 of the coming or current broadcast, so that watch
    /// pages show their delay from the making of the picture, encoding included. `None`: from its arrival here.
    pub fn set_time_origin(&self, origin: Option<SystemTime>) {
        self.shared.change(|broadcast| broadcast.set_origin(origin.map(millis_since_epoch)));
    }

    /// Closes every connection and both listeners, whatever the peers do. Returns when that is done.
    pub fn stop(&mut self) {
        let Some((stop, thread)) = self.thread.take() else { return };
        // The thread ends when the sender is used or dropped.
        let _ = stop.send(());
        if thread.join().is_err() {
            tracing::error!("the rehearsal room's thread had panicked");
        }
        tracing::info!("the rehearsal room is closed");
    }

    fn url(&self, ip: IpAddr) -> String {
        format!("http://{ip}:{}{}", self.site.port, self.site.path)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Servers {
    page: TcpListener,
    ingest: TcpListener,
    key: Secret<String>,
    site: Site,
    shared: Arc<Shared>,
}

impl Servers {
    /// Runs until told to stop. The runtime's tasks, and with them the sockets, end when it is dropped after this.
    fn run(self, runtime: &Runtime, stopped: oneshot::Receiver<()>) {
        runtime.block_on(async move {
            let listeners = [self.page, self.ingest].map(|listener| {
                listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener))
            });
            let [Ok(page), Ok(ingest)] = listeners else {
                tracing::error!("the rehearsal room's listeners could not be used");
                return;
            };
            tokio::select! {
                () = web::listen(page, self.site, Arc::clone(&self.shared)) => {}
                () = ingest::listen(ingest, self.key, self.shared) => {}
                _ = stopped => {}
            }
        });
    }
}

fn bind(ip: Ipv4Addr, port: u16) -> Result<TcpListener, RoomError> {
    TcpListener::bind((ip, port)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => RoomError::PortTaken { port },
        io::ErrorKind::PermissionDenied => RoomError::PortReserved { port },
        _ => RoomError::System(error),
    })
}

/// 24 letters and digits: 142 bits from the system's generator.
fn random_word() -> String {
    rand::rng().sample_iter(Alphanumeric).take(24).map(char::from).collect()
}
