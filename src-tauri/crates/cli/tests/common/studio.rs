//! Runs the real `vitrine` in a process of its own and waits for what it says, never for time.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything takes on a loaded machine; only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A `vitrine` that was started.
pub struct Studio {
    child: Child,
    lines: Receiver<String>,
    home: tempfile::TempDir,
    ended: bool,
}

/// What is left of one.
#[derive(Debug)]
pub struct Outcome {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard error.
    pub errors: String,
    /// Lines of standard output nobody waited for.
    pub rest: Vec<String>,
}

impl Studio {
    /// Starts `vitrine` with `args`, settings in an empty folder of its own, and `env` added.
    pub fn start<S: AsRef<std::ffi::OsStr>>(args: &[S], env: &[(&str, std::ffi::OsString)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_vitrine"))
            .args(args)
            .env("VITRINE_CONFIG_DIR", home.path())
            .env_remove("DISPLAY")
            .envs(env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(home.path().join("stderr")).unwrap()))
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, home, ended: false }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its settings are.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The next line of standard output that `wanted` accepts.
    pub fn wait_line(&mut self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if wanted(&line) => return line,
                Ok(_) => {}
                Err(reason) => panic!("{what} did not come ({reason}); {:?}", self.kill()),
            }
        }
    }

    /// The next status object (`--status -`) that `wanted` accepts.
    pub fn wait_status(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let line = self
            .wait_line(what, |line| serde_json::from_str::<Value>(line).is_ok_and(|status| wanted(&status)));
        serde_json::from_str(&line).unwrap()
    }

    /// Asks it to end, as Ctrl-C or a service manager would.
    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.ended = true;
                return self.outcome(status.code());
            }
            assert!(Instant::now() < deadline, "vitrine does not end: {:?}", self.kill());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn kill(&mut self) -> Outcome {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.ended = true;
        self.outcome(None)
    }

    fn outcome(&self, code: Option<i32>) -> Outcome {
        let mut errors = String::new();
        std::fs::File::open(self.home.path().join("stderr")).unwrap().read_to_string(&mut errors).unwrap();
        Outcome { code, errors, rest: self.lines.try_iter().collect() }
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs `vitrine` to its end.
pub fn run(args: &[&str]) -> Outcome {
    Studio::start(args, &[]).wait()
}
