//! What this process costs: processor time and resident memory, from the operating system.

use std::time::Instant;

/// Measures processor use between calls.
#[derive(Debug)]
pub(crate) struct ProcessMeter {
    last: Option<(Instant, f64)>,
}

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ProcessUse {
    /// Cores used since the last reading; 1.0 is one core.
    pub(crate) cpu: f64,
    /// Resident memory, 2^20 bytes.
    pub(crate) rss_mb: f64,
}

impl ProcessMeter {
    pub(crate) fn new() -> Self {
        Self { last: cpu_seconds().map(|s| (Instant::now(), s)) }
    }

    /// Use since the last call. Zeros where the system does not tell.
    pub(crate) fn read(&mut self) -> ProcessUse {
        let now = Instant::now();
        let seconds = cpu_seconds();
        let cpu = match (self.last, seconds) {
            (Some((then, before)), Some(after)) => {
                let wall = now.duration_since(then).as_secs_f64();
                if wall > 0.0 { ((after - before) / wall).max(0.0) } else { 0.0 }
            }
            _ => 0.0,
        };
        self.last = seconds.map(|s| (now, s));
        ProcessUse { cpu, rss_mb: resident_mb().unwrap_or(0.0) }
    }
}

/// User and system time of all threads, in seconds (`/proc/self/schedstat` counts only the main thread, so `stat`).
#[cfg(target_os = "linux")]
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may hold spaces; fields are counted after its closing bracket (proc(5): utime is field 14).
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    // USER_HZ is 100 on every Linux this runs on; it is part of the kernel's ABI.
    Some(ticks / 100.0)
}

#[cfg(target_os = "linux")]
fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds() -> Option<f64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn resident_mb() -> Option<f64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_test_uses_memory_and_its_work_is_seen() {
        let mut meter = ProcessMeter::new();
        let began = cpu_seconds().unwrap();
        let mut sum = 0u64;
        while cpu_seconds().unwrap() < began + 0.05 {
            sum = (0..100_000u64).fold(sum, |a, n| a.wrapping_mul(31).wrapping_add(n));
        }
        let used = meter.read();
        assert!(used.cpu > 0.0 && used.rss_mb > 1.0, "{used:?} {sum}");
    }
}
