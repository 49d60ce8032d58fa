//! What the server recorded, looked at frame by frame.

use std::path::Path;

use vitrine_testkit::ffmpeg::{decode_sound, each_luma, ffmpeg, packet_times};

use crate::footage::{BITS, CELL, LOOP};

/// How camera frames follow each other in a recording.
#[derive(Debug, Default)]
pub struct Steps {
    pub frames: usize,
    pub exact: usize,
    pub repeated: usize,
    pub skipped: usize,
    pub unreadable: usize,
}

/// Reads the burned-in numbers.
pub fn steps(recording: &Path) -> Steps {
    let crop = format!("crop={}:{CELL}:0:0", CELL * (BITS + 3));
    let mut steps = Steps::default();
    let mut last = None;
    steps.frames = each_luma(recording, &crop, |_, luma| {
        let cell = |n: u32| {
            let (left, inset) = ((n * CELL) as f32, CELL as f32 / 4.0);
            luma.mean_in(left + inset, inset, left + 3.0 * inset, 3.0 * inset).unwrap_or(0.0)
        };
        if cell(1) - cell(0) < 80.0 {
            steps.unreadable += 1;
            return;
        }
        let middle = f32::midpoint(cell(0), cell(1));
        let number: u32 = (0..BITS).map(|bit| u32::from(cell(bit + 2) > middle) << bit).sum();
        match last.map(|last| (number + LOOP - last) % LOOP) {
            None => {}
            Some(0) => steps.repeated += 1,
            Some(1) => steps.exact += 1,
            Some(_) => steps.skipped += 1,
        }
        last = Some(number);
    });
    steps
}

/// The largest deviation of presentation times from a constant 30 frames a second, in milliseconds. FLV itself rounds
/// to whole milliseconds.
pub fn jitter_millis(recording: &Path) -> (usize, f64) {
    let times = packet_times(recording, "v:0");
    let worst = times
        .iter()
        .enumerate()
        .map(|(n, t)| (t - times[0] - n as f64 / 30.0).abs() * 1000.0)
        .fold(0.0, f64::max);
    (times.len(), worst)
}

/// Beep minus flash in milliseconds, for each pair in the last `seconds` of a recording that lasts `length`.
pub fn flash_to_beep(recording: &Path, length: f64, seconds: f64) -> Vec<f64> {
    let tail = recording.with_extension("tail.mkv");
    let from = format!("{:.3}", (length - seconds).max(0.0));
    ffmpeg(&[
        "-ss",
        &from,
        "-i",
        recording.to_str().unwrap(),
        "-vf",
        "crop=300:200:200:640,scale=16:16",
        "-c:v",
        "ffv1",
        "-c:a",
        "pcm_s16le",
        tail.to_str().unwrap(),
    ]);
    let times = packet_times(&tail, "v:0");
    let (mut flashes, mut was_white) = (Vec::new(), true);
    each_luma(&tail, "", |n, luma| {
        let white = luma.mean() > 150.0;
        if white && !was_white {
            flashes.push(times[n]);
        }
        was_white = white;
    });
    let start = packet_times(&tail, "a:0")[0];
    let (mut beeps, mut quiet) = (Vec::new(), 0);
    for (n, frame) in decode_sound(&tail).chunks_exact(2).enumerate() {
        if frame[0].abs() > 0.05 {
            if quiet >= 4800 {
                beeps.push(start + n as f64 / 48_000.0);
            }
            quiet = 0;
        } else {
            quiet += 1;
        }
    }
    flashes
        .iter()
        .filter_map(|flash| {
            beeps.iter().map(|beep| (beep - flash) * 1000.0).min_by(|a, b| a.abs().total_cmp(&b.abs()))
        })
        .filter(|offset| offset.abs() < 400.0)
        .collect()
}
