//! The sound thread: every 10 ms one block of programme.
//!
//! Owns the mixer, the inlets and the open sound sources. Ticks on the same clock as the picture; a late tick is made
//! up for, so that no block is ever skipped. A source that is not there is silence. Sources are opened elsewhere and
//! handed over; one that fails goes back to be closed and opened again. Threads: `sound`. Locks: mailboxes only.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};

use vitrine_capture::{AudioInput, AudioSource, Pacing};
use vitrine_media::{AudioBlock, AudioFormat, BLOCK_NANOS, Clock, MediaTime, StopToken};
use vitrine_sound::{
    Inlet, InletConfig, Mixer, ProgrammeMeter, SilenceConfig, SilenceWatch, SoundAlarm, StripId, StripMeter,
    StripSettings,
};

use crate::pipeline::AudioSink;
use crate::sources::AudioLine;

/// Blocks between two publications of the meters: 20 Hz.
const METERS_EVERY: i64 = 5;

/// What the actor asks of the sound thread.
pub(crate) enum DeskCommand {
    /// The strips there are, in order.
    Strips(Vec<StripPlan>),
    /// Where programme blocks go; `None` when nothing leaves.
    Sink(Option<AudioSink>),
}

/// A strip as the show has it.
#[derive(Clone)]
pub(crate) struct StripPlan {
    /// Source it carries.
    pub(crate) source: String,
    pub(crate) line: AudioLine,
    pub(crate) settings: StripSettings,
    /// Whether silence on it is worth an alarm: a microphone's is.
    pub(crate) watched: bool,
}

/// What the sound thread tells, 20 times a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeskReport {
    /// Meter of each strip, by source, in order.
    pub(crate) strips: Vec<(String, StripMeter, Option<SoundAlarm>)>,
    /// The programme's.
    pub(crate) programme: Option<ProgrammeMeter>,
    /// Blocks concealed because a device was late.
    pub(crate) xruns: u64,
}

/// Where reports are left.
pub(crate) type DeskReports = Arc<Mutex<DeskReport>>;

/// Runs until stopped. Call on a thread of its own.
pub(crate) fn run(
    clock: &dyn Clock,
    commands: &Receiver<DeskCommand>,
    reports: &DeskReports,
    stop: &StopToken,
) {
    let mut desk = Desk::default();
    let mut block = clock.now().nanos() / BLOCK_NANOS + 1;
    while !stop.is_stopped() {
        // A block is mixed when it is over: everything that belongs to it has then arrived.
        clock.sleep_until(MediaTime::from_nanos((block + 1) * BLOCK_NANOS));
        loop {
            match commands.try_recv() {
                Ok(DeskCommand::Strips(plans)) => desk.plan(plans),
                Ok(DeskCommand::Sink(sink)) => desk.connect(sink),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        desk.tick(MediaTime::from_nanos(block * BLOCK_NANOS));
        if block % METERS_EVERY == 0 {
            *reports.lock().unwrap_or_else(PoisonError::into_inner) = desk.report();
        }
        block += 1;
    }
}

struct Channel {
    plan: StripPlan,
    strip: StripId,
    source: Option<Box<dyn AudioSource>>,
    inlet: Option<Inlet>,
    silence: SilenceWatch,
    alarm: Option<SoundAlarm>,
}

#[derive(Default)]
struct Desk {
    mixer: Mixer,
    channels: Vec<Channel>,
    sink: Option<AudioSink>,
    input: AudioInput,
    xruns: u64,
}

impl Desk {
    fn plan(&mut self, plans: Vec<StripPlan>) {
        let mut old: BTreeMap<String, Channel> =
            std::mem::take(&mut self.channels).into_iter().map(|c| (c.plan.source.clone(), c)).collect();
        for plan in plans {
            let kept = old.remove(&plan.source).filter(|c| c.plan.line.is_same(&plan.line));
            let channel = match kept {
                Some(mut channel) => {
                    if let Err(error) = self.mixer.set(channel.strip, plan.settings) {
                        tracing::warn!(%error, "strip not set");
                    }
                    channel.plan = plan;
                    channel
                }
                None => match self.mixer.add(plan.settings) {
                    Ok(strip) => Channel {
                        plan,
                        strip,
                        source: None,
                        inlet: None,
                        silence: SilenceWatch::new(SilenceConfig::default()),
                        alarm: None,
                    },
                    Err(error) => {
                        tracing::warn!(%error, "strip not added");
                        continue;
                    }
                },
            };
            self.channels.push(channel);
        }
        for channel in old.into_values() {
            let _ = self.mixer.remove(channel.strip);
            if let Some(source) = channel.source {
                close(source);
            }
        }
    }

    fn connect(&mut self, sink: Option<AudioSink>) {
        if sink.is_some() && self.sink.is_none() {
            self.mixer.reset_loudness();
        }
        self.sink = sink;
    }

    fn tick(&mut self, at: MediaTime) {
        for channel in &mut self.channels {
            if let Some(source) = channel.plan.line.take_opened() {
                channel.accept(source);
            }
            self.xruns += channel.read(at, &mut self.input, &mut self.mixer);
        }
        let mixed = self.mixer.mix(at);
        if let Some(sink) = &self.sink {
            // The limiter looks ahead, so a block holds sound from a little before its place.
            let latency = MediaTime::from_samples(i64::from(vitrine_sound::Limiter::LATENCY_SAMPLES));
            let mut block = mixed.clone();
            block.pts = MediaTime::from_nanos(at.nanos() - latency.nanos());
            sink.send(&block);
        }
        for channel in &mut self.channels {
            let Ok(meter) = self.mixer.strip_meter(channel.strip) else { continue };
            channel.alarm = channel
                .plan
                .watched
                .then(|| channel.silence.update(at, channel.plan.settings.muted, meter.input))
                .flatten();
        }
    }

    fn report(&self) -> DeskReport {
        let strips = self
            .channels
            .iter()
            .filter_map(|c| Some((c.plan.source.clone(), self.mixer.strip_meter(c.strip).ok()?, c.alarm)))
            .collect();
        DeskReport { strips, programme: Some(self.mixer.programme_meter()), xruns: self.xruns }
    }
}

impl Channel {
    fn accept(&mut self, source: Box<dyn AudioSource>) {
        if let Some(old) = self.source.take() {
            close(old);
        }
        self.inlet = None;
        if source.pacing() == Pacing::Device || source.format() != AudioFormat::STUDIO {
            match Inlet::new(source.format(), InletConfig::default()) {
                Ok(inlet) => self.inlet = Some(inlet),
                Err(error) => {
                    tracing::error!(source = self.plan.source, %error, "a sound device cannot be used");
                    return close(source);
                }
            }
        }
        self.source = Some(source);
    }

    /// Gives the mixer this strip's block for `at`. Returns the blocks that had to be made up.
    fn read(&mut self, at: MediaTime, input: &mut AudioInput, mixer: &mut Mixer) -> u64 {
        let Some(source) = &mut self.source else { return 0 };
        input.clear();
        if let Err(error) = source.read(at, input) {
            tracing::warn!(source = self.plan.source, %error, "a sound source ended");
            self.plan.line.ended(error);
            if let Some(source) = self.source.take() {
                close(source);
            }
            return 0;
        }
        let Some(inlet) = &mut self.inlet else {
            feed_exact(input, at, self.strip, mixer);
            return 0;
        };
        let before = inlet.stats().concealed_blocks;
        let channels = usize::from(inlet.format().channels.max(1));
        let mut rest = input.samples.as_slice();
        for chunk in &input.chunks {
            let Some((head, tail)) = rest.split_at_checked(chunk.frames * channels) else { break };
            inlet.push(head, chunk.frames, chunk.arrived);
            rest = tail;
        }
        let block = inlet.pull(at);
        let _ = mixer.feed(self.strip, block);
        let stats = inlet.stats();
        let _ = mixer.set_source_latency(self.strip, stats.latency_samples);
        stats.concealed_blocks - before
    }
}

/// A source that gives exactly the block asked for, in the studio's format.
fn feed_exact(input: &AudioInput, at: MediaTime, strip: StripId, mixer: &mut Mixer) {
    let mut block = AudioBlock::silence(at);
    if input.samples.len() == block.samples.len() {
        block.samples.copy_from_slice(&input.samples);
        let _ = mixer.feed(strip, &block);
    }
}

/// Dropping a device's stream may hang in the sound server, so it is done on a thread that nobody waits for.
fn close(source: Box<dyn AudioSource>) {
    let spawned = std::thread::Builder::new().name("close sound".into()).spawn(move || drop(source));
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread to close a sound source on");
    }
}
