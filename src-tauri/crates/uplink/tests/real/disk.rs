//! Recording on a real disk, judged by ffprobe.

use vitrine_media::TrackKind;
use vitrine_testkit::ffmpeg;
use vitrine_uplink::{RecordError, RecordState, Recorder, UnitRing};

use crate::media;
use crate::parts::wait_until;

#[test]
fn a_recording_holds_every_picture_and_sound_of_the_programme() {
    let dir = tempfile::tempdir().unwrap();
    let ring = UnitRing::default();
    let units = media::programme();
    let recorder = Recorder::start(&ring, &dir.path().join("show.mp4")).unwrap();
    for unit in &units {
        ring.push(unit.clone());
    }
    wait_until("bytes", || recorder.status().bytes > 10_000, || format!("{:?}", recorder.status()));
    let status = recorder.finish();
    assert_eq!((status.state, status.lost_units), (RecordState::Finished, 0));
    assert_eq!(status.bytes, std::fs::metadata(&status.path).unwrap().len());
    assert_eq!(ffmpeg::each_luma(&status.path, "", |_, _| {}), 180);
    let sound = media::of(media::from_keyframe(&units), TrackKind::Audio).len();
    assert_eq!(ffmpeg::packet_times(&status.path, "a:0").len(), sound);
    let probed = ffmpeg::probe(&status.path);
    assert_eq!(ffmpeg::stream(&probed, "video").unwrap()["color_space"], "bt709");
}

#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    // The one device that is always full.
    let ring = UnitRing::default();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("full.mp4");
    let recorder = Recorder::start(&ring, &path).unwrap();
    let reserved = recorder.status().path;
    std::fs::remove_file(&reserved).unwrap();
    std::os::unix::fs::symlink("/dev/full", &reserved).unwrap();
    for unit in media::programme() {
        ring.push(unit);
    }
    let failed = RecordState::Failed(RecordError::DiskFull);
    wait_until("the fault", || recorder.status().state == failed, || format!("{:?}", recorder.status()));
    assert_eq!(ring.stats().pushed as usize, media::programme().len());
    assert_eq!(recorder.finish().state, failed);
}
