//! The programme of a show, frame by frame, on a virtual clock.
//!
//! The same stage as on air, but nothing runs: each source is asked for the picture of each tick. Devices cannot be
//! asked; a show with one is refused. Same show, same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vitrine_capture::{CaptureContext, Pacing, VideoSource, open_video};
use vitrine_media::{Clock, FramePool, MediaTime, Plane, VideoFrame};
use vitrine_picture::Converter;
use vitrine_protocol::{ErrorCode, UiError};
use vitrine_scene::Show;

use crate::stage::{Stage, StageSet};
use crate::{casting, errors};

/// Where a render goes.
#[derive(Clone, Debug)]
pub enum RenderTarget {
    /// All frames as YUV4MPEG2.
    Y4m(PathBuf),
    /// The last frame as PNG.
    Png(PathBuf),
}

/// A clock that stands still: a render never waits.
struct Still;

impl Clock for Still {
    fn now(&self) -> MediaTime {
        MediaTime::ZERO
    }

    fn sleep_until(&self, _deadline: MediaTime) {}
}

/// Renders `frames` frames of the show's first scene. Paths in the show are relative to `folder`.
pub fn render(show: &Show, folder: &Path, frames: u32, target: &RenderTarget) -> Result<(), UiError> {
    let mut sources = open(show, folder)?;
    let set = StageSet::of(show);
    let scene =
        set.first_scene().and_then(|id| set.scene(id.as_str()).map(<[_]>::to_vec)).unwrap_or_default();
    let mut stage = Stage::new(FramePool::new(8));
    let mut shown: BTreeMap<String, VideoFrame> = BTreeMap::new();
    let mut out = Output::create(target, show)?;
    for tick in 0..i64::from(frames) {
        let at = show.canvas.rate.tick_time(tick);
        for (id, source) in &mut sources {
            let frame = source.read(at).map_err(|e| refused(&e))?;
            shown.extend(frame.map(|f| (id.clone(), f)));
        }
        let canvas =
            stage.draw(set.canvas, &scene, |id| shown.get(id).cloned(), at).map_err(errors::internal)?;
        out.frame(&canvas, tick + 1 == i64::from(frames))?;
    }
    out.finish()
}

fn refused(error: &vitrine_capture::CaptureError) -> UiError {
    let (code, params) = errors::capture(error);
    errors::ui_error(code, params, false)
}

fn open(show: &Show, folder: &Path) -> Result<BTreeMap<String, Box<dyn VideoSource>>, UiError> {
    let mut sources = BTreeMap::new();
    let first = show.scenes.first().map(|s| show.sources_of(&s.id)).unwrap_or_default();
    for source in show.sources.iter().filter(|s| first.contains(&s.id)) {
        let Some(spec) = casting::picture(&source.input, folder) else { continue };
        let context = CaptureContext {
            clock: Arc::new(Still),
            convert: Arc::new(Converter::new()),
            pool: FramePool::new(16),
            canvas: (show.canvas.width, show.canvas.height),
            rate: show.canvas.rate,
        };
        let device = || {
            errors::bad_request(format!(
                "{} is a device: only files, stills, text and patterns can be rendered",
                source.id
            ))
        };
        if matches!(
            spec,
            vitrine_capture::VideoSpec::Camera { .. } | vitrine_capture::VideoSpec::Screen { .. }
        ) {
            return Err(device());
        }
        let opened = open_video(&spec, &context).map_err(|e| refused(&e))?;
        if opened.pacing() == Pacing::Device {
            return Err(device());
        }
        sources.insert(source.id.as_str().to_owned(), opened);
    }
    Ok(sources)
}

enum Output {
    Y4m(BufWriter<File>, PathBuf),
    Png(PathBuf),
}

impl Output {
    fn create(target: &RenderTarget, show: &Show) -> Result<Self, UiError> {
        match target {
            RenderTarget::Png(path) => Ok(Self::Png(path.clone())),
            RenderTarget::Y4m(path) => {
                let mut out = BufWriter::new(File::create(path).map_err(|e| unwritable(path, &e))?);
                let canvas = show.canvas;
                let (num, den) = (canvas.rate.num(), canvas.rate.den());
                let header = format!(
                    "YUV4MPEG2 W{} H{} F{num}:{den} Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n",
                    canvas.width, canvas.height
                );
                out.write_all(header.as_bytes()).map_err(|e| unwritable(path, &e))?;
                Ok(Self::Y4m(out, path.clone()))
            }
        }
    }

    fn frame(&mut self, frame: &VideoFrame, last: bool) -> Result<(), UiError> {
        match self {
            Self::Y4m(out, path) => write_y4m(out, frame).map_err(|e| unwritable(path, &e)),
            Self::Png(path) if last => write_png(path, frame),
            Self::Png(_) => Ok(()),
        }
    }

    fn finish(self) -> Result<(), UiError> {
        match self {
            Self::Y4m(mut out, path) => out.flush().map_err(|e| unwritable(&path, &e)),
            Self::Png(_) => Ok(()),
        }
    }
}

fn write_y4m(out: &mut impl Write, frame: &VideoFrame) -> std::io::Result<()> {
    out.write_all(b"FRAME\n")?;
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    for (plane, columns, rows) in [
        (Plane::Y, width, height),
        (Plane::U, width.div_ceil(2), height.div_ceil(2)),
        (Plane::V, width.div_ceil(2), height.div_ceil(2)),
    ] {
        for row in frame.plane(plane).chunks(frame.stride(plane)).take(rows) {
            out.write_all(row.get(..columns).unwrap_or_default())?;
        }
    }
    Ok(())
}

fn write_png(path: &Path, frame: &VideoFrame) -> Result<(), UiError> {
    let mut rgb = Vec::new();
    vitrine_picture::to_rgb24(frame, &mut rgb);
    let file = File::create(path).map_err(|e| unwritable(path, &e))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), frame.width(), frame.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&rgb));
    written.map_err(|error| unwritable(path, &std::io::Error::other(error)))
}

fn unwritable(path: &Path, error: &std::io::Error) -> UiError {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::ReadOnly,
    };
    let params = errors::params([("path", path.display().to_string()), ("detail", error.to_string())]);
    errors::ui_error(code, params, false)
}
