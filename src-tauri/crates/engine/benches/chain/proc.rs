//! Processor time and memory, as /proc tells.

use std::fs;
use std::process::{Child, Command, ExitStatus};

/// The kernel counts in hundredths of a second on every Linux that matters.
const TICKS: f64 = 100.0;

/// Processor seconds of all children that have ended and been waited for.
pub fn children_seconds() -> f64 {
    let fields = stat("/proc/self/stat");
    (fields[15] + fields[16]) / TICKS
}

/// Numeric fields of a `stat` file, counted from 0 as proc(5) counts from 1; the name and the state are 0.
fn stat(path: &str) -> Vec<f64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let numbers = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let mut fields = vec![0.0, 0.0];
    fields.extend(numbers.map(|n| n.parse().unwrap_or(0.0)));
    fields
}

/// Runs a command to its end: its status and its processor seconds.
pub fn measure(command: &mut Command) -> (ExitStatus, f64) {
    let before = children_seconds();
    let status = command.status().unwrap();
    (status, children_seconds() - before)
}

/// Waits for a child: its processor seconds.
pub fn finish(mut child: Child) -> f64 {
    let before = children_seconds();
    child.wait().unwrap();
    children_seconds() - before
}

/// Processor seconds of this process by thread name, largest first.
pub fn threads() -> Vec<(String, f64)> {
    let mut sums = std::collections::BTreeMap::<String, f64>::new();
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let path = task.path();
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned();
        let fields = stat(path.join("stat").to_str().unwrap());
        if fields.len() > 14 {
            *sums.entry(name).or_default() += (fields[13] + fields[14]) / TICKS;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

/// Processor seconds that everything on this machine used, ours and others'.
pub fn machine_seconds() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|n| n.parse().ok())
        .collect();
    // Idle and waiting for disks are not use.
    (fields.iter().take(8).sum::<f64>() - fields[3] - fields[4]) / TICKS
}
