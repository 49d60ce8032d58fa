//! The thread that talks to the keychain, and what it may be asked.
//!
//! A call may wait for ever: for a password prompt nobody answers, for a bus that does not. So the thread is one the
//! studio can do without. Whoever asks waits for a limited time; a call that outlasts it goes on alone, and until it
//! comes back nobody else waits for it. Requests queue in a channel of eight, refused when full.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use vitrine_media::Secret;

/// Where secrets are kept by name. Its errors are words for a log; they never hold a secret.
pub(crate) trait Keychain: Send + 'static {
    /// Whether there is a keychain at all.
    fn probe(&mut self) -> Result<(), String>;
    fn set(&mut self, name: &str, secret: &Secret<String>) -> Result<(), String>;
    fn get(&mut self, name: &str) -> Result<Option<Secret<String>>, String>;
    fn clear(&mut self, name: &str) -> Result<(), String>;
}

/// What the thread is asked to do.
pub(crate) enum Job {
    Probe,
    Set(String, Secret<String>),
    Get(String),
    Clear(String),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Not within the time given, or a call before it has not come back.
    Waiting,
    /// The keychain said no.
    Refused(String),
    /// The thread is gone for good.
    Gone,
}

type Answer = Result<Option<Secret<String>>, String>;

/// A handle on the thread. The thread ends when the handle is dropped and its call, if any, has come back.
#[derive(Debug)]
pub(crate) struct Worker {
    requests: SyncSender<(Job, SyncSender<Answer>)>,
    stuck: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the thread; `None` if the system has none to give.
    pub(crate) fn start(mut keychain: impl Keychain) -> Option<Self> {
        let (requests, inbox) = sync_channel::<(Job, SyncSender<Answer>)>(8);
        let stuck = Arc::new(AtomicBool::new(false));
        let still_stuck = Arc::clone(&stuck);
        let run = move || {
            while let Ok((job, reply)) = inbox.recv() {
                // A panic in the keychain's client takes this thread and nothing else; who asks next is told.
                let Ok(answer) = catch_unwind(AssertUnwindSafe(|| perform(&mut keychain, job))) else {
                    still_stuck.store(true, Ordering::Release);
                    return;
                };
                // Nobody may be waiting any more. The answer goes first: whoever gives up at this very moment looks
                // for it once more after saying that the thread is stuck.
                let _ = reply.try_send(answer);
                still_stuck.store(false, Ordering::Release);
            }
        };
        thread::Builder::new().name("vault".to_owned()).spawn(run).ok()?;
        Some(Self { requests, stuck })
    }

    /// Asks, and waits for as long as `patience`.
    pub(crate) fn ask(&self, job: Job, patience: Duration) -> Result<Option<Secret<String>>, Trouble> {
        if self.is_stuck() {
            return Err(Trouble::Waiting);
        }
        let (reply, answer) = sync_channel(1);
        self.requests.try_send((job, reply)).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => Trouble::Waiting,
            std::sync::mpsc::TrySendError::Disconnected(_) => Trouble::Gone,
        })?;
        match answer.recv_timeout(patience) {
            Ok(answer) => answer.map_err(Trouble::Refused),
            Err(RecvTimeoutError::Disconnected) => Err(Trouble::Gone),
            Err(RecvTimeoutError::Timeout) => {
                self.stuck.store(true, Ordering::Release);
                // It may have come back between the two lines; then nothing is stuck.
                match answer.try_recv() {
                    Ok(answer) => {
                        self.stuck.store(false, Ordering::Release);
                        answer.map_err(Trouble::Refused)
                    }
                    Err(_) => Err(Trouble::Waiting),
                }
            }
        }
    }

    /// Whether a call has outlasted somebody's patience and not come back.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }
}

fn perform(keychain: &mut impl Keychain, job: Job) -> Answer {
    match job {
        Job::Probe => keychain.probe().map(|()| None),
        Job::Set(name, secret) => keychain.set(&name, &secret).map(|()| None),
        Job::Get(name) => keychain.get(&name),
        Job::Clear(name) => keychain.clear(&name).map(|()| None),
    }
}

/// The system's keychain: macOS Keychain, Windows Credential Manager, or the Secret Service over D-Bus. Never the
/// Linux kernel's keyring alone, which forgets at the next start.
#[derive(Debug)]
pub(crate) struct SystemKeychain {
    service: String,
}

impl SystemKeychain {
    pub(crate) fn new(service: String) -> Self {
        Self { service }
    }

    fn entry(&self, name: &str) -> Result<keyring::v1::Entry, String> {
        keyring::v1::Entry::new(&self.service, name).map_err(|error| words(&error))
    }
}

impl Keychain for SystemKeychain {
    fn probe(&mut self) -> Result<(), String> {
        match keyring::v1::Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => Err(words(error)),
        }
    }

    fn set(&mut self, name: &str, secret: &Secret<String>) -> Result<(), String> {
        self.entry(name)?.set_password(secret.reveal()).map_err(|error| words(&error))
    }

    fn get(&mut self, name: &str) -> Result<Option<Secret<String>>, String> {
        match self.entry(name)?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(keyring::v1::Error::NoEntry) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    fn clear(&mut self, name: &str) -> Result<(), String> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::v1::Error::NoEntry) => Ok(()),
            Err(error) => Err(words(&error)),
        }
    }
}

/// The keychain's words, unless they could hold a secret.
fn words(error: &keyring::v1::Error) -> String {
    use keyring::v1::Error;
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what is stored is not text".to_owned(),
        Error::Ambiguous(_) => "several entries have this name".to_owned(),
        other => other.to_string(),
    }
}
