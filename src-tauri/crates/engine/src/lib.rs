//! The conductor: state machine, threads, clock, supervision, wiring.
