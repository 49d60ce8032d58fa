//! The test pattern: bars, a grey ramp, a running clock, a sweep, and the machine-readable frame id.
//!
//! A pure function of the frame's number: frame `n` is due at `rate.tick_time(n)`, carries `n` and that time in its
//! block code ([`crate::frame_id`]), and is the same wherever it is drawn. What never changes is drawn once and
//! copied; a frame costs one copy and a few small rectangles. No threads, no locks.

mod digits;

use vitrine_media::{FrameMut, FramePool, FrameRate, MediaTime, Plane, PoolExhausted, VideoFrame};

use crate::color::{Area, fill, fill_plane, no_buffer, studio_yuv};
use crate::{CaptureContext, CaptureError, Pacing, VideoSource, frame_id};

const BLACK: [u8; 3] = [16, 128, 128];
const WHITE: [u8; 3] = [235, 128, 128];
/// The 75 % bars of SMPTE EG 1, left to right: grey, yellow, cyan, green, magenta, red, blue.
const BARS: [[u8; 3]; 7] =
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191]];
/// Below them: the colours that show a wrong saturation or phase.
const CASTELLATIONS: [usize; 7] = [6, 7, 4, 7, 2, 7, 0];
/// How long the sweep takes to cross the picture.
const SWEEP_NANOS: i64 = 2_000_000_000;

/// Draws frames of the pattern for one canvas.
pub struct PatternPainter {
    background: VideoFrame,
    rate: FrameRate,
}

impl PatternPainter {
    /// Draws what never changes, for a canvas of that size.
    pub fn new(canvas: (u32, u32), rate: FrameRate) -> Result<Self, PoolExhausted> {
        // A pool of its own: the background lives as long as the source and must not take a buffer from the others.
        let mut frame = FramePool::new(1).take(canvas.0, canvas.1, false)?;
        background(&mut frame);
        Ok(Self { background: frame.freeze(MediaTime::ZERO, 0), rate })
    }

    /// Frame `n`: its `pts` is `rate.tick_time(n)`, its `seq` is `n`, its code carries `n` and the time in
    /// milliseconds, both modulo 2^32.
    pub fn paint(&self, n: i64, pool: &FramePool) -> Result<VideoFrame, PoolExhausted> {
        let due = self.rate.tick_time(n);
        let mut frame = pool.take(self.background.width(), self.background.height(), false)?;
        frame.copy_from(&self.background);
        sweep(&mut frame, due);
        clock(&mut frame, due, n);
        frame_id::write(&mut frame, n as u32, frame_id::wrapped_millis(due));
        Ok(frame.freeze(due, n as u64))
    }
}

/// Horizontal bands of the pattern in rows: bars, castellations, ramp, sweep.
fn bands(height: u32) -> [(u32, u32); 4] {
    let at = |twelfths: u32| height * twelfths / 12;
    [(0, at(8)), (at(8), at(9)), (at(9), at(11)), (at(11), height)]
}

fn background(frame: &mut FrameMut) {
    let (width, height) = (frame.width(), frame.height());
    let column = |n: usize| (u64::from(width) * n as u64 / 7) as u32;
    let [bars, castellations, ramp, sweep] = bands(height);
    for n in 0..7 {
        let across = |(top, bottom)| Area { left: column(n), top, right: column(n + 1), bottom };
        fill(frame, across(bars), BARS.get(n).map_or(BLACK, |&rgb| studio_yuv(rgb)));
        let below = CASTELLATIONS.get(n).and_then(|&bar| BARS.get(bar));
        fill(frame, across(castellations), below.map_or(BLACK, |&rgb| studio_yuv(rgb)));
    }
    // The ramp is luma only: any colour in it comes from the chain under test.
    fill(frame, Area { left: 0, top: ramp.0, right: width, bottom: ramp.1 }, BLACK);
    let stride = frame.stride(Plane::Y);
    let lines = frame.plane_mut(Plane::Y).chunks_exact_mut(stride);
    for line in lines.take(ramp.1 as usize).skip(ramp.0 as usize) {
        for (x, value) in line.iter_mut().take(width as usize).enumerate() {
            *value = (16 + x as u64 * 219 / u64::from(width.max(2) - 1)) as u8;
        }
    }
    fill(frame, Area { left: 0, top: sweep.0, right: width, bottom: sweep.1 }, BLACK);
    // Grey chroma and a dark margin under the code, so that no encoder bleeds colour or light into its cells.
    let margin = frame_id::cell_px(width, height).ceil() as u32;
    let (code_width, code_height) = frame_id::size_px(width, height);
    fill(frame, Area { left: 0, top: 0, right: code_width + margin, bottom: code_height + margin }, BLACK);
}

/// A white bar that crosses the lowest band: what a viewer sees stutter.
fn sweep(frame: &mut FrameMut, due: MediaTime) {
    let (width, height) = (frame.width(), frame.height());
    let [.., (top, bottom)] = bands(height);
    let phase = due.nanos().rem_euclid(SWEEP_NANOS);
    let left = (i64::from(width) * phase / SWEEP_NANOS) as u32;
    let right = left + (width / 32).max(2);
    fill_plane(frame, Plane::Y, Area { left, top, right, bottom }, WHITE[0]);
}

/// Session time as `MM:SS:mmm` and the frame number, in seven-segment digits on a black plate.
fn clock(frame: &mut FrameMut, due: MediaTime, n: i64) {
    let (width, height) = (frame.width(), frame.height());
    let millis = due.millis().rem_euclid(3_600_000);
    let text = format!(
        "{:02}:{:02}:{:03} {:06}",
        millis / 60_000,
        millis / 1000 % 60,
        millis % 1000,
        n.rem_euclid(1_000_000)
    );
    let digit = (width / 40).min(height / 10).max(4);
    let plate = digits::extent(&text, digit);
    let (left, top) = ((width.saturating_sub(plate.0)) / 2, height * 4 / 12);
    let around = digit / 2;
    let area = Area {
        left: left.saturating_sub(around),
        top: top.saturating_sub(around),
        right: left + plate.0 + around,
        bottom: top + plate.1 + around,
    };
    fill(frame, area, BLACK);
    digits::draw(frame, &text, left, top, digit, WHITE[0]);
}

/// The pattern as a source: the frame showing at the time asked for.
pub(crate) struct PatternSource {
    painter: PatternPainter,
    pool: FramePool,
    shown: Option<VideoFrame>,
    skipped: u64,
}

impl PatternSource {
    pub(crate) fn open(context: &CaptureContext) -> Result<Self, CaptureError> {
        let painter =
            PatternPainter::new(context.canvas, context.rate).map_err(|full| no_buffer("pattern", full))?;
        Ok(Self { painter, pool: context.pool.clone(), shown: None, skipped: 0 })
    }
}

impl VideoSource for PatternSource {
    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        let n = self.painter.rate.tick_at(at);
        if self.shown.as_ref().is_none_or(|shown| shown.seq != n as u64) {
            match self.painter.paint(n, &self.pool) {
                Ok(frame) => self.shown = Some(frame),
                Err(PoolExhausted { .. }) => self.skipped += 1,
            }
        }
        Ok(self.shown.clone())
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_testkit::ffmpeg;
    use vitrine_testkit::frame_id::{FrameId, read, read_frame};

    /// The frames as I420 bytes without padding, the way ffmpeg reads raw video.
    fn packed(frame: &VideoFrame, into: &mut Vec<u8>) {
        for (plane, columns) in [
            (Plane::Y, frame.width()),
            (Plane::U, frame.width().div_ceil(2)),
            (Plane::V, frame.width().div_ceil(2)),
        ] {
            for line in frame.plane(plane).chunks_exact(frame.stride(plane)) {
                into.extend_from_slice(&line[..columns as usize]);
            }
        }
    }

    fn encoded(canvas: (u32, u32), frames: std::ops::Range<i64>, path: &std::path::Path) {
        let painter = PatternPainter::new(canvas, FrameRate::FPS_30).unwrap();
        let pool = FramePool::new(2);
        let mut raw = Vec::new();
        for n in frames {
            packed(&painter.paint(n, &pool).unwrap(), &mut raw);
        }
        let size = format!("{}x{}", canvas.0, canvas.1);
        let args = [
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-s",
            &size,
            "-r",
            "30",
            "-i",
            "-",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-b:v",
            "4500k",
            "-maxrate",
            "4500k",
            "-bufsize",
            "4500k",
            "-g",
            "60",
            path.to_str().unwrap(),
        ];
        ffmpeg::ffmpeg_pipe(&args, raw);
    }

    #[test]
    fn the_code_survives_x264_at_live_bitrate_and_a_downscale() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pattern.mp4");
        let first = 1_000_000i64;
        encoded((1920, 1080), first..first + 60, &path);
        for filter in ["", "scale=960:540", "scale=1280:720"] {
            let count = ffmpeg::each_luma(&path, filter, |n, luma| {
                let id = (first + n as i64) as u32;
                let millis = FrameRate::FPS_30.tick_time(i64::from(id)).millis() as u32;
                assert_eq!(read(luma), Some(FrameId { id, millis }), "frame {n} after '{filter}'");
            });
            assert_eq!(count, 60);
        }
    }

    #[test]
    fn a_portrait_canvas_carries_the_code_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("portrait.mp4");
        encoded((1080, 1920), 0..30, &path);
        ffmpeg::each_luma(&path, "scale=540:960", |n, luma| {
            assert_eq!(read(luma).map(|f| f.id), Some(n as u32));
        });
    }

    #[test]
    fn the_source_shows_the_frame_due_and_repeats_it_until_the_next() {
        let context = crate::tests_context((320, 180));
        let mut source = PatternSource::open(&context).unwrap();
        let mut at = |ms| source.read(MediaTime::from_millis(ms)).unwrap().unwrap();
        let (a, b, c) = (at(1000), at(1033), at(1034));
        assert!(a.same_pixels(&b) && !b.same_pixels(&c));
        assert_eq!(read_frame(&a), Some(FrameId { id: 30, millis: 1000 }));
        assert_eq!(read_frame(&c), Some(FrameId { id: 31, millis: 1033 }));
        assert_eq!((c.seq, c.pts), (31, context.rate.tick_time(31)));
    }

    #[test]
    fn without_a_free_buffer_the_last_frame_stays_and_it_is_counted() {
        let context = CaptureContext { pool: FramePool::new(1), ..crate::tests_context((320, 180)) };
        let mut source = PatternSource::open(&context).unwrap();
        let first = source.read(MediaTime::ZERO).unwrap().unwrap();
        let second = source.read(MediaTime::from_millis(500)).unwrap().unwrap();
        assert!(first.same_pixels(&second));
        assert_eq!(source.skipped(), 1);
    }

    #[test]
    fn any_canvas_can_be_painted() {
        let pool = FramePool::new(1);
        for canvas in [(1, 1), (2, 2), (7, 3), (45, 300), (641, 359)] {
            let painter = PatternPainter::new(canvas, FrameRate::FPS_30).unwrap();
            assert!(painter.paint(i64::from(u32::MAX) + 3, &pool).is_ok());
        }
    }
}
