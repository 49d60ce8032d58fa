//! When a device's frames were really taken, from jittered arrival times.
//!
//! A delay-locked loop after F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005), in its form
//! for chunks of unequal size: the state is the filtered time of the newest frame and the filtered length of one
//! frame. Two additions make it live through real devices: its bandwidth starts wide and narrows like that of a
//! least-squares line through all arrivals so far, and a persistent step (frames lost by the driver, a clock that
//! jumped) is recognised and taken over at once instead of being followed for seconds.

use vitrine_media::MediaTime;

/// Bandwidth once settled. Low enough that 10 ms of jitter moves the estimate by well under a millisecond, high
/// enough to follow a crystal that warms up (some ppm per minute).
const SETTLED_HZ: f64 = 0.03;
/// An arrival further off than this counts no more than this.
const OUTLIER_SECS: f64 = 0.020;
/// A step is when every arrival is off to the same side by at least this …
const STEP_SECS: f64 = 0.012;
/// … for this much sound.
const STEP_RUN_SECS: f64 = 0.150;
/// Sound cannot arrive before it is made: an arrival this early proves the estimate wrong by itself.
const IMPOSSIBLY_EARLY_SECS: f64 = 0.040;

/// The filtered relation between session time and frames written.
#[derive(Debug)]
pub(crate) struct Dll {
    nominal_frame_secs: f64,
    lock: Option<Lock>,
    steps: u64,
}

#[derive(Debug)]
struct Lock {
    anchor: MediaTime,
    /// Filtered arrival of the newest frame, seconds after the anchor.
    newest_secs: f64,
    /// Frames since the anchor.
    frames: u64,
    /// Filtered length of one frame.
    frame_secs: f64,
    /// The newest arrival as it was, seconds after the anchor.
    arrival_secs: f64,
    /// Sound seen since the bandwidth was last opened.
    settling_secs: f64,
    /// Sound seen since arrivals were last on the other side of the estimate, and the least they were off.
    run: Run,
}

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    secs: f64,
    least: f64,
}

impl Dll {
    pub(crate) fn new(rate_hz: u32) -> Self {
        Self { nominal_frame_secs: 1.0 / f64::from(rate_hz), lock: None, steps: 0 }
    }

    /// `frames` more frames arrived, the newest of them at `arrived`.
    pub(crate) fn arrived(&mut self, frames: usize, arrived: MediaTime) {
        let Some(lock) = &mut self.lock else {
            self.lock = Some(Lock {
                anchor: arrived,
                newest_secs: 0.0,
                arrival_secs: 0.0,
                frames: frames as u64,
                frame_secs: self.nominal_frame_secs,
                settling_secs: 0.0,
                run: Run::default(),
            });
            return;
        };
        if frames == 0 {
            return;
        }
        let span = frames as f64 * lock.frame_secs;
        let expected = lock.newest_secs + span;
        let arrival_secs = (arrived.nanos() - lock.anchor.nanos()) as f64 * 1e-9;
        let off = arrival_secs - expected;
        // Chunks of one burst are one piece of evidence, however much sound they hold.
        let evidence_secs = span.min(arrival_secs - lock.arrival_secs).max(0.0);
        lock.arrival_secs = arrival_secs;
        lock.frames += frames as u64;
        lock.settling_secs += span;
        if off < -IMPOSSIBLY_EARLY_SECS {
            lock.step(expected + off);
            self.steps += 1;
            return;
        }
        if let Some(step) = lock.run.step(off, evidence_secs) {
            lock.step(expected + step);
            self.steps += 1;
            return;
        }
        // ω of a growing least-squares line, until that is narrower than the settled loop.
        let omega = (2.45 / lock.settling_secs).max(std::f64::consts::TAU * SETTLED_HZ);
        let w = (omega * span).min(0.5);
        let error = off.clamp(-OUTLIER_SECS, OUTLIER_SECS);
        lock.newest_secs = expected + std::f64::consts::SQRT_2 * w * error;
        lock.frame_secs += w * w * error / frames as f64;
        // No sound card is off by more than 1 %: beyond it the loop is following nonsense.
        let nominal = self.nominal_frame_secs;
        lock.frame_secs = lock.frame_secs.clamp(nominal * 0.99, nominal * 1.01);
    }

    /// How many frames have been written at `at`, if any; a fraction, ahead of the true count between two chunks.
    pub(crate) fn written_at(&self, at: MediaTime) -> Option<f64> {
        let lock = self.lock.as_ref()?;
        let secs = (at.nanos() - lock.anchor.nanos()) as f64 * 1e-9;
        Some(lock.frames as f64 + (secs - lock.newest_secs) / lock.frame_secs)
    }

    /// How often a step was taken over.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }
}

impl Lock {
    fn step(&mut self, newest_secs: f64) {
        self.newest_secs = newest_secs;
        self.run = Run::default();
        // The rate is known, the phase only from one arrival: reopen part of the way.
        self.settling_secs = self.settling_secs.min(3.0);
    }
}

impl Run {
    /// Adds an arrival; the size of the step if there has been one.
    fn step(&mut self, off: f64, evidence_secs: f64) -> Option<f64> {
        if off.abs() < STEP_SECS || off * self.least < 0.0 {
            *self = Self::default();
            return None;
        }
        if self.least == 0.0 || off.abs() < self.least.abs() {
            self.least = off;
        }
        self.secs += evidence_secs;
        (self.secs >= STEP_RUN_SECS).then_some(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Random;
    use proptest::prelude::*;

    /// Feeds `secs` of a device that is off by `ppm`, and gives the worst error of the estimate after `settle`
    /// seconds, in milliseconds beside the mean of the jitter.
    fn worst_error_millis(ppm: f64, jitter_millis: f64, chunk: usize, secs: f64, settle: f64) -> f64 {
        let rate = 48_000.0 * (1.0 + ppm * 1e-6);
        let mut dll = Dll::new(48_000);
        let mut random = Random::new(7);
        let mut worst = 0.0f64;
        let mut frames = 0u64;
        while (frames as f64) < secs * rate {
            frames += chunk as u64;
            let taken = frames as f64 / rate;
            let arrived = taken + random.unit() * jitter_millis * 1e-3;
            dll.arrived(chunk, MediaTime::from_nanos((arrived * 1e9) as i64));
            if taken > settle {
                let at = MediaTime::from_nanos(((taken + jitter_millis * 0.5e-3) * 1e9) as i64);
                let error = dll.written_at(at).unwrap() - frames as f64;
                worst = worst.max((error / rate * 1e3).abs());
            }
        }
        worst
    }

    #[test]
    fn ten_milliseconds_of_jitter_are_filtered_to_a_fraction_of_one() {
        for (ppm, chunk) in [(300.0, 480), (-300.0, 480), (50.0, 1024), (300.0, 256)] {
            let worst = worst_error_millis(ppm, 10.0, chunk, 1200.0, 30.0);
            assert!(worst < 1.0, "{ppm} ppm, chunks of {chunk}: {worst} ms");
        }
    }

    #[test]
    fn without_jitter_the_estimate_is_exact() {
        assert!(worst_error_millis(250.0, 0.0, 480, 300.0, 60.0) < 0.001);
    }

    #[test]
    fn frames_lost_by_the_driver_are_noticed_within_a_fifth_of_a_second() {
        let mut dll = Dll::new(48_000);
        for n in 1..=1000 {
            dll.arrived(480, MediaTime::from_millis(n * 10));
        }
        for n in 1001..=1020 {
            dll.arrived(480, MediaTime::from_millis(n * 10 + 60));
        }
        let written = dll.written_at(MediaTime::from_millis(10_260)).unwrap();
        assert!((written - 1020.0 * 480.0).abs() < 24.0, "{}", written - 1020.0 * 480.0);
        assert_eq!(dll.steps(), 1);
    }

    #[test]
    fn a_burst_after_a_stall_is_not_a_step() {
        let mut dll = Dll::new(48_000);
        for n in 1..=1000 {
            dll.arrived(480, MediaTime::from_millis(n * 10));
        }
        for _ in 0..25 {
            dll.arrived(480, MediaTime::from_millis(10_250));
        }
        let written = dll.written_at(MediaTime::from_millis(10_250)).unwrap();
        assert!((written - 1025.0 * 480.0).abs() < 144.0, "{}", written - 1025.0 * 480.0);
        assert_eq!(dll.steps(), 0);
    }

    proptest! {
        #[test]
        fn no_sequence_of_arrivals_breaks_the_estimate(
            chunks in prop::collection::vec((0usize..5000, -50i64..500), 1..200)
        ) {
            let mut dll = Dll::new(44_100);
            let mut now = 0;
            for (frames, wait) in chunks {
                now += wait;
                dll.arrived(frames, MediaTime::from_millis(now));
                prop_assert!(dll.written_at(MediaTime::from_millis(now)).unwrap().is_finite());
            }
        }
    }
}
