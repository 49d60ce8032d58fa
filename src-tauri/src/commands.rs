//! The commands of the window, by area. Each asks the engine and returns its answer; none decides anything.

pub(crate) mod broadcast;
pub(crate) mod destinations;
pub(crate) mod devices;
pub(crate) mod preview;
pub(crate) mod scenes;
pub(crate) mod studio;

use vitrine_engine::{Command, Engine};
use vitrine_protocol::UiError;

/// Asks the engine for something that answers with nothing but success.
async fn ask(engine: &Engine, command: Command) -> Result<(), UiError> {
    engine.call(command).await.map(|_| ())
}
