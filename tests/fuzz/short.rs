//! The short run: every target on inputs that are the same each time, without special tools.
//!
//! Each target runs in a process of its own, so that a crash in C code is caught too; it writes down the number of the
//! input it is at, from which the input can be made again. `fuzz TARGET FILE…` tries files instead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program that reports

#[path = "src/lib.rs"]
mod targets;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use targets::{Generator, TARGETS, Target};

/// An input that takes longer than this, even on a busy machine, is a hang.
const HANG: Duration = Duration::from_secs(30);
/// A target stops early on a slow machine.
const BUDGET: Duration = Duration::from_secs(8);
const JOURNAL: &str = "VITRINE_FUZZ_JOURNAL";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    match (args.split_first(), std::env::var_os(JOURNAL)) {
        (None, _) => all(),
        (Some((name, [])), Some(journal)) => {
            inputs(target(name), Path::new(&journal));
            ExitCode::SUCCESS
        }
        (Some((name, files)), _) => {
            for file in files {
                println!("{file}");
                target(name).1(&std::fs::read(file).unwrap());
            }
            ExitCode::SUCCESS
        }
    }
}

fn target(name: &str) -> Target {
    *TARGETS.iter().find(|(n, ..)| *n == name).unwrap_or_else(|| panic!("there is no target {name}"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn generator(name: &str) -> Generator {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder().join("seeds").join(name)).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    Generator::new(files.iter().map(|f| std::fs::read(f).unwrap()).collect())
}

/// In a process of its own.
fn inputs((name, run, count): Target, journal: &Path) {
    let mut generator = generator(name);
    let journal = File::create(journal).unwrap();
    let began = Instant::now();
    for n in 0..count {
        let now = began.elapsed();
        if now > BUDGET {
            break;
        }
        let input = generator.input(n);
        let mut entry = [0; 12];
        entry[..4].copy_from_slice(&n.to_le_bytes());
        entry[4..].copy_from_slice(&(now.as_millis() as u64).to_le_bytes());
        journal.write_all_at(&entry, 0).unwrap();
        run(&input);
    }
}

fn all() -> ExitCode {
    let mut failed = 0;
    for &(name, _, count) in TARGETS {
        let journal = tempfile::NamedTempFile::new().unwrap();
        let began = Instant::now();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(name)
            .env(JOURNAL, journal.path())
            .spawn()
            .expect("this program can be started again");
        let verdict = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break if status.success() { None } else { Some(format!("ended with {status}")) };
            }
            if began.elapsed() > BUDGET + HANG {
                child.kill().unwrap();
                child.wait().unwrap();
                break Some("hangs".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut at = [0; 4];
        let _ = File::open(journal.path()).unwrap().read_at(&mut at, 0);
        let at = u32::from_le_bytes(at);
        match verdict {
            None => {
                let rate = f64::from(at + 1) / began.elapsed().as_secs_f64();
                println!("{name}: {} of {count} inputs, {rate:.0} a second, passed", at + 1);
            }
            Some(verdict) => {
                failed += 1;
                let file = folder().join("artifacts").join(format!("{name}-{at}"));
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, generator(name).input(at)).unwrap();
                println!("{name}: {verdict} at input {at}, kept as {}", file.display());
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
