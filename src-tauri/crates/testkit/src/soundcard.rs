//! A sound card for machines without one: a private PipeWire with its session manager and PulseAudio face, in a
//! process group of the test's own. The real cpal code runs unchanged against it, in real time.
//!
//! Owns the server processes and ends them when dropped. A microphone is a sink nobody hears plus a source that
//! repeats it, so a test speaks into it by playing to that sink. A session bus and `XDG_RUNTIME_DIR` of its own keep
//! it apart from a real desktop; both are environment, so a test runs itself again under them: [`run_inside`].
//! Linux only; needs pipewire, wireplumber, pipewire-pulse, pactl, paplay, dbus-run-session and setpriv.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to come up on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How loud a tone is: -12 dBFS, well above any rounding.
pub const TONE_AMPLITUDE: f64 = 0.25;

/// The running sound system.
#[derive(Debug)]
pub struct SoundCard {
    dir: PathBuf,
    servers: Vec<Child>,
    players: Vec<Child>,
    /// The PulseAudio modules behind each microphone.
    microphones: HashMap<String, Vec<String>>,
}

/// Runs `body` in a process that has a sound card of its own. Call it first and alone in a `#[test]`, with the full
/// name of that test: the process is this test binary again, running that one test.
pub fn run_inside(test: &str, body: impl FnOnce(&mut SoundCard)) {
    if let Some(dir) = std::env::var_os("VITRINE_SOUNDCARD_DIR") {
        let mut card = SoundCard::start(Path::new(&dir));
        body(&mut card);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("dbus-run-session")
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env("VITRINE_SOUNDCARD_DIR", dir.path())
        .env("XDG_RUNTIME_DIR", dir.path())
        .env("HOME", dir.path())
        .env_remove("PIPEWIRE_REMOTE")
        .env_remove("PULSE_SERVER")
        .output()
        .expect("the virtual sound card needs dbus-run-session");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "inside the sound card's process: {}\n{text}", output.status);
    assert!(text.contains("1 passed"), "{test} is not the full name of a test:\n{text}");
}

impl SoundCard {
    fn start(dir: &Path) -> Self {
        let mut card = Self {
            dir: dir.to_owned(),
            servers: Vec::new(),
            players: Vec::new(),
            microphones: HashMap::new(),
        };
        card.start_server();
        card
    }

    /// Starts the sound system, without any microphone.
    pub fn start_server(&mut self) {
        assert!(self.servers.is_empty(), "it runs already");
        for name in ["pipewire", "wireplumber", "pipewire-pulse"] {
            self.servers.push(self.spawn(name, &[]));
            if name == "pipewire" {
                let socket = self.dir.join("pipewire-0");
                wait_for("the PipeWire socket", || socket.exists());
            }
        }
        wait_for("the sound server to answer", || pactl(&["info"]).status.success());
    }

    /// The sound system crashes, and every microphone with it.
    pub fn kill_server(&mut self) {
        for child in self.players.drain(..).chain(self.servers.drain(..)) {
            end(child);
        }
        self.microphones.clear();
        for left in [
            "pipewire-0",
            "pipewire-0.lock",
            "pipewire-0-manager",
            "pipewire-0-manager.lock",
            "pulse/native",
            "pulse/pid",
        ] {
            let _ = fs::remove_file(self.dir.join(left));
        }
    }

    /// Plugs in a microphone of that name, which must be a plain word; stereo, 48 kHz.
    pub fn add_microphone(&mut self, name: &str) {
        let feed = format!("{name}_feed");
        let modules = vec![
            load(&["module-null-sink", &format!("sink_name={feed}"), "rate=48000", "channels=2"]),
            load(&[
                "module-remap-source",
                &format!("master={feed}.monitor"),
                &format!("source_name={name}"),
                &format!("source_properties=device.description={name}"),
            ]),
        ];
        self.microphones.insert(name.to_owned(), modules);
        wait_for("the microphone to be listed", || {
            String::from_utf8_lossy(&pactl(&["list", "short", "sources"]).stdout)
                .contains(&format!("\t{name}\t"))
        });
    }

    /// Unplugs a microphone.
    pub fn remove_microphone(&mut self, name: &str) {
        for module in self.microphones.remove(name).unwrap().iter().rev() {
            assert!(pactl(&["unload-module", module]).status.success());
        }
    }

    /// Makes a microphone the one the system prefers.
    pub fn set_default(&mut self, name: &str) {
        assert!(pactl(&["set-default-source", name]).status.success());
    }

    /// Speaks a tone of [`TONE_AMPLITUDE`] into a microphone for up to a minute, until the server dies or
    /// [`Self::stop_tones`].
    pub fn play_tone(&mut self, microphone: &str, hz: u32) {
        let wav = self.dir.join(format!("tone-{hz}.wav"));
        if !wav.exists() {
            fs::write(&wav, tone(hz, 60)).unwrap();
        }
        let device = format!("--device={microphone}_feed");
        self.players.push(self.spawn("paplay", &[&device, wav.to_str().unwrap()]));
    }

    /// Silence in every microphone.
    pub fn stop_tones(&mut self) {
        self.players.drain(..).for_each(end);
    }

    fn spawn(&self, program: &str, args: &[&str]) -> Child {
        let log = fs::File::create(self.dir.join(format!("{program}.log"))).unwrap();
        // setpriv ends the server with the test, also when the test is killed.
        Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", program])
            .args(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("the virtual sound card needs setpriv and {program}: {e}"))
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        self.kill_server();
    }
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn pactl(args: &[&str]) -> Output {
    Command::new("pactl").args(args).output().expect("the virtual sound card needs pactl")
}

/// Loads a PulseAudio module and returns its number.
fn load(args: &[&str]) -> String {
    let output = pactl(&[&["load-module"], args].concat());
    assert!(output.status.success(), "pactl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Waits for another process to get somewhere; there is nothing to block on.
fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A WAV file: 48 kHz, mono, 16 bits.
fn tone(hz: u32, secs: u32) -> Vec<u8> {
    let data_bytes = 48_000 * secs * 2;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data_bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend([1u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([48_000u32, 96_000].map(u32::to_le_bytes).concat());
    wav.extend([2u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend(data_bytes.to_le_bytes());
    for n in 0..48_000 * secs {
        let phase = std::f64::consts::TAU * f64::from(hz) * f64::from(n) / 48_000.0;
        let sample = (phase.sin() * TONE_AMPLITUDE * 32_767.0).round() as i16;
        wav.extend(sample.to_le_bytes());
    }
    wav
}
