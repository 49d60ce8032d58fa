//! Hours of devices on virtual time.

use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::simulated::{Card, Delivery, Random, largest_step, promptly, sine, thd_n_db};

const STEREO: AudioFormat = AudioFormat::STUDIO;

fn inlet(format: AudioFormat) -> Inlet {
    Inlet::new(format, InletConfig::default()).unwrap()
}

fn tick(k: i64) -> MediaTime {
    MediaTime::from_millis(k * 10)
}

/// The delay of a 20 Hz tone in `window`, whose first frame is at `secs`: from 0 to 50 ms.
fn delay_millis(window: &[f32], secs: f64) -> f64 {
    let (mut a, mut b) = (0.0, 0.0);
    for (n, s) in window.iter().enumerate() {
        let phase = TAU * 20.0 * (secs + n as f64 / 48_000.0);
        a += f64::from(*s) * phase.sin();
        b += f64::from(*s) * phase.cos();
    }
    (-b).atan2(a).rem_euclid(TAU) / TAU * 50.0
}

struct Soak {
    worst_error_millis: f64,
    mean_delay_millis: f64,
    late_underruns: u64,
    stats: InletStats,
}

/// Runs a card through an inlet for `secs` of virtual time, measuring its delay every 50 ms from second 30 on.
fn soak(format: AudioFormat, ppm: f64, chunk: usize, jitter_millis: f64, secs: i64) -> Soak {
    let mut inlet = inlet(format);
    let mut card = Card::new(format, ppm, chunk, jitter_millis, sine(20.0, 0.5));
    let (mut window, mut delays, mut early) = (Vec::with_capacity(2400), Vec::new(), 0);
    for k in 0..secs * 100 {
        card.run_until(tick(k), &mut inlet, promptly);
        window.extend(inlet.pull(tick(k)).samples.iter().step_by(2).copied());
        if window.len() == 2400 {
            if k >= 3000 {
                delays.push(delay_millis(&window, (k - 4) as f64 * 0.01));
            } else {
                early = inlet.stats().underruns;
            }
            window.clear();
        }
    }
    let stats = inlet.stats();
    // Arrivals are late by half the jitter on average, which no receiver can know.
    let target = f64::from(stats.latency_samples) / 48.0 + jitter_millis / 2.0;
    let worst = delays.iter().map(|d| (d - target.rem_euclid(50.0)).abs()).fold(0.0, f64::max);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    Soak {
        worst_error_millis: worst,
        mean_delay_millis: mean,
        late_underruns: stats.underruns - early,
        stats,
    }
}

/// Ten minutes with 10 ms of jitter: what the eight hours below hold for longer.
fn ten_minutes(ppm: f64, chunk: usize) {
    let soak = soak(STEREO, ppm, chunk, 10.0, 600);
    println!("{ppm} ppm, chunks of {chunk}: worst {:.3} ms, {:?}", soak.worst_error_millis, soak.stats);
    assert!(soak.worst_error_millis <= 2.0, "{}", soak.worst_error_millis);
    assert_eq!((soak.late_underruns, soak.stats.resyncs, soak.stats.steps), (0, 0, 0));
    assert!((soak.stats.drift_ppm - ppm).abs() < 40.0, "{:?}", soak.stats);
}

#[test]
fn a_fast_crystal_leaves_latency_where_it_was() {
    ten_minutes(300.0, 480);
}

#[test]
fn a_slow_crystal_leaves_latency_where_it_was() {
    ten_minutes(-300.0, 480);
}

#[test]
fn small_chunks_leave_latency_where_it_was() {
    ten_minutes(300.0, 256);
}

#[test]
fn large_chunks_leave_latency_where_it_was() {
    ten_minutes(-50.0, 1024);
}

/// The whole of it, 8 hours. Each takes a minute or more, so they are run by name.
fn eight_hours(ppm: f64, chunk: usize) {
    let soak = soak(STEREO, ppm, chunk, 10.0, 8 * 3600);
    println!("8 h, {ppm} ppm, chunks of {chunk}: worst {:.3} ms, {:?}", soak.worst_error_millis, soak.stats);
    assert!(soak.worst_error_millis <= 2.0, "{}", soak.worst_error_millis);
    assert_eq!((soak.late_underruns, soak.stats.resyncs, soak.stats.steps), (0, 0, 0));
}

#[test]
#[ignore = "eight hours of virtual time"]
fn eight_hours_of_a_fast_crystal() {
    eight_hours(300.0, 480);
}

#[test]
#[ignore = "eight hours of virtual time"]
fn eight_hours_of_a_slow_crystal() {
    eight_hours(-300.0, 480);
}

#[test]
#[ignore = "eight hours of virtual time"]
fn eight_hours_of_large_chunks() {
    eight_hours(300.0, 1024);
}

#[test]
fn the_latency_told_is_the_latency_measured() {
    for (rate_hz, channels, chunk) in [(48_000, 2, 480), (44_100, 2, 441), (16_000, 1, 160), (96_000, 2, 960)]
    {
        let soak = soak(AudioFormat { rate_hz, channels }, 0.0, chunk, 0.0, 60);
        let told = f64::from(soak.stats.latency_samples) / 48.0;
        assert!((soak.mean_delay_millis - told).abs() < 0.1, "{rate_hz}: {} {told}", soak.mean_delay_millis);
    }
}

#[test]
fn a_tone_stays_clean() {
    for (rate_hz, ppm, jitter, hz) in [
        (48_000, 100.0, 0.0, 1000.0),
        (48_000, 300.0, 10.0, 1000.0),
        (48_000, -300.0, 10.0, 10_000.0),
        (44_100, 50.0, 5.0, 1000.0),
        (96_000, -50.0, 5.0, 1000.0),
        (16_000, 100.0, 5.0, 1000.0),
    ] {
        let format = AudioFormat { rate_hz, channels: 2 };
        let mut inlet = inlet(format);
        let mut card = Card::new(format, ppm, rate_hz as usize / 100, jitter, sine(hz, 0.5));
        let mut out = Vec::new();
        for k in 0..6000 {
            card.run_until(tick(k), &mut inlet, promptly);
            let block = inlet.pull(tick(k));
            if k >= 4000 {
                out.extend(block.samples.iter().step_by(2).copied());
            }
        }
        let noise = thd_n_db(&out, hz);
        println!("{rate_hz} Hz, {ppm} ppm, {jitter} ms jitter, {hz} Hz: THD+N {noise:.1} dB");
        assert!(noise <= -100.0, "{rate_hz} Hz, {ppm} ppm, {jitter} ms, {hz} Hz: {noise} dB");
    }
}

/// 40 s of a 300 Hz tone with a fault from second 10 to `until_millis`; the left channel and the counters.
fn fault(until_millis: i64, faulty: impl Fn(MediaTime) -> Delivery) -> (Vec<f32>, InletStats) {
    let mut inlet = inlet(STEREO);
    let mut card = Card::new(STEREO, 80.0, 480, 3.0, sine(300.0, 0.8));
    let mut left = Vec::new();
    for k in 0..4000 {
        card.run_until(tick(k), &mut inlet, |ready| {
            if (10_000..until_millis).contains(&ready.millis()) { faulty(ready) } else { promptly(ready) }
        });
        left.extend(inlet.pull(tick(k)).samples.iter().step_by(2).copied());
    }
    (left, inlet.stats())
}

fn loud(left: &[f32], from_secs: f64, to_secs: f64) -> f32 {
    let range = (from_secs * 48_000.0) as usize..(to_secs * 48_000.0) as usize;
    left[range].iter().fold(0.0f32, |m, s| m.max(s.abs()))
}

/// What a 300 Hz tone at 0.8 moves by in a frame, and a fade of 5 ms on top.
const NO_CLICK: f32 = 0.8 * 300.0 * std::f32::consts::TAU / 48_000.0 + 0.8 / 240.0;

#[test]
fn a_stall_is_concealed_counted_and_forgotten() {
    // The driver hangs for 200 ms, then hands over everything at once.
    let (left, stats) = fault(10_200, |_| Delivery::At(MediaTime::from_millis(10_200)));
    assert_eq!((stats.underruns, stats.resyncs, stats.latency_samples), (1, 0, 1440), "{stats:?}");
    assert!((15..=22).contains(&stats.concealed_blocks), "{stats:?}");
    assert!(largest_step(&left) < NO_CLICK, "{}", largest_step(&left));
    assert!(loud(&left, 10.1, 10.15) < 1e-6 && loud(&left, 10.35, 10.4) > 0.75);
}

#[test]
fn sound_lost_by_the_driver_leaves_a_gap_and_no_delay() {
    let (left, stats) = fault(10_300, |_| Delivery::Lost);
    assert_eq!((stats.underruns, stats.resyncs), (1, 0), "{stats:?}");
    assert!(stats.concealed_blocks < 45, "{stats:?}");
    assert!(largest_step(&left) < NO_CLICK, "{}", largest_step(&left));
    assert!(loud(&left, 10.6, 10.65) > 0.75);
    assert!(stats.waiting_millis < 40.0, "{stats:?}");
}

#[test]
fn a_device_that_disappears_for_a_minute_comes_back_with_the_same_latency() {
    let mut inlet = inlet(STEREO);
    let mut card = Card::new(STEREO, 80.0, 480, 3.0, sine(300.0, 0.8));
    for k in 0..12_000 {
        card.run_until(tick(k), &mut inlet, |ready| {
            if (10_000..70_000).contains(&ready.millis()) { Delivery::Lost } else { promptly(ready) }
        });
        inlet.pull(tick(k));
    }
    let stats = inlet.stats();
    assert_eq!((stats.underruns, stats.latency_samples), (1, 1440), "{stats:?}");
    assert!((10.0..35.0).contains(&stats.waiting_millis), "{stats:?}");
}

#[test]
fn a_reader_that_stood_still_is_cut_back_once() {
    let mut inlet = inlet(STEREO);
    let mut card = Card::new(STEREO, 0.0, 480, 1.0, sine(300.0, 0.8));
    let mut left = Vec::new();
    for k in (0..2000).chain(2030..4000) {
        card.run_until(tick(k), &mut inlet, promptly);
        left.extend(inlet.pull(tick(k)).samples.iter().step_by(2).copied());
    }
    let stats = inlet.stats();
    assert_eq!((stats.underruns, stats.resyncs), (0, 1), "{stats:?}");
    assert!(stats.waiting_millis < 35.0, "{stats:?}");
    assert!(largest_step(&left) < NO_CLICK, "{}", largest_step(&left));
}

#[test]
fn a_device_with_large_chunks_gets_the_latency_it_needs_and_no_more() {
    let mut inlet = inlet(STEREO);
    let mut card = Card::new(STEREO, 0.0, 2048, 5.0, sine(300.0, 0.8));
    for k in 0..6000 {
        card.run_until(tick(k), &mut inlet, promptly);
        inlet.pull(tick(k));
    }
    let stats = inlet.stats();
    // 10 ms of tick, 42.7 of chunk, 8 of reserve, 0.7 of filter.
    assert_eq!((stats.latency_samples, stats.underruns), (2944, 0), "{stats:?}");
}

#[test]
fn what_cannot_be_used_is_refused() {
    for (rate_hz, channels) in [(0, 2), (7999, 2), (48_000, 0), (48_000, 65), (u32::MAX, 1)] {
        let refused = Inlet::new(AudioFormat { rate_hz, channels }, InletConfig::default()).err();
        assert_eq!(refused, Some(SoundError::Format { rate_hz, channels }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_sequence_of_chunks_breaks_an_inlet(
        rate_hz in prop::sample::select(vec![8000u32, 44_100, 48_000, 192_000]),
        channels in 1u16..8,
        chunks in prop::collection::vec((0usize..6000, -30i64..400), 1..60),
        seed: u64,
    ) {
        let mut inlet = inlet(AudioFormat { rate_hz, channels });
        let mut random = Random::new(seed);
        let (mut now, mut k) = (0, 0);
        for (frames, wait) in chunks {
            now += wait;
            let samples: Vec<f32> = (0..frames * usize::from(channels)).map(|_| random.noise()).collect();
            inlet.push(&samples, frames, MediaTime::from_millis(now));
            while k * 10 < now {
                let block = inlet.pull(tick(k));
                prop_assert_eq!(block.pts, tick(k));
                prop_assert!(block.samples.iter().all(|s| s.is_finite() && s.abs() < 40.0));
                k += 1;
            }
        }
    }
}
