//! Microphones and other sound inputs, through cpal.
//!
//! Owns the stream of an open microphone and the rings behind it. Never resamples, mixes or moves to another device
//! by itself. On Linux PipeWire is asked first and ALSA second; cpal's PulseAudio host loses sound and is not built.
//!
//! Threads: a sound server may hang while a stream is opened or closed, so each of both happens on a thread of its
//! own that nobody waits for longer than [`PATIENCE`]. The stream's callbacks run on the backend's real-time thread
//! ([`line`]). Reading takes no lock and does not block.

mod heartbeat;
mod line;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, SampleFormat, StreamConfig, SupportedBufferSize};
use vitrine_media::{AudioFormat, BLOCK_FRAMES, Clock, MediaTime, SAMPLE_RATE_HZ};

use self::heartbeat::{Heartbeat, Pulse};
use self::line::{Ended, Reader};
use crate::{AudioInput, AudioSource, CaptureContext, CaptureError, Pacing};

/// How long a sound server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Throw-away threads at once; more than a few mean that they hang.
const MOST_ERRANDS: usize = 8;

/// A sound input that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicrophoneDevice {
    /// What the system calls it.
    pub name: String,
    /// The same after a restart.
    pub id: String,
    /// Whether the system prefers it; false everywhere if the system does not say.
    pub is_default: bool,
}

/// The sound inputs that are there. Asks a sound server and may take seconds: not for a user interface's thread.
pub fn list_microphones() -> Result<Vec<MicrophoneDevice>, CaptureError> {
    on_a_thread("mic-list", "the sound system", list_here)
}

/// The same on the calling thread, which a sound server may hold for ever.
pub(crate) fn list_here() -> Result<Vec<MicrophoneDevice>, CaptureError> {
    let host = hosts().next().ok_or_else(no_sound_system)??;
    let default = host.default_input_device().and_then(|d| d.id().ok()).map(|id| id.to_string());
    let inputs = inputs(&host)?.into_iter().filter(|input| input.is_microphone);
    let listed = inputs.map(|Input { name, id, .. }| MicrophoneDevice {
        is_default: default.as_ref() == Some(&id),
        name,
        id,
    });
    Ok(listed.collect())
}

/// Opens the chosen microphone and starts it.
pub(crate) fn open(
    name: Option<&str>,
    context: &CaptureContext,
) -> Result<Box<dyn AudioSource>, CaptureError> {
    let (wanted, clock) = (name.map(str::to_owned), Arc::clone(&context.clock));
    let label =
        name.map_or_else(|| "the default microphone".to_owned(), |name| format!("microphone \"{name}\""));
    let opened = on_a_thread("mic-open", &label, move || {
        let device = select(wanted.as_deref())?;
        start(&device, clock)
    })?;
    let Opened { name, format, stream, reader } = opened;
    tracing::info!(microphone = %name, rate_hz = format.rate_hz, channels = format.channels, "microphone opened");
    let heart = Heartbeat::opened(context.clock.now());
    let clock = Arc::clone(&context.clock);
    Ok(Box::new(Microphone { name, format, stream: Some(stream), reader, heart, clock }))
}

/// An open microphone.
struct Microphone {
    name: String,
    format: AudioFormat,
    /// Taken out when the source is dropped.
    stream: Option<cpal::Stream>,
    reader: Reader,
    heart: Heartbeat,
    clock: Arc<dyn Clock>,
}

impl AudioSource for Microphone {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn pacing(&self) -> Pacing {
        Pacing::Device
    }

    fn read(&mut self, _at: MediaTime, out: &mut AudioInput) -> Result<(), CaptureError> {
        let arrived = self.reader.read(out);
        let signals = &self.reader.signals;
        match signals.ended() {
            Some(Ended::Gone) => return Err(CaptureError::Gone { device: self.name.clone() }),
            Some(Ended::Failed) => {
                let reason = "the sound system reported a failure".to_owned();
                return Err(CaptureError::Device { device: self.name.clone(), reason });
            }
            None => {}
        }
        if signals.take_moves() > 0 {
            tracing::warn!(microphone = %self.name, "the system moved the sound to another device");
        }
        if signals.take_xruns() > 0 {
            tracing::debug!(microphone = %self.name, "the sound system reported a gap");
        }
        let now = self.clock.now();
        if arrived {
            self.heart.beat(now);
        }
        match self.heart.pulse(now) {
            Pulse::Steady => Ok(()),
            Pulse::Suspect => {
                tracing::warn!(microphone = %self.name, "the microphone delivers nothing");
                Ok(())
            }
            Pulse::Dead => Err(CaptureError::Gone { device: self.name.clone() }),
        }
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        // Closing a stream whose server died can hang for ever.
        if let Err(error) = thread::Builder::new().name("mic-close".to_owned()).spawn(move || drop(stream)) {
            tracing::warn!(%error, "no thread to close a microphone on");
        }
    }
}

/// A stream that runs.
struct Opened {
    name: String,
    format: AudioFormat,
    stream: cpal::Stream,
    reader: Reader,
}

/// A sound input of one host.
struct Input {
    device: cpal::Device,
    name: String,
    id: String,
    /// Not the other end of a loudspeaker.
    is_microphone: bool,
}

/// Does `work` on a thread that may hang, and gives up on it after [`PATIENCE`]. What such work makes later is dropped
/// there. While too many such threads hang no more are started, so that trying again and again costs nothing.
fn on_a_thread<T: Send + 'static>(
    thread_name: &str,
    device: &str,
    work: impl FnOnce() -> Result<T, CaptureError> + Send + 'static,
) -> Result<T, CaptureError> {
    let fault = |reason: &str| CaptureError::Device { device: device.to_owned(), reason: reason.to_owned() };
    let silent = || fault("the sound system does not answer");
    let errand = Errand::begin().ok_or_else(silent)?;
    let (answer, answered) = mpsc::sync_channel(1);
    let body = move || {
        let _errand = errand;
        let _ = answer.send(work());
    };
    thread::Builder::new()
        .name(thread_name.to_owned())
        .spawn(body)
        .map_err(|error| fault(&error.to_string()))?;
    match answered.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(silent()),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(fault("the sound system's driver crashed")),
    }
}

/// One throw-away thread under way.
struct Errand;

static ERRANDS: AtomicUsize = AtomicUsize::new(0);

impl Errand {
    /// `None` while too many are under way.
    fn begin() -> Option<Self> {
        let more = |n| (n < MOST_ERRANDS).then_some(n + 1);
        ERRANDS.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Self)
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        ERRANDS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The hosts of this system that answer, best first. A host's list of devices is a snapshot, so every question makes
/// new ones.
fn hosts() -> impl Iterator<Item = Result<cpal::Host, CaptureError>> {
    cpal::available_hosts().into_iter().filter_map(|id| match cpal::host_from_id(id) {
        Ok(host) => Some(Ok(host)),
        Err(error) if error.kind() == ErrorKind::HostUnavailable => None,
        Err(error) => Some(Err(fault("the sound system", &error))),
    })
}

fn no_sound_system() -> CaptureError {
    CaptureError::Device { device: "the sound system".to_owned(), reason: "none is running".to_owned() }
}

fn inputs(host: &cpal::Host) -> Result<Vec<Input>, CaptureError> {
    let devices = host.input_devices().map_err(|error| fault("the sound system", &error))?;
    let mut inputs = Vec::new();
    for device in devices {
        let (Ok(id), Ok(description)) = (device.id(), device.description()) else { continue };
        if stands_for_no_device(id.id(), description.name()) {
            continue;
        }
        let is_microphone =
            description.direction() != cpal::DeviceDirection::Duplex || !device.supports_output();
        inputs.push(Input { name: description.name().to_owned(), id: id.to_string(), is_microphone, device });
    }
    Ok(inputs)
}

/// What cpal's PipeWire host lists beside devices: its stand-in for whatever the system prefers, programs that record
/// (they have no description), and the listening ends of loopbacks, filters and remapped sources.
fn stands_for_no_device(id: &str, name: &str) -> bool {
    id == "input_default" || name == "unknown" || id.starts_with("input.")
}

/// The device a host means: by id, by exact name, else by a part of the name that only one microphone has.
fn select(wanted: Option<&str>) -> Result<cpal::Device, CaptureError> {
    let mut answer = Err(no_sound_system());
    for (rank, host) in hosts().enumerate() {
        let host = host?;
        let found = match wanted {
            None => preferred(&host),
            // Second-choice hosts list the same devices again under dozens of names: there, only the exact one.
            Some(name) => inputs(&host).and_then(|inputs| find(name, inputs, rank == 0)),
        };
        match found {
            Err(CaptureError::NotFound { .. }) => answer = found,
            other => return other,
        }
    }
    answer
}

/// What the system prefers. A stand-in may be asked for even when nothing is listed, since virtual sources are not;
/// asking ALSA for a card that is not there only makes it complain on the terminal.
fn preferred(host: &cpal::Host) -> Result<cpal::Device, CaptureError> {
    let listed = !inputs(host)?.is_empty();
    let stands_in = |device: &cpal::Device| device.id().is_ok_and(|id| stands_for_no_device(id.id(), ""));
    let device = host.default_input_device().filter(|device| listed || stands_in(device));
    device.ok_or_else(|| CaptureError::NotFound { what: "a microphone".to_owned() })
}

fn find(wanted: &str, inputs: Vec<Input>, parts: bool) -> Result<cpal::Device, CaptureError> {
    let exact =
        inputs.iter().position(|i| i.id == wanted).or_else(|| inputs.iter().position(|i| i.name == wanted));
    let lower = wanted.to_lowercase();
    let position = match exact {
        Some(position) => Some(position),
        None if parts => {
            let mut matching = inputs
                .iter()
                .enumerate()
                .filter(|(_, input)| input.is_microphone && input.name.to_lowercase().contains(&lower));
            match (matching.next(), matching.next()) {
                (Some((_, one)), Some((_, two))) => {
                    return Err(CaptureError::Unsupported {
                        what: format!("\"{wanted}\""),
                        reason: format!("several microphones are called so: {}, {}", one.name, two.name),
                    });
                }
                (first, _) => first.map(|(position, _)| position),
            }
        }
        None => None,
    };
    position
        .and_then(|position| inputs.into_iter().nth(position))
        .map(|input| input.device)
        .ok_or_else(|| CaptureError::NotFound { what: format!("a microphone named \"{wanted}\"") })
}

/// The device's own channels and samples at the studio's rate if it has it, so that nothing is converted twice.
fn configure(device: &cpal::Device, name: &str) -> Result<(StreamConfig, SampleFormat), CaptureError> {
    let usual = device.default_input_config().map_err(|error| fault(name, &error))?;
    let (channels, sample_format) = (usual.channels().max(1), usual.sample_format());
    if matches!(sample_format, SampleFormat::DsdU8 | SampleFormat::DsdU16 | SampleFormat::DsdU32) {
        let reason = "its one-bit samples cannot be read".to_owned();
        return Err(CaptureError::Unsupported { what: name.to_owned(), reason });
    }
    let takes_studio_rate = device.supported_input_configs().is_ok_and(|mut configs| {
        configs.any(|c| {
            c.channels() == channels
                && c.sample_format() == sample_format
                && (c.min_sample_rate()..=c.max_sample_rate()).contains(&SAMPLE_RATE_HZ)
        })
    });
    let sample_rate =
        if takes_studio_rate || usual.sample_rate() == 0 { SAMPLE_RATE_HZ } else { usual.sample_rate() };
    let block = BLOCK_FRAMES as u32;
    let buffer_size = match usual.buffer_size() {
        SupportedBufferSize::Range { min, max } if *max > 0 => BufferSize::Fixed(block.clamp(*min, *max)),
        _ => BufferSize::Fixed(block),
    };
    Ok((StreamConfig { channels, sample_rate, buffer_size }, sample_format))
}

fn start(device: &cpal::Device, clock: Arc<dyn Clock>) -> Result<Opened, CaptureError> {
    let name = device.description().map_or_else(|_| "microphone".to_owned(), |d| d.name().to_owned());
    let (mut config, sample_format) = configure(device, &name)?;
    let format = AudioFormat { rate_hz: config.sample_rate, channels: config.channels };
    loop {
        let (mut writer, reader) = line::line(format.rate_hz, format.channels, Arc::clone(&clock));
        let signals = Arc::clone(&reader.signals);
        let built = device.build_input_stream_raw(
            config,
            sample_format,
            move |data, _| writer.write(data),
            move |error| signals.report(error.kind()),
            Some(PATIENCE),
        );
        match built {
            Ok(stream) => {
                stream.play().map_err(|error| fault(&name, &error))?;
                return Ok(Opened { name, format, stream, reader });
            }
            // Some drivers refuse a size they said they have.
            Err(error)
                if error.kind() == ErrorKind::UnsupportedConfig
                    && config.buffer_size != BufferSize::Default =>
            {
                config.buffer_size = BufferSize::Default;
            }
            Err(error) => return Err(fault(&name, &error)),
        }
    }
}

fn fault(device: &str, error: &cpal::Error) -> CaptureError {
    let device = device.to_owned();
    match error.kind() {
        ErrorKind::DeviceBusy => CaptureError::Busy { device },
        ErrorKind::DeviceNotAvailable => CaptureError::NotFound { what: device },
        ErrorKind::PermissionDenied => CaptureError::Denied { what: device, reason: error.to_string() },
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput => {
            CaptureError::Unsupported { what: device, reason: error.to_string() }
        }
        _ => CaptureError::Device { device, reason: error.to_string() },
    }
}
