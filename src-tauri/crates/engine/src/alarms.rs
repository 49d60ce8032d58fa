//! What is the matter, from what is observed. Pure; the window adds hysteresis and words.

use vitrine_media::SourceState;
use vitrine_protocol::{Alarm, AlarmAction, AlarmCode, AlarmLevel, DestinationState, ErrorCode, Params};
use vitrine_sound::SoundAlarm;

/// Share of the last ten seconds' frames dropped before encoding above which the computer counts as too slow.
const OVERLOAD: f64 = 0.01;

/// Everything alarms are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// Pictures are meant to leave this computer.
    pub(crate) live: bool,
    /// Since when no destination receives although it should, in seconds.
    pub(crate) off_air_secs: Option<u64>,
    pub(crate) sources: Vec<ObservedSource>,
    pub(crate) sound: Vec<(String, SoundAlarm)>,
    pub(crate) clipping: bool,
    pub(crate) destinations: Vec<ObservedDestination>,
    pub(crate) recording_error: Option<ErrorCode>,
    /// The encoder that had to take over.
    pub(crate) fell_back: Option<String>,
    /// Share of frames dropped before encoding over the last ten seconds.
    pub(crate) dropped_share: f64,
    pub(crate) vault_in_memory: bool,
}

/// A source of the scene on programme, or a microphone.
#[derive(Clone, Debug)]
pub(crate) struct ObservedSource {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: SourceState,
    pub(crate) microphone: bool,
    pub(crate) silent_secs: u64,
}

/// A destination in use.
#[derive(Clone, Debug)]
pub(crate) struct ObservedDestination {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: DestinationState,
    pub(crate) error: Option<ErrorCode>,
}

/// The alarms that hold, the one to be said first in front.
pub(crate) fn alarms(seen: &Observed) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    destinations(seen, &mut alarms);
    sources(seen, &mut alarms);
    sound(seen, &mut alarms);
    computer(seen, &mut alarms);
    alarms.sort_by(|a, b| b.level.cmp(&a.level).then(a.code.cmp(&b.code)));
    alarms
}

fn alarm(
    code: AlarmCode,
    level: AlarmLevel,
    params: impl IntoIterator<Item = (&'static str, String)>,
    action: Option<AlarmAction>,
) -> Alarm {
    let params: Params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Alarm { code, level, params, action }
}

/// Urgent while viewers notice, else attention.
fn felt(live: bool) -> AlarmLevel {
    if live { AlarmLevel::Urgent } else { AlarmLevel::Attention }
}

fn destinations(seen: &Observed, alarms: &mut Vec<Alarm>) {
    if let Some(seconds) = seen.off_air_secs {
        let params = [("seconds", seconds.to_string())];
        alarms.push(alarm(AlarmCode::OffAir, AlarmLevel::Urgent, params, Some(AlarmAction::RetryNow)));
    }
    for destination in &seen.destinations {
        let mut params = vec![("destination", destination.name.clone()), ("id", destination.id.clone())];
        if let Some(error) = destination.error {
            params.push(("reason", code_name(error)));
        }
        let (code, level, action) = match destination.state {
            DestinationState::Rejected => {
                (AlarmCode::KeyRejected, AlarmLevel::Urgent, AlarmAction::EditDestination)
            }
            DestinationState::Waiting => {
                (AlarmCode::DestinationDown, AlarmLevel::Attention, AlarmAction::RetryNow)
            }
            DestinationState::Connecting if destination.error.is_some() => {
                (AlarmCode::DestinationReconnecting, AlarmLevel::Attention, AlarmAction::RetryNow)
            }
            _ => continue,
        };
        alarms.push(alarm(code, level, params, Some(action)));
    }
}

fn sources(seen: &Observed, alarms: &mut Vec<Alarm>) {
    for source in &seen.sources {
        let params = [
            ("source", source.name.clone()),
            ("id", source.id.clone()),
            ("seconds", source.silent_secs.to_string()),
        ];
        let found = match (source.state, source.microphone) {
            (SourceState::Gone, true) => {
                Some((AlarmCode::MicrophoneGone, felt(seen.live), AlarmAction::ReplaceSource))
            }
            (SourceState::Gone, false) => {
                Some((AlarmCode::SourceGone, AlarmLevel::Attention, AlarmAction::ReplaceSource))
            }
            (SourceState::Lost, false) => {
                Some((AlarmCode::SourceLost, AlarmLevel::Attention, AlarmAction::RestartSource))
            }
            (SourceState::Held, false) => {
                Some((AlarmCode::SourceHeld, AlarmLevel::Attention, AlarmAction::RestartSource))
            }
            _ => None,
        };
        if let Some((code, level, action)) = found {
            alarms.push(alarm(code, level, params, Some(action)));
        }
    }
}

fn sound(seen: &Observed, alarms: &mut Vec<Alarm>) {
    for (id, what) in &seen.sound {
        let source = seen.sources.iter().find(|s| &s.id == id);
        // A microphone that is not there is silent, too; one alarm is enough.
        if source.is_some_and(|s| s.state == SourceState::Gone) {
            continue;
        }
        let name = source.map_or_else(|| id.clone(), |s| s.name.clone());
        let params = [("source", name), ("id", id.clone())];
        alarms.push(match what {
            SoundAlarm::NoInput => {
                alarm(AlarmCode::MicrophoneSilent, felt(seen.live), params, Some(AlarmAction::ReplaceSource))
            }
            SoundAlarm::SpeakingWhileMuted => {
                alarm(AlarmCode::MutedSpeaking, AlarmLevel::Attention, params, Some(AlarmAction::Unmute))
            }
        });
    }
    if seen.clipping {
        alarms.push(alarm(AlarmCode::SoundClipping, AlarmLevel::Attention, [], None));
    }
}

fn computer(seen: &Observed, alarms: &mut Vec<Alarm>) {
    if let Some(encoder) = &seen.fell_back {
        let params = [("encoder", encoder.clone())];
        alarms.push(alarm(AlarmCode::EncoderFellBack, AlarmLevel::Info, params, None));
    }
    if seen.dropped_share > OVERLOAD {
        let params = [("percent", format!("{:.0}", seen.dropped_share * 100.0))];
        alarms.push(alarm(AlarmCode::Overloaded, AlarmLevel::Attention, params, None));
    }
    if let Some(error) = seen.recording_error {
        let params = [("reason", code_name(error))];
        alarms.push(alarm(
            AlarmCode::RecordingFailed,
            AlarmLevel::Attention,
            params,
            Some(AlarmAction::ChooseFolder),
        ));
    }
    if seen.vault_in_memory {
        alarms.push(alarm(AlarmCode::VaultInMemory, AlarmLevel::Info, [], None));
    }
}

/// A code as it is written in messages: `key_rejected`.
pub(crate) fn code_name(code: ErrorCode) -> String {
    serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(state: SourceState, microphone: bool) -> ObservedSource {
        ObservedSource { id: "s".into(), name: "Close-up".into(), state, microphone, silent_secs: 2 }
    }

    fn codes(seen: &Observed) -> Vec<AlarmCode> {
        alarms(seen).into_iter().map(|a| a.code).collect()
    }

    #[test]
    fn what_viewers_feel_comes_first() {
        let seen = Observed {
            live: true,
            off_air_secs: Some(6),
            sources: vec![source(SourceState::Held, false)],
            sound: vec![("mic".into(), SoundAlarm::NoInput)],
            dropped_share: 0.2,
            ..Observed::default()
        };
        assert_eq!(
            codes(&seen),
            [AlarmCode::OffAir, AlarmCode::MicrophoneSilent, AlarmCode::SourceHeld, AlarmCode::Overloaded]
        );
    }

    #[test]
    fn a_healthy_studio_has_nothing_to_say() {
        let seen =
            Observed { live: true, sources: vec![source(SourceState::Live, false)], ..Observed::default() };
        assert!(codes(&seen).is_empty());
    }

    #[test]
    fn a_microphone_that_is_gone_is_said_once() {
        let seen = Observed {
            sources: vec![source(SourceState::Gone, true)],
            sound: vec![("s".into(), SoundAlarm::NoInput)],
            ..Observed::default()
        };
        assert_eq!(codes(&seen), [AlarmCode::MicrophoneGone]);
        assert_eq!(alarms(&seen)[0].level, AlarmLevel::Attention);
    }

    #[test]
    fn every_alarm_names_what_it_is_about() {
        let seen = Observed {
            destinations: vec![ObservedDestination {
                id: "d".into(),
                name: "抖音".into(),
                state: DestinationState::Rejected,
                error: Some(ErrorCode::KeyRejected),
            }],
            ..Observed::default()
        };
        let alarm = &alarms(&seen)[0];
        assert_eq!(alarm.params["destination"], "抖音");
        assert_eq!(alarm.params["reason"], "key_rejected");
        assert_eq!(alarm.action, Some(AlarmAction::EditDestination));
    }
}
