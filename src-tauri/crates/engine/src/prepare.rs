//! What a command needs before the actor may see it: files opened, keys fetched, the room's sockets bound.
//!
//! Runs on the caller's side, on a thread that may wait; the actor itself never does.

use std::path::{Path, PathBuf};

use vitrine_protocol::UiError;
use vitrine_rehearsal::{Expose, Room, RoomConfig};
use vitrine_scene::Input;
use vitrine_uplink::Target;

use crate::api::{Command, LiveTarget, LiveTargets};
use crate::preferences::{Preferences, Resolved};
use crate::{errors, measure, views};

/// A command with everything it needs.
pub(crate) enum Prepared {
    /// Nothing was needed.
    Plain(Command),
    /// Preferences have changed already.
    Changed {
        /// The destination to answer with.
        answer: Option<String>,
        /// A destination that has changed, and where it is now; `None` if it is not to be used any more.
        redirect: Option<(String, Option<Resolved>)>,
    },
    /// A source that can be used, and its natural size.
    AddSource { scene: String, made: Made },
    /// As above, in place of another.
    ReplaceSource { source: String, made: Made },
    /// Where to publish to.
    StartLive(Vec<Resolved>),
    /// A room that is open, and where to publish to in it.
    StartRehearsal { room: Box<Room>, target: Target },
    /// Where to record.
    StartRecording(PathBuf),
}

/// A source in the making.
pub(crate) struct Made {
    pub(crate) stem: &'static str,
    pub(crate) name: String,
    pub(crate) input: Input,
    pub(crate) natural: Option<(u32, u32)>,
}

/// Whether a command needs something before the actor may see it.
pub(crate) fn waits(command: &Command) -> bool {
    matches!(
        command,
        Command::AddSource { .. }
            | Command::ReplaceSource { .. }
            | Command::SaveDestination(_)
            | Command::RemoveDestination { .. }
            | Command::SetDestinationEnabled { .. }
            | Command::SetSettings(_)
            | Command::StartLive(_)
            | Command::StartRehearsal { .. }
            | Command::StartRecording { .. }
    )
}

/// Prepares. May take as long as a disk or a keychain does.
pub(crate) fn prepare(
    command: Command,
    preferences: &Preferences,
    show_folder: &Path,
) -> Result<Prepared, UiError> {
    Ok(match command {
        Command::AddSource { scene, source } => {
            Prepared::AddSource { scene, made: make(&source, show_folder)? }
        }
        Command::ReplaceSource { source, replacement } => {
            Prepared::ReplaceSource { source, made: make(&replacement, show_folder)? }
        }
        Command::SaveDestination(draft) => {
            let enabled = draft.enabled;
            let id = preferences.save(draft)?;
            let target = if enabled { only(preferences, &id) } else { None };
            Prepared::Changed { answer: Some(id.clone()), redirect: Some((id, target)) }
        }
        Command::RemoveDestination { id } => {
            preferences.remove(&id)?;
            Prepared::Changed { answer: None, redirect: Some((id, None)) }
        }
        Command::SetDestinationEnabled { id, enabled } => {
            preferences.enable(&id, enabled)?;
            let target = if enabled { only(preferences, &id) } else { None };
            Prepared::Changed { answer: None, redirect: Some((id, target)) }
        }
        Command::SetSettings(patch) => {
            preferences.patch(patch)?;
            Prepared::Changed { answer: None, redirect: None }
        }
        Command::StartLive(targets) => Prepared::StartLive(preferences.resolve(&targets)?),
        Command::StartRehearsal { port, lan } => {
            let expose = if lan { Expose::Lan } else { Expose::Loopback };
            let room = Room::start(RoomConfig { port, expose }).map_err(|e| errors::room(&e))?;
            let target = Target::parse(room.ingest_url().reveal()).map_err(errors::target)?;
            Prepared::StartRehearsal { room: Box::new(room), target }
        }
        Command::StartRecording { path } => {
            let path = match path {
                Some(path) => path,
                None => new_recording(&preferences.record_folder())?,
            };
            Prepared::StartRecording(path)
        }
        other => Prepared::Plain(other),
    })
}

/// Where one destination of the settings is; `None` if it cannot be published to yet, for want of a key perhaps.
fn only(preferences: &Preferences, id: &str) -> Option<Resolved> {
    let targets = LiveTargets::Only(vec![LiveTarget::Named(id.to_owned())]);
    preferences.resolve(&targets).ok().and_then(|mut list| list.pop())
}

fn make(new: &vitrine_protocol::NewSource, folder: &Path) -> Result<Made, UiError> {
    let (stem, name, input) = views::new_source(new)?;
    let natural = match &input {
        Input::Text(_) | Input::Image(_) => Some(measure::natural_size(&input, folder)?),
        other => {
            measure::check(other, folder)?;
            None
        }
    };
    Ok(Made { stem, name, input, natural })
}

/// A file named after the moment, in a folder that is made if it is not there.
fn new_recording(folder: &Path) -> Result<PathBuf, UiError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let detail = errors::params([("path", folder.display().to_string()), ("detail", error.to_string())]);
        errors::ui_error(vitrine_protocol::ErrorCode::ReadOnly, detail, true)
    })?;
    Ok(folder.join(format!("{}.mp4", utc_stamp(std::time::SystemTime::now()))))
}

/// `2026-11-23_14-05-09` in UTC. Days to a date by Howard Hinnant's `civil_from_days`.
fn utc_stamp(at: std::time::SystemTime) -> String {
    let seconds = at.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs()) as i64;
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}_{hour:02}-{minute:02}-{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn recordings_are_named_after_the_moment() {
        let stamp = |seconds| utc_stamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(stamp(0), "1970-01-01_00-00-00");
        assert_eq!(stamp(951_782_400), "2000-02-29_00-00-00");
        assert_eq!(stamp(1_795_442_709), "2026-11-23_14-05-09");
    }
}
