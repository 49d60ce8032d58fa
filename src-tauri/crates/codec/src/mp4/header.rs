//! The file's header: what the tracks are. It names no sample; those come in fragments.

use vitrine_media::{AudioConfig, FrameRate, VideoConfig};

use super::boxes::Out;

pub(super) const VIDEO_TRACK: u32 = 1;
pub(super) const AUDIO_TRACK: u32 = 2;
/// Time units a second of the sound track.
pub(super) const AUDIO_RATE: u32 = 48_000;
/// Time units of one AAC frame.
pub(super) const AAC_FRAME: u32 = 1024;
/// 16.16 fixed point.
const ONE: u32 = 0x0001_0000;

/// Units a tick is divided into: some players cannot take a time scale as low as 30.
fn units_per_den(rate: FrameRate) -> u32 {
    if rate.num() >= 1000 { 1 } else { 512 }
}

/// Time units a second of the picture track, so that every tick is a whole number of them.
fn video_scale(rate: FrameRate) -> u32 {
    rate.num() * units_per_den(rate)
}

/// Time units of one tick.
pub(super) fn video_tick(rate: FrameRate) -> u32 {
    rate.den() * units_per_den(rate)
}

/// `ftyp` and `moov`.
pub(super) fn header(video: &VideoConfig, audio: &AudioConfig) -> Vec<u8> {
    let mut out = Out::default();
    out.boxed(*b"ftyp", |out| {
        out.raw(b"iso5").u32(512).raw(b"iso5iso6avc1mp41");
    });
    out.boxed(*b"moov", |out| {
        out.full(*b"mvhd", 0, 0, |out| {
            out.zeros(8).u32(1000).u32(0).u32(ONE).u16(0x0100).zeros(10);
            matrix(out);
            out.zeros(24).u32(AUDIO_TRACK + 1);
        });
        video_track(out, video);
        audio_track(out, audio);
        out.boxed(*b"mvex", |out| {
            for track in [VIDEO_TRACK, AUDIO_TRACK] {
                out.full(*b"trex", 0, 0, |out| {
                    out.u32(track).u32(1).zeros(12);
                });
            }
        });
    });
    out.bytes
}

fn matrix(out: &mut Out) {
    out.u32(ONE).zeros(12).u32(ONE).zeros(12).u32(0x4000_0000);
}

/// What differs between the two tracks' boxes.
struct Kind<'a> {
    track: u32,
    scale: u32,
    volume: u16,
    size: (u32, u32),
    handler: [u8; 4],
    name: &'a [u8],
}

fn track(out: &mut Out, kind: &Kind<'_>, media_header: impl FnOnce(&mut Out), entry: impl FnOnce(&mut Out)) {
    out.boxed(*b"trak", |out| {
        // Flags: enabled, in the movie, in the preview.
        out.full(*b"tkhd", 0, 7, |out| {
            out.zeros(8).u32(kind.track).zeros(4).u32(0).zeros(8).u16(0).u16(0).u16(kind.volume).zeros(2);
            matrix(out);
            out.u32(kind.size.0 << 16).u32(kind.size.1 << 16);
        });
        out.boxed(*b"mdia", |out| {
            out.full(*b"mdhd", 0, 0, |out| {
                // Language: undetermined.
                out.zeros(8).u32(kind.scale).u32(0).u16(0x55c4).u16(0);
            });
            out.full(*b"hdlr", 0, 0, |out| {
                out.u32(0).raw(&kind.handler).zeros(12).raw(kind.name);
            });
            out.boxed(*b"minf", |out| {
                media_header(out);
                out.boxed(*b"dinf", |out| {
                    out.full(*b"dref", 0, 0, |out| {
                        // Flag: the media is in this file.
                        out.u32(1).full(*b"url ", 0, 1, |_| ());
                    });
                });
                out.boxed(*b"stbl", |out| {
                    out.full(*b"stsd", 0, 0, |out| {
                        out.u32(1);
                        entry(out);
                    });
                    for empty in [*b"stts", *b"stsc", *b"stco"] {
                        out.full(empty, 0, 0, |out| {
                            out.u32(0);
                        });
                    }
                    out.full(*b"stsz", 0, 0, |out| {
                        out.u32(0).u32(0);
                    });
                });
            });
        });
    });
}

fn video_track(out: &mut Out, config: &VideoConfig) {
    let kind = Kind {
        track: VIDEO_TRACK,
        scale: video_scale(config.rate),
        volume: 0,
        size: (config.width, config.height),
        handler: *b"vide",
        name: b"Picture\0",
    };
    let media_header = |out: &mut Out| {
        out.full(*b"vmhd", 0, 1, |out| {
            out.zeros(8);
        });
    };
    track(out, &kind, media_header, |out| {
        out.boxed(*b"avc1", |out| {
            out.zeros(6).u16(1).zeros(16).u16(config.width as u16).u16(config.height as u16);
            // 72 dpi, one frame a sample, no compressor name, 24 bits, no colour table.
            out.u32(72 << 16).u32(72 << 16).u32(0).u16(1).zeros(32).u16(24).u16(0xffff);
            out.boxed(*b"avcC", |out| {
                out.raw(&config.record);
            });
            // BT.709 primaries, transfer and matrix (ISO 23091-2), limited range.
            out.boxed(*b"colr", |out| {
                out.raw(b"nclx").u16(1).u16(1).u16(1).u8(0);
            });
            out.boxed(*b"pasp", |out| {
                out.u32(1).u32(1);
            });
        });
    });
}

fn audio_track(out: &mut Out, config: &AudioConfig) {
    let kind = Kind {
        track: AUDIO_TRACK,
        scale: AUDIO_RATE,
        volume: 0x0100,
        size: (0, 0),
        handler: *b"soun",
        name: b"Sound\0",
    };
    let media_header = |out: &mut Out| {
        out.full(*b"smhd", 0, 0, |out| {
            out.zeros(4);
        });
    };
    track(out, &kind, media_header, |out| {
        out.boxed(*b"mp4a", |out| {
            out.zeros(6).u16(1).zeros(8).u16(config.channels).u16(16).zeros(4).u32(config.rate_hz << 16);
            out.full(*b"esds", 0, 0, |out| descriptors(out, config));
        });
    });
}

/// The elementary stream descriptor (ISO 14496-1 §7.2.6.5).
fn descriptors(out: &mut Out, config: &AudioConfig) {
    let specific = config.record.len() as u8;
    // Each is a tag and a length: the stream, its decoder, the decoder's configuration, the sync layer.
    out.u8(3).u8(3 + 2 + 13 + 2 + specific + 3).u16(AUDIO_TRACK as u16).u8(0);
    // MPEG-4 audio, an audio stream, no buffer size; peak and mean rate.
    out.u8(4).u8(13 + 2 + specific).u8(0x40).u8(0x15).zeros(3).u32(config.bitrate).u32(config.bitrate);
    out.u8(5).u8(specific).raw(&config.record);
    out.u8(6).u8(1).u8(2);
}
