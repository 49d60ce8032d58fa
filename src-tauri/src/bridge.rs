//! The way of events and telemetry from the engine to the web view.
//!
//! One task per subscription. Events are ordered and complete: when the web view falls so far behind that the engine
//! drops some, the gap in the revisions tells it to read the snapshot again. Telemetry is lossy: newest wins, 20 Hz.

use std::time::Duration;

use tauri::ipc::Channel;
use vitrine_engine::Engine;
use vitrine_protocol::{Event, Telemetry};

/// Starts forwarding; ends when the web view is gone or the engine stops.
pub(crate) fn forward(engine: &Engine, events: Channel<Event>, telemetry: Channel<Telemetry>) {
    let mut source = engine.events();
    engine.runtime().spawn(async move {
        loop {
            match source.recv().await {
                Ok(event) => {
                    if events.send(event).is_err() {
                        return;
                    }
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the window fell behind and reads the snapshot again");
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    });
    let mut source = engine.telemetry();
    engine.runtime().spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        while source.changed().await.is_ok() {
            pace.tick().await;
            let message = source.borrow_and_update().clone();
            if telemetry.send(message).is_err() {
                return;
            }
        }
    });
}
