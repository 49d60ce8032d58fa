//! Stock nginx-rtmp takes the stream and records it; ffprobe judges the recording.

use std::path::Path;
use std::time::Duration;

use vitrine_media::{AccessUnit, TrackKind};
use vitrine_testkit::ffmpeg;
use vitrine_testkit::nginx::Nginx;
use vitrine_uplink::{DestinationState, UplinkError, rtmp};

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
    publish_and_check(Duration::from_millis(20_000_000));
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
