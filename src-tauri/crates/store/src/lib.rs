//! Settings, history and secrets.
