//! How long going live and stopping take.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use vitrine_testkit::nginx::Nginx;
use vitrine_testkit::rtmp_sink::{RtmpSink, SinkOptions};

use crate::footage::Footage;
use crate::studio::Studio;
use crate::{median, verdict};

const ROUNDS: usize = 5;

pub fn run() -> bool {
    let footage = Footage::make();
    let show = footage.show(false);
    let dir = tempfile::tempdir().unwrap();
    let camera = footage.camera(dir.path());
    let nginx = Nginx::start();
    let mut studio = Studio::start(&show, &camera);
    let (mut starts, mut stops) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let key = format!("moment{round}");
        let began = Instant::now();
        studio.ask(&format!("live {}", nginx.url(&key)));
        starts.push(first_picture(&nginx, &key, began));
        stops.push(studio.ask("stop")["took"].as_f64().unwrap());
    }
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtmp://{}/live/key", dead.local_addr().unwrap());
    studio.ask(&format!("live {url}"));
    std::thread::sleep(Duration::from_secs(1));
    let never_answered = studio.ask("stop")["took"].as_f64().unwrap();

    let sink = RtmpSink::start(SinkOptions::default());
    studio.ask(&format!("live {}", sink.url("frozen")));
    studio.wait(|s| s["destinations"][0]["state"] == "live");
    sink.set_options(|options| options.stalled = true);
    std::thread::sleep(Duration::from_secs(3));
    let frozen = studio.ask("stop")["took"].as_f64().unwrap();
    studio.quit();
    let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let figures =
        |values: &[f64]| format!("median {:.3} s, worst {:.3} s", median(values.to_vec()), worst(values));
    verdict(
        "go live to the first picture recorded by nginx (≤ 1 s)",
        worst(&starts) <= 1.0,
        &figures(&starts),
    ) & verdict("stop (≤ 0.5 s)", worst(&stops) <= 0.5, &figures(&stops))
        & verdict(
            "stop while a server never answers (≤ 0.5 s)",
            never_answered <= 0.5,
            &format!("{never_answered:.3} s"),
        )
        & verdict("stop while a server has frozen (≤ 0.5 s)", frozen <= 0.5, &format!("{frozen:.3} s"))
}

/// Seconds until nginx has recorded a picture: not only headers and metadata.
fn first_picture(nginx: &Nginx, key: &str, began: Instant) -> f64 {
    loop {
        if nginx.recordings(key).first().is_some_and(|file| has_picture(file)) {
            return began.elapsed().as_secs_f64();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no picture of {key} arrives");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether an FLV file holds a coded picture: tags are 11 bytes of header, the body, and 4 bytes of size.
fn has_picture(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap_or_default();
    let mut at = 13;
    while let Some(head) = bytes.get(at..at + 13) {
        let size = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        if head[0] == 9 && head[12] == 1 {
            return bytes.len() >= at + 15 + size;
        }
        at += 15 + size;
    }
    false
}
