//! Stream keys: in the system's keychain, else in memory until the studio closes, with a notice.
//!
//! Never in a file, a log or an event. No call waits longer than the patience it was opened with: a key set while the
//! keychain does not answer is kept in memory, used from there, and handed to the keychain when it answers again.
//! One lock guards the memory; it is not held while the keychain is asked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use vitrine_media::Secret;

use crate::vault_worker::{Job, Keychain, SystemKeychain, Trouble, Worker};
use crate::{Locations, Notice};

/// Long enough for a bus to start the service and for a host to type a password that is being asked for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Opening asks for no password.
const PROBE_PATIENCE: Duration = Duration::from_secs(4);
/// A shorter key is not shown in part: four characters would be too much of it.
const SHOWN_FROM: usize = 12;

/// Where a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultKind {
    /// In the system's keychain.
    Keychain,
    /// In memory, until the studio closes.
    Memory,
}

/// What may be shown of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretInfo {
    /// Whether there is one.
    pub present: bool,
    /// Its last four characters, if it has at least twelve.
    pub last4: Option<String>,
    /// Where it is kept, or would be.
    pub kept: VaultKind,
}

/// A key could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keychain did not answer in time; perhaps it waits for a password. Try again later, or ask the host.
    #[error("the keychain does not answer")]
    Waiting,
    /// The keychain said no: it is locked, or broken. Ask the host for the key.
    #[error("the keychain refused: {0}")]
    Refused(String),
}

/// The keys.
pub struct Vault {
    worker: Option<Worker>,
    patience: Duration,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Keys the keychain does not have; `None` is one it has and should not.
    held: HashMap<String, Held>,
    /// What has been learnt of keys in the keychain, so that showing them does not ask it again.
    known: HashMap<String, SecretInfo>,
}

struct Held {
    secret: Option<Secret<String>>,
    /// To be handed to the keychain when it answers; not after a refusal.
    owed: bool,
}

impl Vault {
    /// Opens the keychain's part for an installation. Takes at most four seconds; without a keychain, the vault is
    /// memory, and the notice says so.
    pub fn open(locations: &Locations) -> (Self, Option<Notice>) {
        Self::over(SystemKeychain::new(locations.vault_service()), PROBE_PATIENCE, PATIENCE)
    }

    /// A vault that forgets: for a run that must not touch the host's keychain.
    pub fn memory() -> Self {
        Self { worker: None, patience: Duration::ZERO, memory: Mutex::default() }
    }

    fn over(keychain: impl Keychain, probe: Duration, patience: Duration) -> (Self, Option<Notice>) {
        let worker = Worker::start(keychain);
        let trouble = match &worker {
            None => Some("no thread to be had".to_owned()),
            Some(worker) => match worker.ask(Job::Probe, probe) {
                Ok(_) => None,
                Err(Trouble::Refused(reason)) => Some(reason),
                Err(Trouble::Waiting) => Some("the keychain does not answer".to_owned()),
                Err(Trouble::Gone) => Some("the keychain's client failed".to_owned()),
            },
        };
        match trouble {
            None => (Self { worker, patience, memory: Mutex::default() }, None),
            Some(reason) => {
                tracing::warn!(%reason, "no keychain: stream keys are kept in memory");
                (Self::memory(), Some(Notice::SecretsInMemory { reason }))
            }
        }
    }

    /// Where a key set now is kept.
    pub fn kind(&self) -> VaultKind {
        match &self.worker {
            Some(worker) if !worker.is_stuck() => VaultKind::Keychain,
            _ => VaultKind::Memory,
        }
    }

    /// Keeps a key under `name`, in place of an older one; an empty key is none. Says where it is kept: in memory if
    /// the keychain refuses or does not answer. May take as long as the vault's patience.
    pub fn set(&self, name: &str, secret: Secret<String>) -> VaultKind {
        if secret.reveal().is_empty() {
            return self.clear(name);
        }
        self.store(name, Some(secret))
    }

    /// Forgets a key. Says where that holds: in memory if the keychain could not be told.
    pub fn clear(&self, name: &str) -> VaultKind {
        self.store(name, None)
    }

    /// The key under `name`, if there is one. May take as long as the vault's patience.
    pub fn get(&self, name: &str) -> Result<Option<Secret<String>>, VaultError> {
        self.settle();
        if let Some(held) = self.lock().held.get(name) {
            return Ok(held.secret.clone());
        }
        let Some(worker) = &self.worker else {
            return Ok(None);
        };
        let secret =
            worker.ask(Job::Get(name.to_owned()), self.patience).map_err(|trouble| match trouble {
                Trouble::Waiting | Trouble::Gone => VaultError::Waiting,
                Trouble::Refused(reason) => VaultError::Refused(reason),
            })?;
        let info = info(secret.as_ref(), VaultKind::Keychain);
        self.lock().known.insert(name.to_owned(), info);
        Ok(secret)
    }

    /// What may be shown of a key. Asks the keychain only the first time.
    pub fn info(&self, name: &str) -> Result<SecretInfo, VaultError> {
        {
            let memory = self.lock();
            if let Some(held) = memory.held.get(name) {
                return Ok(info(held.secret.as_ref(), VaultKind::Memory));
            }
            if let Some(known) = memory.known.get(name) {
                return Ok(known.clone());
            }
        }
        let secret = self.get(name)?;
        Ok(info(secret.as_ref(), self.kind()))
    }

    fn store(&self, name: &str, secret: Option<Secret<String>>) -> VaultKind {
        self.settle();
        let told = match &self.worker {
            None => Err(Trouble::Gone),
            Some(worker) => worker.ask(job(name, secret.as_ref()), self.patience),
        };
        let mut memory = self.lock();
        if told.is_ok() {
            memory.held.remove(name);
            memory.known.insert(name.to_owned(), info(secret.as_ref(), VaultKind::Keychain));
            return VaultKind::Keychain;
        }
        if let Err(Trouble::Refused(reason)) = &told {
            tracing::warn!(name, %reason, "the keychain refused a key; it is kept in memory");
        }
        let owed = matches!(told, Err(Trouble::Waiting));
        memory.known.remove(name);
        memory.held.insert(name.to_owned(), Held { secret, owed });
        VaultKind::Memory
    }

    /// Hands the keychain what it missed, if it answers again.
    fn settle(&self) {
        let Some(worker) = self.worker.as_ref().filter(|worker| !worker.is_stuck()) else {
            return;
        };
        let owed: Vec<(String, Option<Secret<String>>)> = {
            let memory = self.lock();
            let owed = memory.held.iter().filter(|(_, held)| held.owed);
            owed.map(|(name, held)| (name.clone(), held.secret.clone())).collect()
        };
        for (name, secret) in owed {
            let told = worker.ask(job(&name, secret.as_ref()), self.patience);
            let mut memory = self.lock();
            // Another caller may have set it anew in the meantime.
            let unchanged = memory.held.get(&name).is_some_and(|held| held.secret == secret);
            match told {
                Ok(_) if unchanged => {
                    memory.held.remove(&name);
                    memory.known.insert(name, info(secret.as_ref(), VaultKind::Keychain));
                }
                Err(Trouble::Refused(_)) if unchanged => {
                    memory.held.insert(name, Held { secret, owed: false });
                }
                Ok(_) | Err(Trouble::Refused(_)) => {}
                Err(Trouble::Waiting | Trouble::Gone) => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn job(name: &str, secret: Option<&Secret<String>>) -> Job {
    match secret {
        Some(secret) => Job::Set(name.to_owned(), secret.clone()),
        None => Job::Clear(name.to_owned()),
    }
}

fn info(secret: Option<&Secret<String>>, kept: VaultKind) -> SecretInfo {
    let last4 = secret.and_then(|secret| {
        let length = secret.reveal().chars().count();
        (length >= SHOWN_FROM).then(|| secret.reveal().chars().skip(length - 4).collect())
    });
    SecretInfo { present: secret.is_some(), last4, kept }
}

#[cfg(test)]
mod tests;
