//! The whole chain, measured against other ways to do the same job in the same run.
//!
//! ```text
//! chain                    processor time against ffmpeg and x264 alone, frames, start and stop
//! chain pacing MINUTES     pace, drops, and flash against beep at the end
//! chain memory MINUTES     resident memory
//! ```
//!
//! Prints figures and a verdict for each. Needs ffmpeg and nginx with its RTMP module. Linux only. The studio runs in a
//! process of its own (this program again), so that its processor time is its own.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // a bench reports on standard output
#![allow(clippy::format_push_string)] // filter graphs are put together once

mod footage;
mod judge;
mod moments;
mod proc;
mod ratio;
mod soak;
mod studio;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let passed = match words[..] {
        [] => ratio::run(ratio::Plan::default()) & moments::run(),
        ["ratio", rounds, seconds] => {
            ratio::run(ratio::Plan { rounds: number(rounds) as usize, seconds: number(seconds) })
        }
        ["moments"] => moments::run(),
        ["pacing", minutes] => soak::pacing(number(minutes)),
        ["memory", minutes] => soak::memory(number(minutes)),
        [studio::ROLE, ..] => studio::run(),
        _ => panic!("chain [ratio ROUNDS SECONDS | moments | pacing MINUTES | memory MINUTES]"),
    };
    if !passed {
        println!("some figures miss their goal");
        std::process::exit(1);
    }
}

fn number(word: &str) -> u32 {
    word.parse().unwrap_or_else(|_| panic!("{word} is not a number"))
}

/// Prints a figure with its goal; whether it is reached.
fn verdict(what: &str, reached: bool, figures: &str) -> bool {
    println!("{} {what}: {figures}", if reached { "pass" } else { "MISS" });
    reached
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
