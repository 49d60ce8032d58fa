//! `vitrine live` and `vitrine rehearse`: start the engine, watch it, say how it goes, end it cleanly.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vitrine_engine::{Command, EncodeProfile, Engine, EngineConfig, LiveTarget, LiveTargets, Secret};
use vitrine_protocol::{Status, UiError};

use crate::Failure;
use crate::args::{Encoding, Live, Rehearse, Running, To};
use crate::explain::explain;
use crate::sources;

/// How long no destination may be reached before the program gives up.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How long after the start a source that cannot be opened counts as bad input.
const SOURCES_SETTLE: Duration = Duration::from_secs(3);
/// How often signals, faults and the clock are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Broadcasts, records, or both.
pub(crate) fn live(args: Live) -> Result<(), Failure> {
    let targets = args.to.into_iter().map(target).collect::<Result<Vec<_>, _>>()?;
    if targets.is_empty() && args.record.is_none() {
        return Err(Failure::input("nothing to do: give --to, --record, or both"));
    }
    let run = Run::start(&args.sources, &args.encoding, args.running)?;
    if let Some(path) = args.record.clone() {
        run.ask(Command::StartRecording { path: Some(path) })?;
    }
    let broadcasts = !targets.is_empty();
    if broadcasts {
        run.ask(Command::StartLive(LiveTargets::Only(targets)))?;
    }
    let goal = if broadcasts { Goal::Destinations } else { Goal::Recording };
    run.watch(goal)
}

/// Opens a rehearsal room and prints where to watch.
pub(crate) fn rehearse(args: Rehearse) -> Result<(), Failure> {
    let mut sources = args.sources;
    if sources.show.is_none() && sources.video.is_none() && sources.audio.is_none() {
        // On a computer without devices, a rehearsal still shows how it works.
        sources.video = Some(crate::args::VideoArg::Pattern);
        sources.audio = Some(crate::args::AudioArg::Tone);
    }
    let run = Run::start(&sources, &args.encoding, args.running)?;
    run.ask(Command::StartRehearsal { port: args.port, lan: args.lan })?;
    run.watch(Goal::Room)
}

fn target(to: To) -> Result<LiveTarget, Failure> {
    match to {
        To::Url(url) => Ok(LiveTarget::Url(Secret::new(url))),
        To::Named(name) => Ok(LiveTarget::Named(name)),
        To::Unusable => Err(Failure::input("--to: use rtmp://…, rtmps://…, dest:NAME or env:VARIABLE")),
        To::Env(name) => match std::env::var(&name) {
            Ok(url) if !url.is_empty() => Ok(LiveTarget::Url(Secret::new(url))),
            _ => {
                Err(Failure::input(format!("the environment variable {name} of --to env:{name} is not set")))
            }
        },
    }
}

/// What has to come true.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Destinations,
    Recording,
    Room,
}

struct Run {
    engine: Engine,
    began: Instant,
    duration: Option<Duration>,
    status: Option<StatusFile>,
    signalled: Arc<AtomicBool>,
}

impl Run {
    fn start(args: &sources::Sources, encoding: &Encoding, running: Running) -> Result<Self, Failure> {
        let (show, folder) = sources::show(args)?;
        let status = running.status.map(StatusFile::open).transpose()?;
        let signalled = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second signal ends the program at once, whatever it is doing.
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&signalled))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&signalled)))
                .map_err(|e| Failure::fault(format!("signals cannot be caught: {e}")))?;
        }
        let began = Instant::now();
        let profile = EncodeProfile {
            video_bitrate: encoding.video_bitrate.0,
            audio_bitrate: encoding.audio_bitrate.0,
            preset: encoding.preset.clone(),
            encoder: encoding.encoder.clone(),
        };
        let engine =
            EngineConfig::headless(show, folder, profile).and_then(Engine::start).map_err(|e| failure(&e))?;
        let duration = running.duration.map(Duration::from_secs_f64);
        Ok(Self { engine, began, duration, status, signalled })
    }

    fn ask(&self, command: Command) -> Result<(), Failure> {
        self.engine.call_blocking(command).map(|_| ()).map_err(|e| failure(&e))
    }

    fn watch(mut self, goal: Goal) -> Result<(), Failure> {
        let verdict = self.until_over(goal);
        let last = self.engine.status();
        self.engine.shutdown();
        if let Some(file) = &mut self.status {
            // A recording's size is final only when its file is closed; destinations are gone by then.
            let record = self.engine.status().record.or(last.record.clone());
            file.write(&Status { state: "ending".into(), record, ..last })?;
        }
        verdict
    }

    fn until_over(&mut self, goal: Goal) -> Result<(), Failure> {
        let mut next_line = self.began + Duration::from_secs(1);
        let (mut reached, mut printed) = (false, false);
        loop {
            std::thread::sleep(LOOK);
            let now = Instant::now();
            reached = reached || self.engine.was_reached();
            let over = self.signalled.load(Ordering::Acquire)
                || self.duration.is_some_and(|d| now.duration_since(self.began) >= d);
            if let Some(fault) = self.engine.fault() {
                return Err(Failure::fault(explain(&fault)));
            }
            if now.duration_since(self.began) < SOURCES_SETTLE {
                self.check_sources()?;
            }
            if goal == Goal::Room && !printed {
                printed = self.print_watch_link()?;
            }
            if goal == Goal::Recording {
                self.check_recording()?;
            }
            if goal == Goal::Destinations && !reached && (over || now.duration_since(self.began) > GIVE_UP) {
                return Err(self.unreached());
            }
            if over {
                return Ok(());
            }
            if now >= next_line {
                next_line += Duration::from_secs(1);
                let line = self.engine.status();
                if let Some(file) = &mut self.status {
                    file.write(&line)?;
                }
            }
        }
    }

    /// A source that cannot be opened at the start was asked for in error; later it is the engine's business.
    fn check_sources(&self) -> Result<(), Failure> {
        match self.engine.source_error() {
            Some((name, error)) => Err(Failure::input(format!("{name}: {}", explain(&error)))),
            None => Ok(()),
        }
    }

    fn check_recording(&self) -> Result<(), Failure> {
        let recording = self.engine.snapshot().recording;
        match recording.as_ref().and_then(|r| Some((r, r.error?))) {
            Some((recording, code)) => Err(Failure::fault(format!(
                "{}: {}",
                recording.path,
                crate::explain::explain_code(code, &vitrine_protocol::Params::new())
            ))),
            None => Ok(()),
        }
    }

    fn print_watch_link(&self) -> Result<bool, Failure> {
        let Some(room) = self.engine.snapshot().rehearsal else { return Ok(false) };
        let mut out = std::io::stdout().lock();
        writeln!(out, "watch: {}", room.watch_url)
            .and_then(|()| out.flush())
            .map_err(|e| Failure::fault(format!("standard output: {e}")))?;
        Ok(true)
    }

    fn unreached(&self) -> Failure {
        let reasons: Vec<String> = self
            .engine
            .status()
            .destinations
            .iter()
            .map(|d| format!("{}: {}", d.name, d.error.as_deref().unwrap_or("no answer yet")))
            .collect();
        Failure::unreached(format!("no destination was reached ({})", reasons.join("; ")))
    }
}

fn failure(error: &UiError) -> Failure {
    use vitrine_protocol::ErrorCode as Code;
    match error.code {
        Code::Internal | Code::NoEncoder | Code::DiskFull => Failure::fault(explain(error)),
        _ => Failure::input(explain(error)),
    }
}

/// `--status`.
struct StatusFile {
    path: PathBuf,
    out: Box<dyn Write>,
}

impl StatusFile {
    fn open(path: PathBuf) -> Result<Self, Failure> {
        let out: Box<dyn Write> = if path == Path::new("-") {
            Box::new(std::io::stdout())
        } else {
            let file = std::fs::File::create(&path)
                .map_err(|e| Failure::input(format!("--status {}: {e}", path.display())))?;
            Box::new(BufWriter::new(file))
        };
        Ok(Self { path, out })
    }

    fn write(&mut self, status: &Status) -> Result<(), Failure> {
        let line = serde_json::to_string(status).map_err(|e| Failure::fault(e.to_string()))?;
        match writeln!(self.out, "{line}").and_then(|()| self.out.flush()) {
            // A full disk or a closed pipe must not end a broadcast.
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "status not written");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
