//! The `ffmpeg` and `ffprobe` command lines as generators and judges.
//!
//! Owns: nothing that outlives a call. Threads: one per call that feeds standard input, joined before return.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::frame_id::Luma;

/// Runs `ffmpeg -y` quietly with `args` and fails the test with its own words if it does.
pub fn ffmpeg<S: AsRef<OsStr>>(args: &[S]) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"])
        .args(args)
        .output()
        .expect("ffmpeg is installed");
    let words: Vec<_> = args.iter().map(|a| a.as_ref().to_string_lossy()).collect();
    assert!(
        output.status.success(),
        "ffmpeg {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `ffmpeg` with `args`, feeding `input` to its standard input, and returns what it writes to standard output.
/// The arguments name both as `-` or `pipe:`.
pub fn ffmpeg_pipe<S: AsRef<OsStr>>(args: &[S], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-y"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut stdin = child.stdin.take().expect("piped");
    let feeder = std::thread::spawn(move || {
        // A reader that has enough closes its end early; that is its business.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("ffmpeg ends");
    feeder.join().expect("the feeding thread does not panic");
    assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// `ffprobe` with `args` added, its JSON parsed. Accepts files and URLs.
pub fn ffprobe<S: AsRef<OsStr>>(input: impl AsRef<OsStr>, args: &[S]) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(args)
        .arg(input.as_ref())
        .output()
        .expect("ffprobe is installed");
    assert!(
        output.status.success(),
        "ffprobe {}: {}",
        input.as_ref().to_string_lossy(),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON")
}

/// Streams and format of a file: `value["streams"][0]["codec_name"]`, `value["format"]["duration"]`.
pub fn probe(input: impl AsRef<OsStr>) -> Value {
    ffprobe(input, &["-show_streams", "-show_format"])
}

/// The first stream of `codec_type` "video" or "audio" of [`probe`]'s answer.
pub fn stream<'a>(probed: &'a Value, codec_type: &str) -> Option<&'a Value> {
    probed["streams"].as_array()?.iter().find(|s| s["codec_type"] == codec_type)
}

/// Presentation times in seconds of every packet of a stream, in file order. `select` is `v:0` or `a:0`.
pub fn packet_times(input: impl AsRef<OsStr>, select: &str) -> Vec<f64> {
    let probed = ffprobe(input, &["-select_streams", select, "-show_entries", "packet=pts_time"]);
    let packets = probed["packets"].as_array().cloned().unwrap_or_default();
    packets.iter().filter_map(|p| p["pts_time"].as_str()?.parse().ok()).collect()
}

/// Decodes the picture of `input` frame by frame to I420 and hands each luma plane to `each`, with its number.
/// No frame is dropped or repeated on the way. `filter` is put in front, for example `scale=960:540`; may be empty.
pub fn each_luma(input: impl AsRef<OsStr>, filter: &str, mut each: impl FnMut(usize, Luma<'_>)) -> usize {
    let filter = if filter.is_empty() { "null" } else { filter };
    let mut child = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-i"])
        .arg(input.as_ref())
        .args(["-an", "-vf", filter, "-vsync", "passthrough", "-pix_fmt", "yuv420p"])
        .args(["-f", "yuv4mpegpipe", "-strict", "-1", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("ffmpeg is installed");
    let mut pipe = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let header = line(&mut pipe).expect("ffmpeg writes a y4m header");
    let number = |tag: char| -> u32 {
        header
            .split(' ')
            .find_map(|w| w.strip_prefix(tag)?.parse().ok())
            .unwrap_or_else(|| panic!("no {tag} in {header}"))
    };
    let (width, height) = (number('W'), number('H'));
    let luma = (width * height) as usize;
    let mut frame = vec![0; luma + 2 * (width.div_ceil(2) * height.div_ceil(2)) as usize];
    let mut count = 0;
    while line(&mut pipe).is_some() {
        pipe.read_exact(&mut frame).expect("ffmpeg writes whole frames");
        each(count, Luma::packed(&frame[..luma], width, height));
        count += 1;
    }
    assert!(child.wait().expect("ffmpeg ends").success(), "ffmpeg could not decode");
    count
}

fn line(pipe: &mut impl std::io::BufRead) -> Option<String> {
    let mut text = String::new();
    (pipe.read_line(&mut text).ok()? > 0).then(|| text.trim_end().to_owned())
}

/// The sound of `input` as 48 kHz interleaved stereo. Starts where the track starts, not at zero.
pub fn decode_sound(input: impl AsRef<Path>) -> Vec<f32> {
    let input = input.as_ref().as_os_str();
    let args = [OsStr::new("-i"), input];
    let args: Vec<&OsStr> = args
        .into_iter()
        .chain(["-vn", "-f", "f32le", "-ar", "48000", "-ac", "2", "-"].map(OsStr::new))
        .collect();
    let bytes = ffmpeg_pipe(&args, Vec::new());
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
