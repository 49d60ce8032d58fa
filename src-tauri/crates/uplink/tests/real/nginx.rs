//! Stock nginx-rtmp takes the stream and records it; ffprobe judges the recording.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use vitrine_media::{AccessUnit, TrackKind};
use vitrine_testkit::ffmpeg;
use vitrine_testkit::nginx::{Nginx, free_port};
use vitrine_uplink::rtmp::{Phase, Publisher, PublisherSettings};
use vitrine_uplink::{Configs, DestinationState, Target, UplinkError, rtmp};

use crate::media;
use crate::parts::Studio;

/// All units of a track are in the file, with the right times.
fn assert_same_times(file: &Path, units: &[AccessUnit], track: TrackKind) {
    let select = if track == TrackKind::Video { "v:0" } else { "a:0" };
    let millis = |secs: f64| (secs * 1000.0).round() as i64;
    let got: Vec<_> = ffmpeg::packet_times(file, select).into_iter().map(millis).collect();
    let zero = rtmp::wire_millis(units[0].dts);
    let want: Vec<_> = media::of(units, track)
        .iter()
        .map(|unit| {
            let cts = i64::from(rtmp::wire_millis(unit.pts).wrapping_sub(rtmp::wire_millis(unit.dts)) as i32);
            i64::from(rtmp::wire_millis(unit.dts).wrapping_sub(zero)) + cts
        })
        .collect();
    assert_eq!(got, want, "{select}");
}

fn publish_and_check(offset: Duration) {
    let nginx = Nginx::start();
    let studio = Studio::new();
    let id = studio.add_interleaving(&nginx.url("show"));
    let units = media::programme_at(offset);
    let rest = studio.open(&units, &[id]);
    studio.feed(rest, &[id]);
    studio.stop();
    assert_eq!(studio.status(id).state, DestinationState::Stopped);
    let files = nginx.recordings("show");
    assert_eq!(files.len(), 1, "{}", nginx.log());
    let sent = media::from_keyframe(&units);
    assert_same_times(&files[0], sent, TrackKind::Video);
    assert_same_times(&files[0], sent, TrackKind::Audio);
    let probed = ffmpeg::probe(&files[0]);
    let video = ffmpeg::stream(&probed, "video").unwrap();
    for (field, value) in [
        ("codec_name", "h264"),
        ("color_range", "tv"),
        ("color_space", "bt709"),
        ("color_transfer", "bt709"),
        ("color_primaries", "bt709"),
        ("r_frame_rate", "30/1"),
    ] {
        assert_eq!(video[field], value, "{field}");
    }
    assert_eq!(ffmpeg::stream(&probed, "audio").unwrap()["sample_rate"], "48000");
    // Every picture decodes.
    assert_eq!(ffmpeg::each_luma(&files[0], "", |_, _| {}), 180);
}

#[test]
fn every_frame_arrives_in_its_time() {
    publish_and_check(Duration::ZERO);
}

#[test]
fn a_show_crosses_2_pow_24_milliseconds() {
    publish_and_check(Duration::from_millis((1 << 24) - 3000));
}

#[test]
fn a_show_crosses_2_pow_32_milliseconds() {
    publish_and_check(Duration::from_millis((1 << 32) - 3000));
}

#[test]
fn a_connection_made_beyond_2_pow_24_milliseconds_is_right() {
    publish_and_check(Duration::from_secs(20_000));
}

#[test]
fn a_key_in_use_is_told_and_taken_as_soon_as_it_is_free() {
    let nginx = Nginx::start();
    let (first, second) = (Studio::new(), Studio::new());
    let units = media::programme();
    let a = first.add_interleaving(&nginx.url("same"));
    first.open(&units, &[a]);
    let b = second.add_interleaving(&nginx.url("same"));
    second.push(&units);
    second.wait_for(b, "the refusal", |s| matches!(s.state, DestinationState::Refused { .. }));
    let error = second.status(b).error.unwrap();
    assert_eq!(error.code(), "key_in_use");
    assert!(
        matches!(&error, UplinkError::Refused(r) if r.status == "NetStream.Publish.BadName"),
        "{error:?}"
    );
    first.stop();
    second.wait_publishing(b);
    assert!(second.status(b).error.is_none());
    second.stop();
}

#[test]
fn a_server_that_is_killed_and_comes_back_gets_the_stream_again_at_a_keyframe() {
    let mut nginx = Nginx::start();
    let studio = Studio::new();
    let id = studio.add_interleaving(&nginx.url("back"));
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    let (before, after) = rest.split_at(rest.len() / 2);
    studio.feed(before, &[id]);
    nginx.stop();
    studio.wait_for(id, "the loss", |s| matches!(s.state, DestinationState::Waiting { .. }));
    nginx.restart();
    studio.push(after);
    studio.wait_for(id, "the reconnect", |s| s.reconnects == 1 && s.state == DestinationState::Publishing);
    studio.stop();
    let files = nginx.recordings("back");
    assert_eq!(files.len(), 2, "{}", nginx.log());
    let frames = ffmpeg::each_luma(&files[1], "", |_, _| {});
    assert!(frames >= 30, "decodes from its first picture on: {frames}");
}

#[test]
fn sound_between_the_chunks_of_a_picture_is_put_together_again() {
    let nginx = Nginx::start();
    let units = media::programme();
    let mut hand = ByHand::publish(&nginx.url("mixed"));
    let sent = media::from_keyframe(&units);
    let (pictures, sounds) = (media::of(sent, TrackKind::Video), media::of(sent, TrackKind::Audio));
    let mut sounds = sounds.into_iter().peekable();
    let mut mixed = 0;
    for picture in pictures {
        hand.publisher.send(picture, &Configs::default());
        hand.flush(1);
        // The first chunk is out. Sound of the next 30 ms overtakes the rest, if there is one.
        while let Some(sound) = sounds.next_if(|s| s.dts <= picture.dts + Duration::from_millis(30)) {
            mixed += u32::from(!hand.publisher.is_drained());
            assert!(hand.publisher.can_send(sound));
            hand.publisher.send(sound, &Configs::default());
        }
        hand.flush(usize::MAX);
    }
    for sound in sounds {
        hand.publisher.send(sound, &Configs::default());
        hand.flush(usize::MAX);
    }
    hand.leave();
    assert!(mixed > 50, "pictures have several chunks: {mixed}");
    let file = &nginx.recordings("mixed")[0];
    assert_same_times(file, sent, TrackKind::Video);
    assert_same_times(file, sent, TrackKind::Audio);
    assert_eq!(ffmpeg::each_luma(file, "", |_, _| {}), 180);
}

#[test]
fn ffmpeg_as_a_server_takes_the_stream() {
    let dir = tempfile::tempdir().unwrap();
    let (file, port) = (dir.path().join("got.flv"), free_port());
    let url = format!("rtmp://127.0.0.1:{port}/live/show");
    let mut server = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-listen", "1", "-i", &url, "-c", "copy", "-copyts"])
        .arg(&file)
        .spawn()
        .unwrap();
    let studio = Studio::new();
    let id = studio.add_interleaving(&url);
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    studio.feed(rest, &[id]);
    studio.stop();
    assert!(server.wait().unwrap().success());
    assert_eq!(ffmpeg::each_luma(&file, "", |_, _| {}), 180);
    let sound = media::of(media::from_keyframe(&units), TrackKind::Audio).len();
    assert_eq!(ffmpeg::packet_times(&file, "a:0").len(), sound);
}

/// A publisher on a plain blocking socket, so that a test decides what goes out when.
struct ByHand {
    publisher: Publisher,
    stream: TcpStream,
}

impl ByHand {
    fn publish(url: &str) -> Self {
        let target = Target::parse(url).unwrap();
        let stream = TcpStream::connect((target.host(), target.port())).unwrap();
        let publisher = Publisher::new(target, PublisherSettings::default()).unwrap();
        let mut this = Self { publisher, stream };
        let mut into = [0; 4096];
        while this.publisher.phase() != Phase::Live {
            this.flush(usize::MAX);
            let read = this.stream.read(&mut into).unwrap();
            this.publisher.feed(&into[..read]).unwrap();
        }
        this
    }

    fn flush(&mut self, budget: usize) {
        let mut out = BytesMut::new();
        self.publisher.transmit(&mut out, budget);
        self.stream.write_all(&out).unwrap();
    }

    fn leave(mut self) {
        self.publisher.close();
        self.flush(usize::MAX);
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Until the server has hung up: then its file is complete.
        let _ = self.stream.read_to_end(&mut Vec::new());
    }
}
