//! Processor time of the whole chain against the ffmpeg command line and against x264 alone.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use vitrine_testkit::nginx::Nginx;

use crate::footage::{Footage, X264};
use crate::studio::Studio;
use crate::{judge, median, proc, verdict};

/// How long to measure.
pub struct Plan {
    pub rounds: usize,
    pub seconds: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { rounds: 3, seconds: 20 }
    }
}

/// Cores used by each contestant, one entry a round.
#[derive(Default)]
struct Cores {
    studio: Vec<f64>,
    ffmpeg: Vec<f64>,
    with_preview: Vec<f64>,
    x264: Vec<f64>,
}

pub fn run(plan: Plan) -> bool {
    let footage = Footage::make();
    let nginx = Nginx::start();
    let mut cores = Cores::default();
    let mut passed = true;
    for round in 1..=plan.rounds {
        let (busy, began) = (proc::machine_seconds(), std::time::Instant::now());
        let children = proc::children_seconds();
        passed &= studio(&footage, &nginx, &plan, round, &mut cores.studio);
        cores.ffmpeg.push(ffmpeg(&footage, &nginx, &plan, false));
        cores.with_preview.push(ffmpeg(&footage, &nginx, &plan, true));
        cores.x264.push(x264(&footage, &plan));
        let others = (proc::machine_seconds() - busy) - (proc::children_seconds() - children);
        println!(
            "round {round}: cores: studio {:.3}, ffmpeg {:.3} (with a preview {:.3}), x264 alone {:.3}; others used {:.2}",
            cores.studio[round - 1],
            cores.ffmpeg[round - 1],
            cores.with_preview[round - 1],
            cores.x264[round - 1],
            others / began.elapsed().as_secs_f64()
        );
    }
    let [studio, ffmpeg, with_preview, x264] =
        [cores.studio, cores.ffmpeg, cores.with_preview, cores.x264].map(median);
    println!(
        "medians: studio {studio:.3}, ffmpeg {ffmpeg:.3} (with a preview {with_preview:.3}), x264 alone {x264:.3} cores"
    );
    let ratio = (studio - x264) / (with_preview - x264);
    let strict = (studio - x264) / (ffmpeg - x264);
    println!("against an ffmpeg that makes no preview: {strict:.3}");
    passed
        & verdict(
            "processor beyond x264, of ffmpeg's on the same job",
            ratio <= 0.85,
            &format!("{ratio:.3} (≤ 0.85)"),
        )
}

fn studio(footage: &Footage, nginx: &Nginx, plan: &Plan, round: usize, cores: &mut Vec<f64>) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let camera = footage.camera(dir.path());
    let mut studio = Studio::start(&footage.show(false), &camera);
    let key = format!("studio{round}");
    studio.ask(&format!("live {}", nginx.url(&key)));
    let first = studio.wait(|s| s["destinations"][0]["state"] == "live");
    std::thread::sleep(Duration::from_secs(u64::from(plan.seconds)));
    let (last, _) = studio.quit();
    // On air only: opening devices and encoders is not the steady job.
    let programme = last["status"]["t"].as_f64().unwrap() - first["t"].as_f64().unwrap();
    let used = by_thread(&first, &last);
    cores.push(used.iter().map(|(_, seconds)| seconds).sum::<f64>() / programme);
    if round == 1 {
        for (name, seconds) in used.iter().filter(|(_, seconds)| *seconds > 0.05) {
            println!("    {name:<16} {:.1} % of a core", seconds / programme * 100.0);
        }
    }
    let (before, after) = (&first["video"], &last["status"]["video"]);
    let gone = |name: &str| after[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    let (drops, late, repeated) = (gone("dropped_before_encode"), gone("late_ticks"), gone("repeated"));
    let previews = last["previews"].as_f64().unwrap() / last["status"]["t"].as_f64().unwrap();
    let recording = nginx.recordings(&key).pop().expect("nginx recorded");
    let steps = judge::steps(&recording);
    let (frames, jitter) = judge::jitter_millis(&recording);
    verdict(
        "frames exact",
        drops == 0 && late == 0 && steps.repeated + steps.skipped + steps.unreadable == 0 && jitter <= 1.0,
        &format!(
            "{frames} recorded, {drops} dropped, {late} late, {repeated} repeated ticks, jitter {jitter:.2} ms; \
             camera frames: {} in order, {} twice, {} jumps, {} unreadable; {previews:.1} previews a second",
            steps.exact, steps.repeated, steps.skipped, steps.unreadable
        ),
    )
}

/// Processor seconds between two answers of the studio. x264's threads have the name of the one that opened it.
fn by_thread(first: &Value, last: &Value) -> Vec<(String, f64)> {
    let read =
        |answer: &Value| -> Vec<(String, f64)> { serde_json::from_value(answer["threads"].clone()).unwrap() };
    let before = read(first);
    let since = |(name, seconds): (String, f64)| {
        let then = before.iter().find(|(n, _)| *n == name).map_or(0.0, |(_, s)| *s);
        (name, seconds - then)
    };
    read(last).into_iter().map(since).collect()
}

fn threads() -> String {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 6).to_string()
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]).args(words).stdout(Stdio::null());
    command
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn ffmpeg(footage: &Footage, nginx: &Nginx, plan: &Plan, preview: bool) -> f64 {
    let seconds = plan.seconds;
    let mut args = words(&format!(
        "-re -stream_loop -1 -f mjpeg -framerate 30 -i {} -i {} -re -f lavfi -i sine=440:r=48000 -filter_complex",
        footage.text("camera.mjpeg"),
        footage.text("card.png"),
    ));
    let graph = footage.graph();
    args.push(if preview {
        format!("{graph};[out]split[live][look];[look]scale=960:540,format=yuvj420p[small]")
    } else {
        format!("{graph};[out]null[live]")
    });
    args.extend(words(&format!(
        "-map [live] -map 2:a -t {seconds} {X264} {} -c:a aac -b:a 160k -ac 2 -f flv {}",
        threads(),
        nginx.url_in("plain", "rival")
    )));
    if preview {
        args.extend(words(&format!("-map [small] -t {seconds} -c:v mjpeg -q:v 4 -f null -")));
    }
    let (status, cpu) = proc::measure(&mut command(&args));
    assert!(status.success(), "ffmpeg: {status}");
    cpu / f64::from(seconds)
}

fn x264(footage: &Footage, plan: &Plan) -> f64 {
    let seconds = plan.seconds;
    let args = words(&format!(
        "-re -stream_loop -1 -f rawvideo -pix_fmt yuv420p -s 1920x1080 -framerate 30 -i {} -t {seconds} \
         -vf setpts=N/30/TB -vsync passthrough {X264} {} -f null -",
        footage.text("composed.yuv"),
        threads()
    ));
    let (status, cpu) = proc::measure(&mut command(&args));
    assert!(status.success(), "x264: {status}");
    cpu / f64::from(seconds)
}
