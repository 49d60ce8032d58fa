//! `vitrine`: the studio without its window. The same engine, the same show files, the same settings.
//!
//! Exit codes: 0 done, 2 bad input, 3 no destination reached, 4 ended by a fault that could not be mended.

mod args;
mod broadcast;
mod explain;
mod list;
mod render;
mod sources;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

/// Why the program ends early, and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The user asked for something that cannot be: exit code 2.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// No destination was reached: exit code 3.
    pub(crate) fn unreached(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into() }
    }

    /// A fault that could not be mended: exit code 4.
    pub(crate) fn fault(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into() }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("VITRINE_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let result = match cli.command {
        Command::Devices { json } => list::devices(json),
        Command::ProbeEncoders { json } => list::encoders(json),
        Command::Live(live) => broadcast::live(live),
        Command::Rehearse(rehearse) => broadcast::rehearse(rehearse),
        Command::Render(render) => render::render(&render),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be closed; there is nowhere else to say it.
            let _ = writeln!(std::io::stderr(), "vitrine: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
