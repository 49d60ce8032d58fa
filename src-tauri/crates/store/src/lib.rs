//! Settings, history and secrets: what outlives a run of the studio.
//!
//! Owns: where files lie ([`Locations`]), the settings document ([`SettingsFile`]), the record of past broadcasts
//! ([`History`]), stream keys ([`Vault`]) and the lock that keeps two studios from sharing one folder
//! ([`InstanceLock`]). Never decides anything about a broadcast, and never stops one: what cannot be read is put
//! aside and replaced by defaults, what cannot be written is kept in memory, and both are told by a [`Notice`].
//!
//! Threads: the history has one writer thread behind a bounded queue; the vault does every keychain call on a thread
//! it can do without, since such a call may wait for a password nobody types. Settings are written by the caller.

mod aside;
mod atomic;
mod destination;
mod history;
mod history_db;
mod instance;
mod locations;
mod migrate;
mod notice;
mod settings;
mod settings_file;
mod vault;
mod vault_worker;

pub use atomic::write_atomic;
pub use destination::{Destination, DestinationId, IngestProfile, UrlError, split_key};
pub use history::{
    History, HistoryError, HistoryStats, JournalEntry, PastSession, SessionEnd, SessionId, SessionKind,
    SessionStart, Unfinished,
};
pub use instance::{InstanceLock, LockError};
pub use locations::{CONFIG_DIR_VARIABLE, Locations, LocationsError};
pub use notice::Notice;
pub use settings::{
    ChosenDevices, Extra, Language, Settings, SettingsError, Theme, VideoPreferences, WindowPreferences,
};
pub use settings_file::{SaveError, SettingsFile};
pub use vault::{SecretInfo, Vault, VaultError, VaultKind};
