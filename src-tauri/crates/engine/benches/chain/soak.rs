//! Long runs: not for every day.

use std::time::{Duration, Instant};

use vitrine_testkit::nginx::Nginx;

use crate::footage::Footage;
use crate::studio::Studio;
use crate::{judge, median, verdict};

/// Pace, drops, and flash against beep at the end of a recording by the server.
pub fn pacing(minutes: u32) -> bool {
    let footage = Footage::make();
    let dir = tempfile::tempdir().unwrap();
    let camera = footage.camera(dir.path());
    let nginx = Nginx::start();
    let mut studio = Studio::start(&footage.show(true), &camera);
    studio.ask(&format!("live {}", nginx.url("pacing")));
    let first = studio.wait(|s| s["destinations"][0]["state"] == "live");
    let began = Instant::now();
    for minute in 1..=minutes {
        until(began, minute);
        println!("minute {minute}: {}", studio.ask("status")["video"]);
    }
    let (last, seconds) = studio.quit();
    let video =
        |name: &str| last["status"]["video"][name].as_u64().unwrap() - first["video"][name].as_u64().unwrap();
    let (late, drops, repeated) = (video("late_ticks"), video("dropped_before_encode"), video("repeated"));
    let recording = nginx.recordings("pacing").pop().expect("nginx recorded");
    let (frames, jitter) = judge::jitter_millis(&recording);
    let offsets = judge::flash_to_beep(&recording, frames as f64 / 30.0, 20.0);
    let worst =
        offsets.iter().copied().fold(0.0f64, |worst, o| if o.abs() > worst.abs() { o } else { worst });
    println!("{:.2} cores", seconds / last["status"]["t"].as_f64().unwrap());
    verdict(
        "constant rate in the server's recording",
        jitter <= 1.0,
        &format!("{frames} frames, worst {jitter:.2} ms"),
    ) & verdict(
        "late ticks and drops",
        late + drops == 0,
        &format!("{late} late, {drops} dropped, {repeated} repeated"),
    ) & verdict(
        "flash and beep after that time (±20 ms)",
        offsets.len() > 5 && worst.abs() <= 20.0,
        &format!("{} pairs, median {:.1} ms, worst {worst:.1} ms", offsets.len(), median(offsets.clone())),
    )
}

/// Resident memory, from a quarter of the time on.
pub fn memory(minutes: u32) -> bool {
    let footage = Footage::make();
    let dir = tempfile::tempdir().unwrap();
    let camera = footage.camera(dir.path());
    let nginx = Nginx::start();
    let mut studio = Studio::start(&footage.show(true), &camera);
    studio.ask(&format!("live {}", nginx.url_in("plain", "memory")));
    let began = Instant::now();
    let mut readings = Vec::new();
    for minute in 1..=minutes {
        until(began, minute);
        let megabytes = studio.ask("status")["process"]["rss_mb"].as_f64().unwrap();
        println!("minute {minute}: {megabytes:.1} MB");
        readings.push(megabytes);
    }
    studio.quit();
    let settled = &readings[readings.len() / 4..];
    let (least, most) =
        settled.iter().fold((f64::MAX, 0.0f64), |(least, most), m| (least.min(*m), most.max(*m)));
    let middle = median(settled.to_vec());
    let spread = ((most - middle).max(middle - least)) / middle * 100.0;
    verdict("memory is flat (±2 %)", spread <= 2.0, &format!("{least:.1} to {most:.1} MB, ±{spread:.2} %"))
}

fn until(began: Instant, minute: u32) {
    std::thread::sleep((began + Duration::from_mins(1) * minute).saturating_duration_since(Instant::now()));
}
