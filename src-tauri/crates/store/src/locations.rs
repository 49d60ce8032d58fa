//! Where files lie.

use std::path::{Path, PathBuf};

use directories::{ProjectDirs, UserDirs};

/// Environment variable that moves everything the studio stores into one folder.
pub const CONFIG_DIR_VARIABLE: &str = "VITRINE_CONFIG_DIR";

/// There is no place to store anything.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationsError {
    /// The system names no home folder: give one by argument or by [`CONFIG_DIR_VARIABLE`].
    #[error("the system names no home folder; set {CONFIG_DIR_VARIABLE}")]
    NoHome,
}

/// The folders and files of one installation. Nothing is created until something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locations {
    config: PathBuf,
    data: PathBuf,
    recordings: PathBuf,
    /// The one folder, if it is not the system's choice.
    apart: Option<PathBuf>,
}

impl Locations {
    /// `folder` if given, else [`CONFIG_DIR_VARIABLE`] if set, else where the system wants such files.
    pub fn find(folder: Option<&Path>) -> Result<Self, LocationsError> {
        if let Some(folder) = folder {
            return Ok(Self::within(folder));
        }
        if let Some(folder) = std::env::var_os(CONFIG_DIR_VARIABLE).filter(|folder| !folder.is_empty()) {
            return Ok(Self::within(folder));
        }
        let project = ProjectDirs::from("", "", "vitrine").ok_or(LocationsError::NoHome)?;
        let user = UserDirs::new().ok_or(LocationsError::NoHome)?;
        let videos = user.video_dir().unwrap_or_else(|| user.home_dir());
        Ok(Self {
            config: project.config_dir().to_owned(),
            data: project.data_local_dir().to_owned(),
            recordings: videos.join("Vitrine"),
            apart: None,
        })
    }

    /// Everything in one folder.
    pub fn within(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let recordings = folder.join("recordings");
        Self { recordings, data: folder.clone(), apart: Some(folder.clone()), config: folder }
    }

    /// The folder of settings and shows.
    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    /// The settings document.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.json")
    }

    /// The show opened last, when the host has named no other.
    pub fn show_file(&self) -> PathBuf {
        self.config.join("show.json")
    }

    /// The database of past broadcasts.
    pub fn history_file(&self) -> PathBuf {
        self.data.join("studio.db")
    }

    /// What this installation's keys are filed under in the keychain: a folder of its own has keys of its own, so
    /// that a test or a second studio never touches the host's.
    pub fn vault_service(&self) -> String {
        match &self.apart {
            None => "vitrine".to_owned(),
            Some(folder) => format!("vitrine:{}", folder.display()),
        }
    }

    /// Where recordings go unless the settings say otherwise.
    pub fn recordings_dir(&self) -> &Path {
        &self.recordings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_given_holds_everything() {
        let places = Locations::find(Some(Path::new("/srv/studio"))).unwrap();
        assert_eq!(places.settings_file(), Path::new("/srv/studio/settings.json"));
        assert_eq!(places.history_file(), Path::new("/srv/studio/studio.db"));
        assert_eq!(places.vault_service(), "vitrine:/srv/studio");
        assert_eq!(places.recordings_dir(), Path::new("/srv/studio/recordings"));
    }
}
