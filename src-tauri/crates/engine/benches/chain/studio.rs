//! The studio under measurement: the engine with a preview that is looked at, in a process of its own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::ChildStdout;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vitrine_engine::{Command as Ask, EncodeProfile, Engine, EngineConfig, LiveTarget, LiveTargets, Secret};
use vitrine_protocol::{Phase, PreviewView};
use vitrine_testkit::fakecam::FakeCamera;

/// The first argument that makes this program the studio.
pub const ROLE: &str = "studio";
const PREVIEW: PreviewView = PreviewView { view: 1, scene: None, width: 960, height: 540, fps: 30 };

/// The studio, seen from the bench: told `live URL`, `stop`, `status`, `quit`, it answers each with a line of JSON.
pub struct Studio {
    child: Child,
    tell: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
    _home: tempfile::TempDir,
}

impl Studio {
    pub fn start(show: &Path, camera: &FakeCamera) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([ROLE, show.to_str().unwrap()]).envs(camera.environment());
        for (name, folder) in
            [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")]
        {
            command.env(name, home.path().join(folder));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let tell = child.stdin.take().unwrap();
        let hear = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut studio = Self { child, tell, hear, _home: home };
        studio.wait(|s| s["sources"].as_array().is_some_and(|all| all.iter().all(|s| s["state"] == "live")));
        studio
    }

    pub fn ask(&mut self, words: &str) -> Value {
        writeln!(self.tell, "{words}").unwrap();
        let line = self.hear.next().expect("the studio answers").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Asks for the status until `wanted`.
    pub fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.ask("status");
            if wanted(&status) {
                return status;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "never: {status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it: what it said last, and its processor seconds.
    pub fn quit(mut self) -> (Value, f64) {
        let last = self.ask("quit");
        (last, crate::proc::finish(self.child))
    }
}

/// The studio itself.
pub fn run() -> bool {
    let show = std::env::args().nth(2).unwrap();
    let show = Path::new(&show);
    let profile =
        EncodeProfile { video_bitrate: 6_000_000, encoder: "x264".into(), ..EncodeProfile::default() };
    let config =
        EngineConfig::headless(vitrine_engine::read_show(show).unwrap(), show.parent().unwrap(), profile)
            .unwrap();
    let engine = Engine::start(config).unwrap();
    engine.set_preview_views(vec![PREVIEW]);
    let (pulled, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| look(&engine, &pulled, &over));
        for line in std::io::stdin().lines() {
            let line = line.unwrap();
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let began = Instant::now();
            let threads = crate::proc::threads();
            let mut answer = match word {
                "live" => {
                    let target = LiveTarget::Url(Secret::new(rest.to_owned()));
                    engine.call_blocking(Ask::StartLive(LiveTargets::Only(vec![target]))).unwrap();
                    json!({})
                }
                "stop" => {
                    engine.call_blocking(Ask::StopBroadcast).unwrap();
                    while !matches!(engine.snapshot().phase, Phase::Idle | Phase::Ended { .. }) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    json!({})
                }
                "quit" => {
                    let status = serde_json::to_value(engine.status()).unwrap();
                    engine.shutdown();
                    json!({ "status": status, "previews": pulled.load(Ordering::Relaxed) })
                }
                _ => serde_json::to_value(engine.status()).unwrap(),
            };
            answer["took"] = json!(began.elapsed().as_secs_f64());
            // Of this moment, so that a difference is what was used in between.
            answer["threads"] = json!(threads);
            println!("{answer}");
            if word == "quit" {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    true
}

/// What a window does: pulls each picture as soon as it is there.
fn look(engine: &Engine, pulled: &AtomicU64, over: &AtomicBool) {
    // A window brings its own runtime: the engine's ends with the engine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut seen = 0;
    while !over.load(Ordering::Relaxed) {
        let packed = runtime.block_on(engine.preview_pull(&[(PREVIEW.view, seen)]));
        if let Some(seq) = packed.get(4..8) {
            seen = u32::from_le_bytes(seq.try_into().unwrap());
            pulled.fetch_add(1, Ordering::Relaxed);
        }
    }
}
