//! The host's settings, destinations and keys, as the engine uses them.
//!
//! Shared by the callers' side of the engine (which may wait for a keychain) and the actor (which may not: it reads
//! what is known). Locks: the settings, for a read or a write of a small file; what is known of keys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use vitrine_media::Secret;
use vitrine_protocol as view;
use vitrine_protocol::{DestinationDraft, ErrorCode, SecretView, UiError};
use vitrine_store::{Destination, DestinationId, IngestProfile, Locations, SettingsFile, Vault, VaultKind};
use vitrine_uplink::Target;

use crate::api::{EncodeProfile, LiveTarget, LiveTargets};
use crate::errors;

/// A way out: the actor's name for it, the host's name for it, where it is.
pub(crate) type Resolved = (String, String, Target);

pub(crate) struct Preferences {
    locations: Locations,
    file: Mutex<SettingsFile>,
    vault: OnceLock<Vault>,
    known: Mutex<BTreeMap<String, SecretView>>,
}

impl Preferences {
    /// Reads the settings. Keys are not touched until they are needed.
    pub(crate) fn open(locations: Locations) -> Arc<Self> {
        let (file, notices) = SettingsFile::open(&locations);
        for notice in notices {
            tracing::warn!(?notice, "about the settings");
        }
        Arc::new(Self { locations, file: Mutex::new(file), vault: OnceLock::new(), known: Mutex::default() })
    }

    fn file(&self) -> std::sync::MutexGuard<'_, SettingsFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys. The first call may take seconds: not for the actor.
    pub(crate) fn vault(&self) -> &Vault {
        self.vault.get_or_init(|| {
            let (vault, notice) = Vault::open(&self.locations);
            if let Some(notice) = notice {
                tracing::warn!(?notice, "about the keychain");
            }
            vault
        })
    }

    /// Learns what may be shown of the keys. May take seconds.
    pub(crate) fn learn_keys(&self) {
        let destinations = self.file().settings().destinations.clone();
        for destination in destinations {
            self.learn(&destination.id);
        }
    }

    fn learn(&self, id: &DestinationId) {
        let shown = match self.vault().info(&id.secret_name()) {
            Ok(info) => SecretView { present: info.present, last4: info.last4 },
            Err(error) => {
                tracing::warn!(%error, "a key cannot be read");
                SecretView { present: false, last4: None }
            }
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(id.0.clone(), shown);
    }

    /// Whether keys are lost when the studio closes; `false` while that is not known.
    pub(crate) fn keys_in_memory(&self) -> bool {
        self.vault.get().is_some_and(|vault| vault.kind() == VaultKind::Memory)
    }

    /// How to encode, as the host has set it.
    pub(crate) fn profile(&self) -> EncodeProfile {
        let file = self.file();
        let video = &file.settings().video;
        EncodeProfile {
            video_bitrate: video.video_bitrate,
            audio_bitrate: video.audio_bitrate,
            preset: video.preset.clone(),
            encoder: video.encoder.clone(),
        }
    }

    /// Where recordings go.
    pub(crate) fn record_folder(&self) -> PathBuf {
        let chosen = self.file().settings().record_folder.clone();
        chosen.unwrap_or_else(|| self.locations.recordings_dir().to_owned())
    }

    /// Preferences as the window shows them.
    pub(crate) fn view(&self) -> view::SettingsView {
        let (language, theme) = {
            let file = self.file();
            (file.settings().language, file.settings().theme)
        };
        let profile = self.profile();
        view::SettingsView {
            language: language.map(|l| match l {
                vitrine_store::Language::ZhCn => view::Language::ZhCn,
                vitrine_store::Language::En => view::Language::En,
            }),
            theme: match theme {
                vitrine_store::Theme::Dark => view::Theme::Dark,
                vitrine_store::Theme::Light => view::Theme::Light,
            },
            record_folder: self.record_folder().to_string_lossy().into_owned(),
            video: view::VideoProfileView {
                video_bitrate: profile.video_bitrate,
                audio_bitrate: profile.audio_bitrate,
                preset: profile.preset,
                encoder: profile.encoder,
            },
            vault: if self.keys_in_memory() { view::VaultView::Memory } else { view::VaultView::Keychain },
        }
    }

    /// Takes over what the host chose.
    pub(crate) fn patch(&self, patch: view::SettingsPatch) -> Result<(), UiError> {
        self.update(|settings| {
            settings.language = patch.language.map(|l| match l {
                view::Language::ZhCn => vitrine_store::Language::ZhCn,
                view::Language::En => vitrine_store::Language::En,
            });
            settings.theme = match patch.theme {
                view::Theme::Dark => vitrine_store::Theme::Dark,
                view::Theme::Light => vitrine_store::Theme::Light,
            };
            settings.record_folder =
                Some(PathBuf::from(patch.record_folder)).filter(|f| !f.as_os_str().is_empty());
            settings.video.video_bitrate = patch.video.video_bitrate;
            settings.video.audio_bitrate = patch.video.audio_bitrate;
            settings.video.preset = patch.video.preset;
            settings.video.encoder = patch.video.encoder;
        })
    }

    fn update(&self, change: impl FnOnce(&mut vitrine_store::Settings)) -> Result<(), UiError> {
        match self.file().update(change) {
            Ok(()) => Ok(()),
            Err(vitrine_store::SaveError::Unusable(error)) => Err(errors::bad_request(error.to_string())),
            Err(error) => {
                // The change is in force all the same; the log says what the next start will have forgotten.
                tracing::warn!(%error, "settings not saved");
                Ok(())
            }
        }
    }

    /// Destinations as they are kept: id, name, address, what is known of the key, on or off.
    pub(crate) fn destinations(&self) -> Vec<(Destination, SecretView)> {
        let destinations = self.file().settings().destinations.clone();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let none = SecretView { present: false, last4: None };
        destinations
            .into_iter()
            .map(|d| {
                let shown = known.get(&d.id.0).unwrap_or(&none).clone();
                (d, shown)
            })
            .collect()
    }

    /// Adds or changes a destination. A key in the address is moved to the vault. May wait for the keychain.
    pub(crate) fn save(&self, draft: DestinationDraft) -> Result<String, UiError> {
        let bad = |part: String| errors::ui_error(ErrorCode::BadUrl, errors::params([("part", part)]), false);
        let (url, pasted_key) = vitrine_store::split_key(&draft.url).map_err(|e| bad(e.to_string()))?;
        if draft.name.trim().is_empty() {
            return Err(errors::bad_request("a destination needs a name"));
        }
        let key = draft
            .key
            .filter(|k| !k.trim().is_empty())
            .map(|k| Secret::new(k.trim().to_owned()))
            .or(pasted_key);
        let id = draft.id.unwrap_or_else(|| self.free_id());
        if let Some(key) = key {
            // An address that cannot be published to is refused now, not when the room is full.
            Target::with_key(&url, &key).map_err(errors::target)?;
            self.vault().set(&DestinationId(id.clone()).secret_name(), key);
        }
        self.update(|settings| {
            let made = |old: Option<&Destination>| Destination {
                id: DestinationId(id.clone()),
                name: draft.name.trim().to_owned(),
                url: url.clone(),
                enabled: draft.enabled,
                profile: old.map_or(IngestProfile::Unknown, |o| o.profile),
                extra: old.map(|o| o.extra.clone()).unwrap_or_default(),
            };
            match settings.destinations.iter_mut().find(|d| d.id.0 == id) {
                Some(old) => *old = made(Some(old)),
                None => settings.destinations.push(made(None)),
            }
        })?;
        self.learn(&DestinationId(id.clone()));
        Ok(id)
    }

    fn free_id(&self) -> String {
        let file = self.file();
        let taken = |id: &str| file.settings().destinations.iter().any(|d| d.id.0 == id);
        // One more than there are: one of so many names is free.
        let most = file.settings().destinations.len() + 1;
        (1..=most).map(|n| format!("destination-{n}")).find(|id| !taken(id)).unwrap_or_default()
    }

    /// Removes a destination and its key.
    pub(crate) fn remove(&self, id: &str) -> Result<(), UiError> {
        let mut found = false;
        self.update(|settings| {
            settings.destinations.retain(|d| d.id.0 != id || std::mem::replace(&mut found, true));
        })?;
        if !found {
            return Err(errors::not_found(id));
        }
        self.vault().clear(&DestinationId(id.to_owned()).secret_name());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }

    /// Switches a destination on or off.
    pub(crate) fn enable(&self, id: &str, enabled: bool) -> Result<(), UiError> {
        let mut found = false;
        self.update(|settings| {
            if let Some(destination) = settings.destinations.iter_mut().find(|d| d.id.0 == id) {
                destination.enabled = enabled;
                found = true;
            }
        })?;
        if found { Ok(()) } else { Err(errors::not_found(id)) }
    }

    /// Addresses with keys, ready to publish to. May wait for the keychain.
    pub(crate) fn resolve(&self, targets: &LiveTargets) -> Result<Vec<Resolved>, UiError> {
        let stored = self.file().settings().destinations.clone();
        let resolved = match targets {
            LiveTargets::Enabled => stored
                .iter()
                .filter(|d| d.enabled)
                .map(|d| self.with_key(d))
                .collect::<Result<Vec<_>, _>>()?,
            LiveTargets::Only(list) => {
                let one = |(n, target): (usize, &LiveTarget)| match target {
                    LiveTarget::Url(url) => {
                        let target = Target::parse(url.reveal()).map_err(errors::target)?;
                        Ok((format!("to-{n}"), target.tc_url(), target))
                    }
                    LiveTarget::Named(name) => {
                        let found = stored.iter().find(|d| d.name == *name || d.id.0 == *name);
                        found
                            .ok_or_else(|| errors::not_found(format!("destination {name}")))
                            .and_then(|d| self.with_key(d))
                    }
                };
                list.iter().enumerate().map(one).collect::<Result<Vec<_>, UiError>>()?
            }
        };
        if resolved.is_empty() {
            return Err(errors::ui_error(ErrorCode::NoDestination, view::Params::new(), false));
        }
        Ok(resolved)
    }

    fn with_key(&self, destination: &Destination) -> Result<Resolved, UiError> {
        let key = self.vault().get(&destination.id.secret_name()).map_err(|error| {
            let detail =
                errors::params([("destination", destination.name.clone()), ("detail", error.to_string())]);
            errors::ui_error(ErrorCode::KeyRejected, detail, true)
        })?;
        let target = match key {
            Some(key) => Target::with_key(&destination.url, &key),
            None => Target::parse(&destination.url),
        };
        let target = target.map_err(errors::target)?;
        Ok((destination.id.0.clone(), destination.name.clone(), target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences() -> (tempfile::TempDir, Arc<Preferences>) {
        let folder = tempfile::tempdir().unwrap();
        let preferences = Preferences::open(Locations::within(folder.path()));
        assert!(preferences.vault.set(Vault::memory()).is_ok());
        (folder, preferences)
    }

    fn draft(url: &str, key: Option<&str>) -> DestinationDraft {
        DestinationDraft {
            id: None,
            name: "抖音".into(),
            url: url.into(),
            key: key.map(Into::into),
            enabled: true,
        }
    }

    #[test]
    fn a_key_pasted_with_its_address_goes_to_the_vault_and_not_to_the_file() {
        let (folder, preferences) = preferences();
        preferences.save(draft("rtmp://push.example.com/live/SECRETKEY1234?sign=abc", None)).unwrap();
        let written = std::fs::read_to_string(folder.path().join("settings.json")).unwrap();
        assert!(!written.contains("SECRETKEY"), "{written}");
        let (destination, shown) = preferences.destinations().remove(0);
        assert_eq!(destination.url, "rtmp://push.example.com/live");
        assert!(shown.present);
        let resolved = preferences.resolve(&LiveTargets::Enabled).unwrap();
        assert_eq!(resolved[0].2.key().reveal(), "SECRETKEY1234?sign=abc");
        let named = LiveTargets::Only(vec![LiveTarget::Named("抖音".into())]);
        assert_eq!(preferences.resolve(&named).unwrap().len(), 1);
    }

    #[test]
    fn changing_a_name_keeps_the_key_and_removing_forgets_it() {
        let (_folder, preferences) = preferences();
        let id = preferences.save(draft("rtmp://h/live", Some("KEYKEYKEYKEY"))).unwrap();
        let renamed =
            DestinationDraft { id: Some(id.clone()), name: "TB".into(), ..draft("rtmp://h/live", None) };
        preferences.save(renamed).unwrap();
        assert!(preferences.destinations()[0].1.present);
        preferences.enable(&id, false).unwrap();
        assert_eq!(preferences.resolve(&LiveTargets::Enabled).unwrap_err().code, ErrorCode::NoDestination);
        preferences.remove(&id).unwrap();
        assert!(preferences.destinations().is_empty());
        assert_eq!(preferences.vault().info(&DestinationId(id).secret_name()).map(|i| i.present), Ok(false));
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_repeated() {
        let (_folder, preferences) = preferences();
        let error = preferences.save(draft("http://h/live/SECRETKEY", None)).unwrap_err();
        assert_eq!(error.code, ErrorCode::BadUrl);
        assert!(!format!("{error:?}").contains("SECRETKEY"));
    }
}
