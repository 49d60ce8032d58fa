//! The sound thread asks for no memory once it runs: an allocator that counts says so.

use assert_no_alloc::{AllocDisabler, assert_no_alloc, violation_count};
use vitrine_media::{AudioBlock, AudioFormat, MediaTime};
use vitrine_sound::{Inlet, InletConfig, Mixer, StripSettings};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn a_tick_of_sound_allocates_nothing() {
    let format = AudioFormat { rate_hz: 44_100, channels: 1 };
    let mut inlet = Inlet::new(format, InletConfig::default()).unwrap();
    let mut mixer = Mixer::new();
    let microphone = mixer.add(StripSettings::default()).unwrap();
    let media = mixer.add(StripSettings { delay_samples: 1440, ..StripSettings::default() }).unwrap();
    let chunk = [0.6f32; 441];
    let mut music = AudioBlock::silence(MediaTime::ZERO);
    music.samples.fill(0.7);
    let mut tick = |k: i64, silent: bool| {
        let at = MediaTime::from_millis(k * 10);
        if !silent {
            inlet.push(&chunk, 441, at);
        }
        mixer.feed(microphone, inlet.pull(at)).unwrap();
        mixer.feed(media, &music).unwrap();
        mixer.set_gain_db(media, (k % 7) as f32).unwrap();
        mixer.mix(at);
        mixer.programme_meter();
    };
    tick(0, false);
    let before = violation_count();
    assert_no_alloc(|| {
        for k in 1..1500 {
            // With a stall in the middle: concealing and starting anew are part of a normal day.
            tick(k, (700..760).contains(&k));
        }
    });
    assert_eq!(violation_count(), before);
}
