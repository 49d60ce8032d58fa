//! The real microphone code against a real PipeWire of the test's own, in real time.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use vitrine_capture::{
    AudioInput, AudioSource, AudioSpec, CaptureContext, CaptureError, Pacing, list_microphones, open_audio,
};
use vitrine_media::{AudioFormat, FramePool, FrameRate, MediaTime, MonotonicClock};
use vitrine_picture::Converter;
use vitrine_testkit::soundcard::{TONE_AMPLITUDE, run_inside};

/// Reads are made every 10 ms, as the engine does; this many are half a minute.
const MANY_READS: usize = 3000;
const RATE: usize = 48_000;

fn context() -> CaptureContext {
    CaptureContext {
        clock: Arc::new(MonotonicClock::start()),
        convert: Arc::new(Converter::new()),
        pool: FramePool::new(1),
        canvas: (320, 180),
        rate: FrameRate::FPS_30,
    }
}

fn open(name: Option<&str>, context: &CaptureContext) -> Result<Box<dyn AudioSource>, CaptureError> {
    open_audio(&AudioSpec::Mic { name: name.map(str::to_owned) }, context)
}

/// A microphone and everything it said, its left channel at least.
struct Listener {
    context: CaptureContext,
    source: Box<dyn AudioSource>,
    input: AudioInput,
    left: Vec<f32>,
    last_arrival: MediaTime,
    overruns: u64,
}

impl Listener {
    fn to(name: Option<&str>) -> Self {
        let context = context();
        let source = open(name, &context).unwrap();
        assert_eq!(source.pacing(), Pacing::Device);
        assert_eq!(source.format(), AudioFormat::STUDIO);
        let (input, left) = (AudioInput::default(), Vec::new());
        Self { context, source, input, left, last_arrival: MediaTime::ZERO, overruns: 0 }
    }

    /// One read, on the next 10 ms.
    fn step(&mut self) -> Result<(), CaptureError> {
        let clock = Arc::clone(&self.context.clock);
        clock.sleep_until(clock.now() + Duration::from_millis(10));
        self.input.clear();
        self.source.read(clock.now(), &mut self.input)?;
        let frames: usize = self.input.chunks.iter().map(|c| c.frames).sum();
        assert_eq!(frames * 2, self.input.samples.len());
        for chunk in &self.input.chunks {
            assert!(chunk.arrived >= self.last_arrival && chunk.arrived <= clock.now());
            self.last_arrival = chunk.arrived;
        }
        self.overruns += self.input.overruns;
        self.left.extend(self.input.samples.chunks_exact(2).map(|frame| frame[0]));
        Ok(())
    }

    /// Reads until the newest tenth of a second is a tone of `hz`.
    fn hear(&mut self, hz: usize) {
        for _ in 0..MANY_READS {
            self.step().unwrap();
            if let Some(tail) = self.left.len().checked_sub(RATE / 10).map(|start| &self.left[start..])
                && (level(tail, hz) - TONE_AMPLITUDE).abs() < 0.02
            {
                return;
            }
        }
        panic!("no tone of {hz} Hz in {} frames", self.left.len());
    }

    /// Reads until the source ends.
    fn ending(&mut self) -> CaptureError {
        (0..MANY_READS).find_map(|_| self.step().err()).expect("it must end")
    }
}

/// Amplitude of the `hz` part of a sound (Goertzel).
fn level(sound: &[f32], hz: usize) -> f64 {
    let step = std::f64::consts::TAU * hz as f64 / RATE as f64;
    let (re, im) = sound.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, &x)| {
        (re + f64::from(x) * (step * n as f64).cos(), im + f64::from(x) * (step * n as f64).sin())
    });
    2.0 * re.hypot(im) / sound.len() as f64
}

/// The longest run, in frames, in which every three neighbours lie on one sine of `hz`: no gap, no repeat.
fn longest_unbroken(sound: &[f32], hz: usize) -> usize {
    let k = 2.0 * (std::f64::consts::TAU * hz as f64 / RATE as f64).cos();
    let (mut longest, mut run) = (0, 0);
    for (i, w) in sound.windows(3).enumerate() {
        let [a, b, c] = [w[0], w[1], w[2]].map(f64::from);
        let audible = sound[i.saturating_sub(24)..(i + 24).min(sound.len())].iter().any(|x| x.abs() > 0.1);
        run = if audible && (c - k * b + a).abs() < 1e-3 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[test]
fn a_tone_is_captured_without_gaps() {
    run_inside("a_tone_is_captured_without_gaps", |card| {
        card.add_microphone("desk_mic");
        card.play_tone("desk_mic", 1000);
        let mut listener = Listener::to(Some("desk_mic"));
        listener.hear(1000);
        // A machine too busy may break the tone inside the server; two seconds in one piece prove the line.
        for _ in 0..10 {
            listener.left.clear();
            while listener.left.len() < 3 * RATE {
                listener.step().unwrap();
            }
            if longest_unbroken(&listener.left, 1000) >= 2 * RATE {
                assert_eq!(listener.overruns, 0);
                return;
            }
        }
        panic!("never two seconds in one piece");
    });
}

#[test]
fn a_microphone_is_listed_and_found_by_id_name_or_part() {
    run_inside("a_microphone_is_listed_and_found_by_id_name_or_part", |card| {
        card.add_microphone("desk_mic");
        card.add_microphone("stage_mic");
        let mut on_air = Listener::to(Some("desk_mic"));
        on_air.step().unwrap();
        let listed = list_microphones().unwrap();
        let mut names: Vec<&str> = listed.iter().map(|m| m.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["desk_mic", "stage_mic"],
            "neither loudspeakers nor programs that record are microphones"
        );
        let context = context();
        for wanted in [&listed[0].id, &listed[0].name, "STAGE"] {
            open(Some(wanted), &context).unwrap();
        }
        let refusal = |name| open(Some(name), &context).err().unwrap();
        assert!(matches!(refusal("mic"), CaptureError::Unsupported { .. }), "two match");
        assert!(matches!(refusal("throat"), CaptureError::NotFound { .. }));
    });
}

#[test]
fn a_removed_microphone_is_gone_and_opens_again_when_it_is_back() {
    run_inside("a_removed_microphone_is_gone_and_opens_again_when_it_is_back", |card| {
        card.add_microphone("desk_mic");
        card.play_tone("desk_mic", 1000);
        let mut listener = Listener::to(Some("desk_mic"));
        listener.hear(1000);
        card.remove_microphone("desk_mic");
        let error = listener.ending();
        assert!(matches!(error, CaptureError::Gone { .. }), "{error}");
        drop(listener);
        assert!(matches!(open(Some("desk_mic"), &context()), Err(CaptureError::NotFound { .. })));
        card.stop_tones();
        card.add_microphone("desk_mic");
        card.play_tone("desk_mic", 1000);
        Listener::to(Some("desk_mic")).hear(1000);
    });
}

#[test]
fn a_dead_sound_server_ends_the_microphone_and_a_new_one_brings_it_back() {
    run_inside("a_dead_sound_server_ends_the_microphone_and_a_new_one_brings_it_back", |card| {
        card.add_microphone("desk_mic");
        card.play_tone("desk_mic", 1000);
        let mut listener = Listener::to(Some("desk_mic"));
        listener.hear(1000);
        card.kill_server();
        let error = listener.ending();
        assert!(error.retryable(), "{error}");
        drop(listener);
        let error = open(Some("desk_mic"), &context()).err().unwrap();
        assert!(error.retryable(), "{error}");
        card.start_server();
        card.add_microphone("desk_mic");
        card.play_tone("desk_mic", 1000);
        Listener::to(Some("desk_mic")).hear(1000);
    });
}

#[test]
fn the_default_microphone_follows_the_systems_choice() {
    run_inside("the_default_microphone_follows_the_systems_choice", |card| {
        card.add_microphone("desk_mic");
        card.add_microphone("stage_mic");
        card.play_tone("desk_mic", 1000);
        card.play_tone("stage_mic", 2000);
        card.set_default("desk_mic");
        let mut listener = Listener::to(None);
        listener.hear(1000);
        card.set_default("stage_mic");
        listener.hear(2000);
    });
}

#[test]
fn forty_reopenings_leak_no_descriptor_and_no_thread() {
    fn entries() -> (usize, usize) {
        let count = |of| std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count();
        (count("fd"), count("task"))
    }
    run_inside("forty_reopenings_leak_no_descriptor_and_no_thread", |card| {
        card.add_microphone("desk_mic");
        let mut before = None;
        for cycle in 0..41 {
            let mut listener = Listener::to(None);
            let heard = (0..MANY_READS).any(|_| {
                listener.step().unwrap();
                !listener.left.is_empty()
            });
            assert!(heard, "cycle {cycle}");
            let clock = Arc::clone(&listener.context.clock);
            drop(listener);
            // Closing goes on behind; the first cycle also loads libraries for good.
            let before = *before.get_or_insert_with(|| {
                clock.sleep_until(clock.now() + Duration::from_secs(2));
                entries()
            });
            let settled = (0..MANY_READS).any(|_| {
                clock.sleep_until(clock.now() + Duration::from_millis(10));
                entries().0 <= before.0 && entries().1 <= before.1
            });
            assert!(settled, "cycle {cycle}: {:?} grew from {before:?}", entries());
        }
    });
}
