//! Servers and networks that misbehave.

use std::net::TcpListener;
use std::time::Duration;

use vitrine_media::TrackKind;
use vitrine_testkit::nginx::free_port;
use vitrine_testkit::rtmp_sink::{RtmpSink, SinkOptions, TagKind};
use vitrine_uplink::{DestinationState, rtmp};

use crate::media;
use crate::parts::Studio;

fn error_code(url: &str) -> String {
    let studio = Studio::new();
    let id = studio.add(url);
    studio.push(&media::programme()[..40]);
    studio.wait_for(id, "an error", |s| s.error.is_some());
    let status = studio.status(id);
    studio.stop();
    assert!(!format!("{status:?}").contains("hush"), "{status:?}");
    status.error.unwrap().code().to_owned()
}

#[test]
fn every_way_not_to_connect_has_its_own_code() {
    assert_eq!(error_code("rtmp://no-such-host.invalid/live/hush"), "dns_failed");
    assert_eq!(error_code(&format!("rtmp://127.0.0.1:{}/live/hush", free_port())), "connection_refused");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    assert_eq!(error_code(&format!("rtmp://127.0.0.1:{port}/live/hush")), "no_answer");
    assert_eq!(error_code(&format!("rtmps://127.0.0.1:{port}/live/hush")), "timed_out");
}

#[test]
fn a_web_server_is_no_ingest() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtmp://{}/live/hush", server.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in server.incoming() {
            std::io::Write::write_all(&mut stream.unwrap(), b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    assert_eq!(error_code(&url), "not_rtmp");
}

#[test]
fn a_rejected_key_is_told_and_tried_slowly() {
    let sink = RtmpSink::start(SinkOptions {
        reject_publish: Some("NetStream.Publish.Denied".to_owned()),
        ..SinkOptions::default()
    });
    let studio = Studio::new();
    let id = studio.add(&sink.url("hush"));
    studio.wait_for(id, "the refusal", |s| matches!(s.state, DestinationState::Refused { .. }));
    assert_eq!(studio.status(id).error.unwrap().code(), "key_rejected");
    sink.set_options(|options| options.reject_publish = None);
    studio.push(&media::programme());
    // The host corrected it and does not want to wait.
    studio.destinations.retry_now(id);
    studio.wait_publishing(id);
    studio.stop();
}

#[test]
fn a_server_that_hangs_up_in_mid_stream_gets_a_whole_stream_again_in_the_same_time() {
    let sink = RtmpSink::start(SinkOptions::default());
    let studio = Studio::new();
    let id = studio.add(&sink.url("k"));
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    let (before, after) = rest.split_at(rest.len() / 2);
    studio.feed(before, &[id]);
    sink.drop_connections();
    studio.wait_for(id, "the reconnect", |s| s.reconnects == 1);
    studio.feed(after, &[id]);
    studio.stop();
    sink.wait_for("both ends", |s| s.len() == 2 && s.iter().all(|s| s.closed.is_some()));
    let second = sink.sessions().remove(1);
    let kinds: Vec<_> =
        second.tags.iter().take(3).map(|t| (t.kind, t.is_header(), t.is_keyframe())).collect();
    assert_eq!(
        kinds,
        [(TagKind::Data, false, false), (TagKind::Video, true, false), (TagKind::Video, false, true)]
    );
    let last = second.of(TagKind::Video).last().unwrap().millis;
    assert_eq!(last, rtmp::wire_millis(media::of(&units, TrackKind::Video).last().unwrap().dts));
    let first = second.tags[0].millis;
    assert!(units.iter().any(|u| u.keyframe && rtmp::wire_millis(u.dts) == first), "programme time: {first}");
}

#[test]
fn one_dead_destination_of_four_costs_the_others_nothing() {
    let good: Vec<_> = (0..3).map(|_| RtmpSink::start(SinkOptions::default())).collect();
    let dead = RtmpSink::start(SinkOptions { receive_buffer: Some(4096), ..SinkOptions::default() });
    let studio = Studio::new();
    let ids: Vec<_> = good.iter().map(|sink| studio.add(&sink.url("k"))).collect();
    let lost = studio.add(&dead.url("k"));
    let units = media::programme();
    let all: Vec<_> = ids.iter().copied().chain([lost]).collect();
    let rest = studio.open(&units, &all);
    dead.set_options(|options| options.stalled = true);
    studio.feed(rest, &ids);
    // Forty minutes of programme would not make its queue longer than the ring.
    let mut offset = Duration::ZERO;
    for _ in 0..9 {
        offset += Duration::from_secs(6);
        studio.feed(&media::programme_at(offset), &ids);
    }
    let stats = studio.ring.stats();
    assert!(stats.bytes <= 64 << 20 && stats.units < 30 * 80, "{stats:?}");
    assert!(studio.status(lost).queue_millis <= 30_000);
    studio.stop();
    for (sink, id) in good.iter().zip(&ids) {
        sink.wait_for("the end", |s| s[0].closed.is_some());
        let session = sink.sessions().remove(0);
        assert_eq!(sink.sessions().len(), 1);
        let pictures = session.of(TagKind::Video).filter(|tag| !tag.is_header()).count();
        assert_eq!(pictures, 10 * 180, "not one picture lost");
        let status = studio.status(*id);
        assert_eq!((status.reconnects, status.dropped_frames, status.lost_units), (0, 0, 0));
    }
}

#[test]
fn a_slow_network_loses_whole_groups_of_pictures_and_no_sound() {
    let sink = RtmpSink::start(SinkOptions {
        receive_buffer: Some(4096),
        bytes_per_second: Some(60_000),
        ..SinkOptions::default()
    });
    let studio = Studio::new();
    let id = studio.add(&sink.url("k"));
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    studio.push(rest);
    for n in 1..3 {
        studio.push(&media::programme_at(Duration::from_secs(6 * n)));
    }
    studio.wait_for(id, "drops", |s| s.dropped_frames > 30);
    sink.set_options(|options| options.bytes_per_second = None);
    studio.wait_for(id, "the queue to empty", |s| s.queue_millis < 100);
    studio.stop();
    sink.wait_for("the end", |s| s[0].closed.is_some());
    let session = sink.sessions().remove(0);
    let sound = media::of(media::from_keyframe(&units), TrackKind::Audio).len()
        + 2 * media::of(&units, TrackKind::Audio).len();
    assert_eq!(session.of(TagKind::Audio).filter(|t| !t.is_header()).count(), sound, "all sound");
    let pictures: Vec<_> = session.of(TagKind::Video).filter(|t| !t.is_header()).collect();
    assert_eq!(pictures.len() as u64 + studio.status(id).dropped_frames, 3 * 180);
    // After a gap comes a keyframe.
    for pair in pictures.windows(2) {
        let gap = pair[1].millis.wrapping_sub(pair[0].millis);
        assert!(gap <= 34 || pair[1].is_keyframe(), "{gap}");
    }
    assert!(sink.sessions().len() == 1);
}

#[test]
fn a_stop_ends_on_a_server_that_reads_nothing() {
    let sink = RtmpSink::start(SinkOptions { receive_buffer: Some(4096), ..SinkOptions::default() });
    let studio = Studio::new();
    let id = studio.add(&sink.url("k"));
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    sink.set_options(|options| options.stalled = true);
    studio.push(rest);
    studio.stop();
    assert_eq!(studio.status(id).state, DestinationState::Stopped);
}

#[test]
fn a_stop_ends_in_every_phase_of_a_connection() {
    let sink = RtmpSink::start(SinkOptions { never_answer: true, ..SinkOptions::default() });
    let studio = Studio::new();
    let (waiting, shaking) = (studio.add("rtmp://127.0.0.1:1/live/x"), studio.add(&sink.url("k")));
    studio.wait_for(waiting, "an error", |s| s.error.is_some());
    sink.wait_for("the connection", |s| !s.is_empty());
    studio.stop();
    assert_eq!(studio.status(waiting).state, DestinationState::Stopped);
    assert_eq!(studio.status(shaking).state, DestinationState::Stopped);
    assert!(studio.status(shaking).first_accepted.is_none());
}

#[test]
fn a_programme_that_ends_ends_its_destinations_after_the_last_unit() {
    let sink = RtmpSink::start(SinkOptions::default());
    let studio = Studio::new();
    let id = studio.add(&sink.url("k"));
    let units = media::programme();
    let rest = studio.open(&units, &[id]);
    studio.feed(rest, &[id]);
    studio.ring.close();
    studio.wait_for(id, "the end", |s| s.state == DestinationState::Stopped);
    sink.wait_for("the goodbye", |s| s[0].closed.is_some());
    let pictures = sink.sessions().remove(0).of(TagKind::Video).filter(|tag| !tag.is_header()).count();
    assert_eq!(pictures, 180);
}

#[test]
fn a_removed_destination_says_goodbye_and_is_gone() {
    let sink = RtmpSink::start(SinkOptions::default());
    let studio = Studio::new();
    let (id, other) = (studio.add(&sink.url("k")), studio.add("rtmp://127.0.0.1:1/live/x"));
    let units = media::programme();
    studio.open(&units, &[id]);
    studio.runtime.block_on(studio.destinations.remove(id));
    assert_eq!(studio.destinations.list().iter().map(|s| s.id).collect::<Vec<_>>(), [other]);
    sink.wait_for("the goodbye", |s| s[0].closed.is_some());
    let commands = sink.sessions().remove(0).commands;
    assert_eq!(&commands[commands.len() - 2..], ["FCUnpublish", "deleteStream"]);
}
