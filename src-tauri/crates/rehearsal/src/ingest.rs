//! The RTMP listener: accepts, reads, answers, and gives tags to the broadcast.
//!
//! Runs on the room's thread. Every connection is hostile until it has shown the key: it has
//! [`PATIENCE`] to do so, few may try at once, and [`crate::session`] bounds what they may send.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use vitrine_media::Secret;

use crate::room::Shared;
use crate::session::{Event, PublisherSession, SessionError};

/// Time from connecting to publishing.
const PATIENCE: Duration = Duration::from_secs(5);
/// A publisher that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS: usize = 8;
/// Time for the peer to take an answer.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Accepts until dropped.
pub async fn listen(listener: TcpListener, key: Secret<String>, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (key, shared) = (key.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    converse(stream, key, &shared).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, mostly: without a pause this would spin.
                tracing::warn!(%error, "the rehearsal ingest could not accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Why a conversation ended without a fault worth counting, or with one.
enum End {
    Fault(SessionError),
    Gone,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The publisher's place in the broadcast, given back when dropped, however the connection ends.
struct Place<'a> {
    shared: &'a Shared,
    session: Option<u64>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Place<'_> {
    fn leave(&mut self) {
        if let Some(session) = self.session.take() {
            self.shared.change(|broadcast| broadcast.close(session));
            tracing::info!(session, "the rehearsal publisher left");
        }
    }
}

async fn converse(mut stream: TcpStream, key: Secret<String>, shared: &Shared) {
    if let Err(End::Fault(why)) = talk(&mut stream, key, shared).await {
        tracing::warn!(%why, "a connection to the rehearsal ingest was closed");
        shared.change(|broadcast| broadcast.fault(why));
    }
    // A refusal is read by the peer before the connection breaks.
    let _ = timeout(WRITE_PATIENCE, stream.shutdown()).await;
}

async fn talk(stream: &mut TcpStream, key: Secret<String>, shared: &Shared) -> Result<(), End> {
    stream.set_nodelay(true)?;
    let mut session = PublisherSession::new(key);
    let mut place = Place { shared, session: None };
    let mut buffer = vec![0u8; 64 * 1024];
    let mut events = Vec::new();
    let opened = Instant::now();
    loop {
        let patience =
            if place.session.is_some() { SILENCE } else { PATIENCE.saturating_sub(opened.elapsed()) };
        let Ok(count) = timeout(patience, stream.read(&mut buffer)).await else { return Err(End::Gone) };
        let count = count?;
        if count == 0 {
            return Ok(());
        }
        let outcome = session.input(buffer.get(..count).unwrap_or_default(), &mut events);
        perform(&mut events, &mut session, stream, &mut place).await?;
        outcome.map_err(End::Fault)?;
    }
}

async fn perform(
    events: &mut Vec<Event>,
    session: &mut PublisherSession,
    stream: &mut TcpStream,
    place: &mut Place<'_>,
) -> Result<(), End> {
    let mut queue = std::mem::take(events).into_iter();
    let mut answers = Vec::new();
    while let Some(event) = queue.next() {
        match event {
            Event::Reply(bytes) => answers.extend(bytes),
            Event::Tag(tag) => {
                // One lock for the whole run of tags, one round of wakes.
                let mut run = vec![tag];
                let mut rest = Vec::new();
                for event in queue.by_ref() {
                    match event {
                        Event::Tag(tag) => run.push(tag),
                        other => rest.push(other),
                    }
                }
                place.shared.tags(run);
                queue = rest.into_iter();
            }
            Event::PublishAsked => {
                let opened = place.shared.change(crate::broadcast::Broadcast::open);
                let mut more = Vec::new();
                match opened {
                    Some(number) => {
                        place.session = Some(number);
                        tracing::info!(session = number, "a rehearsal publisher is on air");
                        session.accept(&mut more)
                    }
                    None => session.refuse(&mut more),
                }
                .map_err(End::Fault)?;
                more.extend(queue);
                queue = more.into_iter();
            }
            Event::Finished => place.leave(),
            Event::Close(why) => {
                send(stream, &answers).await?;
                return Err(End::Fault(why));
            }
        }
    }
    send(stream, &answers).await
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), End> {
    if bytes.is_empty() {
        return Ok(());
    }
    timeout(WRITE_PATIENCE, stream.write_all(bytes)).await.map_err(|_| End::Gone)??;
    Ok(())
}
