//! The room on real sockets, with ffmpeg as its publisher and a plain HTTP client as its viewer.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vitrine_rehearsal::{Expose, FlvReader, IngestFault, Role, Room, RoomConfig, RoomError, Tag, TagKind};

/// How long a test waits for something that must happen; never how long it takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn room() -> Room {
    Room::start(RoomConfig::default()).unwrap()
}

fn page_address(room: &Room) -> SocketAddr {
    room.watch_url().strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap()
}

fn ingest_address(room: &Room) -> SocketAddr {
    let url = room.ingest_url();
    url.reveal().strip_prefix("rtmp://").unwrap().split('/').next().unwrap().parse().unwrap()
}

fn ffmpeg(arguments: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin"]).args(arguments).stdin(Stdio::null());
    command
}

/// Ends a child however the test ends.
struct Publisher(Child);

impl Drop for Publisher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn request(room: &Room, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(page_address(room)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn get(room: &Room, path: &str) -> String {
    answer(room, &format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", page_address(room)))
}

fn answer(room: &Room, text: &str) -> String {
    let mut out = Vec::new();
    request(room, text).read_to_end(&mut out).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads an HTTP/1.0 answer (so that no chunking is between us and the bytes) to its end, as FLV tags.
fn watch(room: &Room) -> Vec<Tag> {
    let text = format!("GET /watch/live.flv HTTP/1.0\r\nHost: {}\r\n\r\n", page_address(room));
    let mut bytes = Vec::new();
    request(room, &text).read_to_end(&mut bytes).unwrap();
    let header = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an HTTP header");
    assert!(bytes.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&bytes[..header]));
    tags(&bytes[header + 4..])
}

fn tags(bytes: &[u8]) -> Vec<Tag> {
    let mut reader = FlvReader::new();
    reader.push(bytes);
    std::iter::from_fn(|| reader.next_tag().unwrap()).collect()
}

fn media(tags: &[Tag]) -> Vec<&Tag> {
    tags.iter().filter(|tag| matches!(tag.role(), Ok(Role::Keyframe | Role::Picture | Role::Sound))).collect()
}

#[test]
fn a_viewer_gets_the_exact_bytes_that_were_published() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sent.flv");
    let file = file.to_str().unwrap();
    // B-frames, two groups of pictures, sound; so short a group that the viewer surely meets a keyframe.
    let made = ffmpeg(&["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=4", "-f", "lavfi", "-i", "sine=d=4"])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "15", "-pix_fmt", "yuv420p"])
        .args(["-c:a", "aac", "-ar", "48000", "-ac", "2", "-f", "flv", file])
        .status()
        .unwrap();
    assert!(made.success());

    let room = room();
    let url = room.ingest_url();
    let mut publisher =
        Publisher(ffmpeg(&["-re", "-i", file, "-c", "copy", "-f", "flv", url.reveal()]).spawn().unwrap());
    until("a publisher", || room.status().publishing && room.status().video_frames > 0);
    let got = watch(&room);
    assert!(publisher.0.wait().unwrap().success(), "the publisher is content");

    let sent = tags(&std::fs::read(file).unwrap());
    let (sent_media, got_media) = (media(&sent), media(&got));
    assert_eq!(got_media[0].role(), Ok(Role::Keyframe), "a stream begins where decoding can begin");
    for kind in [TagKind::Video, TagKind::Audio] {
        let of = |tags: &[&Tag]| -> Vec<Tag> {
            tags.iter().filter(|tag| tag.kind == kind).map(|tag| (*tag).clone()).collect()
        };
        let (sent, got) = (of(&sent_media), of(&got_media));
        assert!(got.len() > 30, "{} of {} {kind:?} tags", got.len(), sent.len());
        let tail = &sent[sent.len() - got.len()..];
        assert!(tail.iter().zip(&got).all(|(a, b)| a.body == b.body), "every {kind:?} body is bit-exact");
        let shift = got[0].timestamp.wrapping_sub(tail[0].timestamp);
        let steady = tail.iter().zip(&got).all(|(a, b)| b.timestamp == a.timestamp.wrapping_add(shift));
        assert!(steady, "{kind:?} times keep their distances");
        assert!(shift <= 100, "times are the publisher's own: {shift}");
    }
    for role in [Role::VideoConfig, Role::AudioConfig] {
        let find = |tags: &[Tag]| tags.iter().find(|tag| tag.role() == Ok(role)).map(|tag| tag.body.clone());
        assert_eq!(find(&sent), find(&got), "{role:?}");
    }

    let status = room.status();
    assert_eq!((status.video_frames, status.publishing, status.viewers), (120, false, 0));
    let video = status.video.unwrap();
    assert_eq!((video.width, video.height), (320, 180));
    assert_eq!(status.audio.map(|a| (a.rate_hz, a.channels)), Some((48_000, 2)));
}

#[test]
fn a_viewer_who_does_not_keep_up_goes_on_at_a_keyframe() {
    let room = room();
    let url = room.ingest_url();
    // About 50 MB as fast as it goes, in groups of ten pictures.
    let mut publisher = Publisher(
        ffmpeg(&["-f", "lavfi", "-i", "nullsrc=s=640x360:r=30:d=20,geq=random(1)*255:128:128"])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-tune",
                "zerolatency",
                "-g",
                "10",
                "-b:v",
                "20M",
            ])
            .args(["-pix_fmt", "yuv420p", "-f", "flv", url.reveal()])
            .spawn()
            .unwrap(),
    );
    until("a publisher", || room.status().publishing && room.status().video_frames > 0);
    let text = format!("GET /watch/live.flv HTTP/1.0\r\nHost: {}\r\n\r\n", page_address(&room));
    let mut viewer = request(&room, &text);
    publisher.0.wait().unwrap();
    let mut bytes = Vec::new();
    viewer.read_to_end(&mut bytes).unwrap();
    let header = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let got = tags(&bytes[header + 4..]);
    let status = room.status();
    assert!(status.viewer_skips > 0, "{status:?}");
    assert!((bytes.len() as u64) < status.bytes_in / 2, "{} of {}", bytes.len(), status.bytes_in);
    let pictures: Vec<_> = media(&got).into_iter().filter(|tag| tag.kind == TagKind::Video).collect();
    for pair in pictures.windows(2) {
        let gap = pair[1].timestamp - pair[0].timestamp;
        assert!(gap < 50 || pair[1].role() == Ok(Role::Keyframe), "a gap of {gap} ms ends in a keyframe");
    }
    assert!(pictures.windows(2).any(|pair| pair[1].timestamp - pair[0].timestamp >= 50), "there was a gap");
}

#[test]
fn a_long_show_passes_the_24_bit_mark_of_its_timestamps() {
    let room = room();
    let url = room.ingest_url();
    let mut publisher = Publisher(
        ffmpeg(&["-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=4", "-f", "lavfi", "-i", "sine=d=4"])
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-c:a", "aac", "-ac", "2"])
            .args(["-output_ts_offset", "16775", "-f", "flv", url.reveal()])
            .spawn()
            .unwrap(),
    );
    until("a publisher", || room.status().publishing && room.status().video_frames > 0);
    let got = watch(&room);
    assert!(publisher.0.wait().unwrap().success());
    let times: Vec<u32> =
        media(&got).iter().filter(|tag| tag.kind == TagKind::Video).map(|tag| tag.timestamp).collect();
    assert!(times[0] < 1 << 24 && times[times.len() - 1] > 1 << 24, "{times:?}");
    assert!(times.windows(2).all(|pair| (30..=40).contains(&(pair[1] - pair[0]))), "{times:?}");
    assert_eq!(room.status().last_fault, None);
}

#[test]
fn a_wrong_key_and_a_second_publisher_are_refused() {
    let room = room();
    let right = room.ingest_url();
    let source = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=30"];
    let publish = |url: &str| {
        ffmpeg(&source)
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-f", "flv", url])
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut wrong = Publisher(publish(&format!("rtmp://{}/live/guess", ingest_address(&room))));
    assert!(!wrong.0.wait().unwrap().success());
    assert_eq!(room.status().last_fault, Some(IngestFault::Key));
    assert!(!room.status().publishing);

    let _first = Publisher(publish(right.reveal()));
    until("a publisher", || room.status().publishing);
    let mut second = Publisher(publish(right.reveal()));
    assert!(!second.0.wait().unwrap().success());
    assert_eq!(room.status().last_fault, Some(IngestFault::Busy));
    assert!(room.status().publishing, "the first one goes on");
    assert_eq!(room.status().session, 1);
}

#[test]
fn what_is_not_rtmp_is_closed_and_the_room_goes_on() {
    let room = room();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4000]] {
        let mut stream = TcpStream::connect(ingest_address(&room)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(garbage);
        // Closed, by an end or a reset: what matters is that it does not stay open.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    until("both faults", || room.status().connections_refused == 2);
    assert_eq!(room.status().last_fault, Some(IngestFault::Handshake));

    let mut stream = TcpStream::connect(ingest_address(&room)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The plain handshake, then a message that claims 16 MB.
    let mut hello = vec![0u8; 1 + 1536];
    hello[0] = 3;
    stream.write_all(&hello).unwrap();
    stream.read_exact(&mut vec![0u8; 1 + 2 * 1536]).unwrap();
    stream.write_all(&[0; 1536]).unwrap();
    stream.write_all(&[0x03, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0]).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    until("the oversized message", || room.status().connections_refused == 3);
    assert!(matches!(room.status().last_fault, Some(IngestFault::Chunk(_))));
    assert!(get(&room, "/watch/clock").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_taken_port_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let error = Room::start(RoomConfig { port: Some(port), expose: Expose::Loopback }).unwrap_err();
    assert!(matches!(error, RoomError::PortTaken { port: p } if p == port), "{error}");
}

#[test]
fn a_stopped_room_closes_everything_and_its_port_is_free_again() {
    let mut room = room();
    let address = page_address(&room);
    // A peer in every stage of doing nothing.
    let mut idle = TcpStream::connect(address).unwrap();
    let mut half = request(&room, "GET /watch/ HTTP/1.1\r\n");
    let mut rtmp = TcpStream::connect(ingest_address(&room)).unwrap();
    room.stop();
    for stream in [&mut idle, &mut half, &mut rtmp] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let end = stream.read(&mut [0; 16]);
        let timed_out = end.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!timed_out, "the socket is closed");
    }
    room.stop();
    Room::start(RoomConfig { port: Some(address.port()), expose: Expose::Loopback }).unwrap();
}

#[test]
fn the_page_comes_with_a_strict_policy_and_only_to_its_own_name() {
    let room = room();
    let page = get(&room, "/watch/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<!doctype html>"), "{page}");
    let header = page.to_ascii_lowercase();
    for needed in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff"] {
        assert!(header.contains(needed), "{needed}");
    }
    assert!(!header.contains("unsafe-inline") && !header.contains("unsafe-eval"));
    let rebound = answer(&room, "GET /watch/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(rebound.starts_with("HTTP/1.1 421"), "{rebound}");
    assert!(get(&room, "/watch/../Cargo.toml").starts_with("HTTP/1.1 404"));
    assert!(get(&room, "/watch/live.flv").starts_with("HTTP/1.1 503"), "nobody publishes");
    assert!(get(&room, "/").contains("location: /watch/"));
}

#[test]
fn reports_reach_the_status_and_foreign_ones_do_not() {
    let room = room();
    let host = page_address(&room);
    let post = |origin: &str, body: &str| {
        answer(
            &room,
            &format!(
                "POST /watch/report HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    };
    let own = format!("http://{host}");
    let body =
        r#"{"page":"abc","state":"live","latency_millis":412.5,"frames_decoded":90,"audio_bytes_decoded":5}"#;
    assert!(post("http://evil.example", body).starts_with("HTTP/1.1 403"));
    assert!(room.status().pages.is_empty());
    assert!(post(&own, body).starts_with("HTTP/1.1 204"));
    let pages = room.status().pages;
    assert_eq!((pages.len(), pages[0].latency_millis, pages[0].frames_decoded), (1, Some(412.5), 90));
    assert!(post(&own, "{\"page\":\"<b>\"}").starts_with("HTTP/1.1 400"));
    assert!(post(&own, &"x".repeat(100_000)).starts_with("HTTP/1.1 4"));
}

#[test]
fn on_the_lan_the_address_holds_a_token_and_nothing_is_found_without_it() {
    let room = Room::start(RoomConfig { port: None, expose: Expose::Lan }).unwrap();
    let url = room.watch_url();
    let path = format!("/{}", url.splitn(4, '/').nth(3).unwrap());
    assert!(path.len() > "/watch/".len() + 20, "{path}");
    assert!(get(&room, &path).starts_with("HTTP/1.1 200"));
    for guess in ["/", "/watch/", "/watch/clock", "/watch/live.flv", "/watch/aaaaaaaaaaaaaaaaaaaaaaaa/"] {
        assert!(get(&room, guess).starts_with("HTTP/1.1 404"), "{guess}");
    }
    assert!(room.lan_urls().iter().all(|lan| lan.ends_with(&path)));
    assert!(!format!("{room:?}").contains(path.trim_matches('/')), "the token is not printed");
    assert!(ingest_address(&room).ip().is_loopback());
}
