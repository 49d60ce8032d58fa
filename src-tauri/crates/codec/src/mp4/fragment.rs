//! One fragment: `moof` and `mdat`. Pure.

use bytes::Bytes;

use super::boxes::Out;

/// Sample flags (ISO 14496-12 §8.8.3.1): depends on no other.
const KEY: u32 = 0x0200_0000;
/// Depends on others, is no place to begin.
const NOT_KEY: u32 = 0x0101_0000;

/// One access unit in a track's time units.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) dts: i64,
    /// From decoding to showing.
    pub(super) offset: i32,
    pub(super) keyframe: bool,
    pub(super) data: Bytes,
}

/// A track's samples that are not in the file yet.
#[derive(Debug)]
pub(super) struct Track {
    id: u32,
    /// Time units of a sample whose successor is not known.
    pub(super) unit: u32,
    pub(super) samples: Vec<Sample>,
    pub(super) bytes: usize,
}

/// Samples for one fragment.
pub(super) struct Run {
    id: u32,
    pub(super) samples: Vec<Sample>,
    /// When the sample after them is decoded.
    end: i64,
}

impl Track {
    pub(super) fn new(id: u32, unit: u32) -> Self {
        Self { id, unit, samples: Vec::new(), bytes: 0 }
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.bytes += sample.data.len();
        self.samples.push(sample);
    }

    /// Takes the samples before `until`, all for `None`. `end`, or the next sample, or the usual length says how long
    /// the last one lasts.
    pub(super) fn take(&mut self, until: Option<i64>, end: Option<i64>) -> Run {
        let count = until.map_or(self.samples.len(), |until| self.samples.partition_point(|s| s.dts < until));
        let rest = self.samples.split_off(count);
        let samples = std::mem::replace(&mut self.samples, rest);
        self.bytes = self.samples.iter().map(|s| s.data.len()).sum();
        let usual = samples.last().map_or(0, |last| last.dts + i64::from(self.unit));
        let end = end.or(self.samples.first().map(|next| next.dts)).unwrap_or(usual);
        Run { id: self.id, samples, end }
    }
}

/// The bytes of a fragment.
pub(super) fn fragment(sequence: u32, runs: &[Run]) -> Vec<u8> {
    let runs = || runs.iter().filter(|run| !run.samples.is_empty());
    let media: usize = runs().flat_map(|run| &run.samples).map(|sample| sample.data.len()).sum();
    let mut out = Out::default();
    out.bytes.reserve(media + 32 * runs().map(|run| run.samples.len()).sum::<usize>() + 256);
    let mut offsets = Vec::new();
    out.boxed(*b"moof", |out| {
        out.full(*b"mfhd", 0, 0, |out| {
            out.u32(sequence);
        });
        for run in runs() {
            offsets.push(track(out, run));
        }
    });
    // Each run's data offset counts from the start of `moof`; the media begins behind the header of `mdat`.
    let mut offset = out.bytes.len() + 8;
    for (place, run) in offsets.into_iter().zip(runs()) {
        out.patch(place, offset as u32);
        offset += run.samples.iter().map(|sample| sample.data.len()).sum::<usize>();
    }
    out.boxed(*b"mdat", |out| {
        for sample in runs().flat_map(|run| &run.samples) {
            out.raw(&sample.data);
        }
    });
    out.bytes
}

/// What is written of a run for each sample, because it is not the same for all: flags of `trun` (§8.8.8.1).
struct Shape {
    flags: u32,
    duration: u32,
    first_flags: u32,
    other_flags: u32,
}

impl Shape {
    const OFFSET: u32 = 0x001;
    const FIRST_FLAGS: u32 = 0x004;
    const DURATIONS: u32 = 0x100;
    const SIZES: u32 = 0x200;
    const FLAGS: u32 = 0x400;
    const COMPOSITION: u32 = 0x800;

    /// As little as possible for each sample: a player that refuses half a `trun` refuses the whole file, so the
    /// fewer bytes there are, the less likely a file is cut in them.
    fn of(run: &Run) -> Self {
        let flags = |sample: &Sample| if sample.keyframe { KEY } else { NOT_KEY };
        let mut durations = run.durations();
        let duration = durations.next().unwrap_or(0);
        let first_flags = run.samples.first().map_or(KEY, flags);
        let other_flags = run.samples.get(1).map_or(first_flags, flags);
        let mut shape = Self { flags: Self::OFFSET | Self::SIZES, duration, first_flags, other_flags };
        let mut note = |needed: bool, flag| shape.flags |= if needed { flag } else { 0 };
        note(durations.any(|d| d != duration), Self::DURATIONS);
        note(run.samples.iter().any(|sample| sample.offset != 0), Self::COMPOSITION);
        let uneven = run.samples.iter().skip(1).any(|sample| flags(sample) != other_flags);
        note(uneven, Self::FLAGS);
        note(!uneven && first_flags != other_flags, Self::FIRST_FLAGS);
        shape
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

impl Run {
    fn durations(&self) -> impl Iterator<Item = u32> + '_ {
        let ends = self.samples.iter().skip(1).map(|next| next.dts).chain([self.end]);
        self.samples.iter().zip(ends).map(|(sample, end)| (end - sample.dts).max(0) as u32)
    }
}

/// Writes `traf`; returns where its data offset is to be put.
fn track(out: &mut Out, run: &Run) -> usize {
    let mut place = 0;
    let shape = Shape::of(run);
    let first = run.samples.first().map_or(0, |sample| sample.dts);
    out.boxed(*b"traf", |out| {
        // Flags: offsets count from `moof`; usual duration and flags of a sample follow.
        out.full(*b"tfhd", 0, 0x02_0028, |out| {
            out.u32(run.id).u32(shape.duration).u32(shape.other_flags);
        });
        out.full(*b"tfdt", 1, 0, |out| {
            out.u64(first.max(0) as u64);
        });
        out.full(*b"trun", 1, shape.flags, |out| {
            out.u32(run.samples.len() as u32);
            place = out.bytes.len();
            out.u32(0);
            if shape.has(Shape::FIRST_FLAGS) {
                out.u32(shape.first_flags);
            }
            for (sample, duration) in run.samples.iter().zip(run.durations()) {
                if shape.has(Shape::DURATIONS) {
                    out.u32(duration);
                }
                out.u32(sample.data.len() as u32);
                if shape.has(Shape::FLAGS) {
                    out.u32(if sample.keyframe { KEY } else { NOT_KEY });
                }
                if shape.has(Shape::COMPOSITION) {
                    out.u32(sample.offset as u32);
                }
            }
        });
    });
    place
}
