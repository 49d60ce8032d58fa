//! An RTMP server in the test's own process: takes any publisher and keeps every tag it sends.
//!
//! Owns: a listener on a free loopback port, one thread that accepts and one per connection. Locks: one mutex over
//! the record of all sessions, never held while a socket is used.
//!
//! It answers as stock servers do and misbehaves as asked ([`SinkOptions`]): rejects the key, never answers, closes
//! in mid-stream, reads slowly or not at all. Acknowledgements carry the total of bytes received, as the
//! specification says (Adobe RTMP 1.0 §5.4.3); `rml_rtmp`'s own server session sends the difference, which is why
//! only its handshake, chunks and messages are used.

mod flv;
mod session;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use socket2::{Domain, Socket, Type};

/// How long [`RtmpSink::wait_for`] waits before it fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the server treats its publishers. May be changed while it runs; holds from the next read on.
#[derive(Clone, Debug)]
pub struct SinkOptions {
    /// Answer `publish` with this status code and level "error", for example `NetStream.Publish.BadName`. The
    /// connection stays open, as nginx-rtmp leaves it.
    pub reject_publish: Option<String>,
    /// Accept the connection and read it, but never send a byte, not even the handshake.
    pub never_answer: bool,
    /// Close after this many bytes of a connection (after the handshake).
    pub close_after_bytes: Option<u64>,
    /// Read no faster than this.
    pub bytes_per_second: Option<u32>,
    /// Stop reading altogether, without closing.
    pub stalled: bool,
    /// Bytes between acknowledgements.
    pub ack_every: u64,
    /// Kernel receive buffer; small values let a slow reader be felt early. Set at start only.
    pub receive_buffer: Option<usize>,
    /// Keep the bytes of tags, not only their times and lengths.
    pub keep_data: bool,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self {
            reject_publish: None,
            never_answer: false,
            close_after_bytes: None,
            bytes_per_second: None,
            stalled: false,
            ack_every: 250_000,
            receive_buffer: None,
            keep_data: true,
        }
    }
}

/// What kind of message a tag is; the number is the message type of RTMP and FLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// Sound.
    Audio = 8,
    /// Picture.
    Video = 9,
    /// AMF0 data: `@setDataFrame`, `onMetaData`.
    Data = 18,
}

/// One media message as it came.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Kind.
    pub kind: TagKind,
    /// RTMP timestamp: milliseconds modulo 2^32.
    pub millis: u32,
    /// The payload, empty if the options say not to keep it.
    pub data: Bytes,
    /// Length of the payload.
    pub len: usize,
    /// When its last byte was read.
    pub arrived: Instant,
}

impl Tag {
    /// A video tag that begins a picture decodable on its own: frame type 1 and not a sequence header.
    pub fn is_keyframe(&self) -> bool {
        self.kind == TagKind::Video && self.data.len() > 1 && self.data[0] >> 4 == 1 && self.data[1] == 1
    }

    /// A video or audio sequence header (AVC or AAC).
    pub fn is_header(&self) -> bool {
        match self.kind {
            TagKind::Video => self.data.len() > 1 && self.data[0] & 15 == 7 && self.data[1] == 0,
            TagKind::Audio => self.data.len() > 1 && self.data[0] >> 4 == 10 && self.data[1] == 0,
            TagKind::Data => false,
        }
    }
}

/// Where a connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Connected, not publishing yet.
    #[default]
    Opening,
    /// Publishing.
    Publishing,
    /// `publish` was rejected as the options ask.
    Rejected,
    /// The publisher ended the stream properly.
    Unpublished,
}

/// Everything one connection did.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Where it stands, or stood when it closed.
    pub phase: Phase,
    /// Whether the connection is gone, and why: "end of stream", an I/O error, a protocol error.
    pub closed: Option<String>,
    /// `app` of `connect`.
    pub app: String,
    /// `tcUrl` of `connect`.
    pub tc_url: String,
    /// Stream key of `publish`.
    pub key: String,
    /// Names of all commands in order.
    pub commands: Vec<String>,
    /// Media in order of arrival.
    pub tags: Vec<Tag>,
    /// Bytes read after the handshake.
    pub bytes: u64,
}

impl Session {
    /// The tags of one kind.
    pub fn of(&self, kind: TagKind) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(move |t| t.kind == kind)
    }

    /// Writes the session as an FLV file, so that ffprobe and ffmpeg can judge it. Needs `keep_data`.
    pub fn write_flv(&self, path: impl AsRef<Path>) {
        std::fs::write(path, flv::file(&self.tags)).expect("the FLV file can be written");
    }
}

#[derive(Default)]
struct Record {
    options: SinkOptions,
    sessions: Vec<Session>,
    open: Vec<Option<TcpStream>>,
    stopping: bool,
}

/// What the threads of one server share.
#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn edit<R>(&self, index: usize, change: impl FnOnce(&mut Session) -> R) -> R {
        let result = change(&mut self.lock().sessions[index]);
        self.changed.notify_all();
        result
    }
}

/// The server. Stops and joins its threads when dropped.
pub struct RtmpSink {
    shared: Arc<Shared>,
    addr: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl RtmpSink {
    /// Starts a server on a free loopback port.
    pub fn start(options: SinkOptions) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), options)
    }

    /// Starts a server on `addr`: one that comes back where it was.
    pub fn start_on(addr: SocketAddr, options: SinkOptions) -> Self {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("SO_REUSEADDR");
        if let Some(bytes) = options.receive_buffer {
            socket.set_recv_buffer_size(bytes).expect("SO_RCVBUF");
        }
        socket.bind(&addr.into()).expect("the address is free");
        socket.listen(64).expect("listen");
        let listener = TcpListener::from(socket);
        let addr = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        shared.lock().options = options;
        let acceptor = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Self { shared, addr, acceptor: Some(acceptor) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `rtmp://127.0.0.1:PORT/live/KEY`.
    pub fn url(&self, key: &str) -> String {
        format!("rtmp://{}/live/{key}", self.addr)
    }

    /// Changes the options of the running server.
    pub fn set_options(&self, change: impl FnOnce(&mut SinkOptions)) {
        change(&mut self.shared.lock().options);
        self.shared.changed.notify_all();
    }

    /// Serves a connection made elsewhere, for example one inside TLS, on the calling thread until it ends.
    pub fn serve(&self, stream: impl Read + Write) {
        let index = open(&self.shared, None);
        session::run(stream, &self.shared, index);
    }

    /// Closes every open connection abruptly, as a server that is restarted does. It goes on accepting new ones.
    pub fn drop_connections(&self) {
        for stream in self.shared.lock().open.iter_mut().filter_map(Option::take) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// A copy of everything recorded so far, one entry per connection in order of arrival.
    pub fn sessions(&self) -> Vec<Session> {
        self.shared.lock().sessions.clone()
    }

    /// Waits until `done` holds of the sessions; fails the test after 30 s, saying `what` it waited for.
    pub fn wait_for(&self, what: &str, mut done: impl FnMut(&[Session]) -> bool) {
        let record = self.shared.lock();
        let (record, timeout) = self
            .shared
            .changed
            .wait_timeout_while(record, PATIENCE, |r| !done(&r.sessions))
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            let seen: Vec<_> = record
                .sessions
                .iter()
                .map(|s| format!("{:?} {} tags, closed: {:?}", s.phase, s.tags.len(), s.closed))
                .collect();
            drop(record);
            panic!("waited in vain for {what}; sessions: {seen:?}");
        }
    }
}

impl Drop for RtmpSink {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        self.drop_connections();
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.acceptor.take() {
            let _ = thread.join();
        }
    }
}

fn open(shared: &Shared, stream: Option<TcpStream>) -> usize {
    let mut record = shared.lock();
    record.sessions.push(Session::default());
    record.open.push(stream);
    let index = record.sessions.len() - 1;
    drop(record);
    shared.changed.notify_all();
    index
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if shared.lock().stopping {
            break;
        }
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else { continue };
        let _ = stream.set_nodelay(true);
        let index = open(shared, Some(handle));
        let shared = Arc::clone(shared);
        threads.push(std::thread::spawn(move || {
            session::run(stream, &shared, index);
            shared.lock().open[index] = None;
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffmpeg;

    fn publish(url: &str, secs: &str) {
        ffmpeg::ffmpeg(&[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x180:r=30",
            "-f",
            "lavfi",
            "-i",
            "sine=r=48000",
            "-t",
            secs,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "15",
            "-c:a",
            "aac",
            "-f",
            "flv",
            url,
        ]);
    }

    #[test]
    fn a_stock_publisher_is_recorded_tag_by_tag() {
        let sink = RtmpSink::start(SinkOptions::default());
        publish(&sink.url("key1"), "2");
        sink.wait_for("the end", |s| s.first().is_some_and(|s| s.closed.is_some()));
        let session = sink.sessions().remove(0);
        assert_eq!((session.app.as_str(), session.key.as_str()), ("live", "key1"));
        assert_eq!(session.phase, Phase::Unpublished);
        let pictures = session.of(TagKind::Video).filter(|t| !t.is_header() && t.len > 5).count();
        assert_eq!(pictures, 60);
        assert_eq!(session.of(TagKind::Video).filter(|t| t.is_keyframe()).count(), 4);
        assert!(session.of(TagKind::Audio).count() > 90);
        let dir = tempfile::tempdir().unwrap();
        let flv = dir.path().join("out.flv");
        session.write_flv(&flv);
        assert_eq!(ffmpeg::packet_times(&flv, "v:0").len(), 60);
        assert_eq!(ffmpeg::stream(&ffmpeg::probe(&flv), "audio").unwrap()["codec_name"], "aac");
    }

    #[test]
    fn a_rejected_key_is_told_so() {
        let sink = RtmpSink::start(SinkOptions {
            reject_publish: Some("NetStream.Publish.BadName".to_owned()),
            ..SinkOptions::default()
        });
        let output = std::process::Command::new("ffmpeg")
            .args([
                "-nostdin",
                "-loglevel",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=320x180:d=1",
                "-f",
                "flv",
            ])
            .arg(sink.url("taken"))
            .output()
            .unwrap();
        assert!(!output.status.success());
        assert_eq!(sink.sessions()[0].phase, Phase::Rejected);
        assert!(sink.sessions()[0].tags.is_empty());
    }

    #[test]
    fn a_silent_server_sends_no_byte_and_can_be_ended() {
        let sink = RtmpSink::start(SinkOptions { never_answer: true, ..SinkOptions::default() });
        let mut stream = TcpStream::connect(sink.addr()).unwrap();
        stream.write_all(&[3; 1537]).unwrap();
        sink.wait_for("the connection", |s| !s.is_empty());
        drop(sink);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty());
    }

    #[test]
    fn it_closes_in_mid_stream_when_asked() {
        let sink = RtmpSink::start(SinkOptions { close_after_bytes: Some(20_000), ..SinkOptions::default() });
        let output = std::process::Command::new("ffmpeg")
            .args([
                "-nostdin",
                "-loglevel",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=640x360:d=20",
                "-f",
                "flv",
            ])
            .arg(sink.url("k"))
            .output()
            .unwrap();
        assert!(!output.status.success());
        let session = sink.sessions().remove(0);
        assert!(session.bytes >= 20_000 && session.closed.is_some(), "{session:?}");
    }
}
