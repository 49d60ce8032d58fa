//! The conductor: state machine, threads, clock, supervision, wiring. [`Engine`] is the one handle.
//!
//! ```text
//! commands ──▶ prepare ──▶ actor ──▶ director ──▶ pipeline ──▶ outputs ──▶ destinations, room, recording
//!                            │  ▲        ▲  │
//!                            ▼  │        │  └▶ preview ──▶ window
//!                        sources ────────┘
//!                            └──────▶ desk (sound) ──▶ pipeline
//! ```
//!
//! Decisions are pure and live in modules of their own (`broadcast`, `pacer`, `backoff`, `alarms`, `casting`, `views`,
//! `sources::watchdog`); the rest acts. Threads: `actor`, `director`, `sound`, `preview`, one for each source, two for
//! each pipeline, and a small runtime for the network. The broadcast outlives any source, encoder or line.

mod actor;
mod alarms;
mod api;
mod backoff;
mod broadcast;
mod casting;
mod chronicle;
mod desk;
mod director;
mod engine;
mod errors;
mod listing;
mod measure;
mod outputs;
mod pacer;
mod pipeline;
mod preferences;
mod prepare;
mod preview;
mod process;
mod quick;
mod rate;
mod render;
mod slot;
mod sources;
mod stage;
mod start;
mod views;

pub use api::{Command, EncodeProfile, LiveTarget, LiveTargets, Reply};
pub use engine::{Engine, EngineConfig, read_show};
pub use listing::{EncoderReport, list_devices, probe_encoders};
pub use quick::{QuickPicture, QuickShow, QuickSound};
pub use render::{RenderTarget, render};
pub use vitrine_media::Secret;
pub use vitrine_scene::Show;
