//! FLV tags (Adobe Flash Video File Format 10.1, annex E): what a tag body is, and tags to bytes and back.
//!
//! Bodies are never altered: what the publisher sent is what the watch page gets.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The kind of a tag; the same numbers as RTMP message types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// 8.
    Audio,
    /// 9.
    Video,
    /// 18.
    Script,
}

impl TagKind {
    /// The number on the wire.
    pub const fn type_id(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::Script => 18,
        }
    }

    /// From the number on the wire.
    pub const fn from_type_id(type_id: u8) -> Option<Self> {
        match type_id {
            8 => Some(Self::Audio),
            9 => Some(Self::Video),
            18 => Some(Self::Script),
            _ => None,
        }
    }
}

/// What a tag is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `AVCDecoderConfigurationRecord`.
    VideoConfig,
    /// A picture at which decoding can begin.
    Keyframe,
    /// Any other picture.
    Picture,
    /// `AudioSpecificConfig`.
    AudioConfig,
    /// One AAC frame.
    Sound,
    /// Metadata.
    Script,
    /// AVC end of sequence; carries nothing to show.
    EndOfSequence,
}

/// Why a tag body is of no use to the watch page. The caller drops the tag and counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// Shorter than its own header.
    #[error("an FLV tag body ends inside its header")]
    Short,
    /// Not H.264.
    #[error("video codec {0} is not H.264")]
    VideoCodec(u8),
    /// Not AAC.
    #[error("sound format {0} is not AAC")]
    AudioCodec(u8),
    /// A packet type beyond the specification.
    #[error("unknown packet type {0}")]
    PacketType(u8),
    /// A file or a stream that is not FLV.
    #[error("not FLV")]
    Signature,
    /// A tag type beyond audio, video and script.
    #[error("unknown tag type {0}")]
    TagType(u8),
    /// Larger than any real tag.
    #[error("an FLV tag of {0} bytes")]
    Oversized(usize),
}

/// One FLV tag: the body is a publisher's RTMP message payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Kind.
    pub kind: TagKind,
    /// Decoding time in milliseconds, wrapping at 2^32.
    pub timestamp: u32,
    /// `AUDIODATA`, `VIDEODATA` or `SCRIPTDATA`.
    pub body: Bytes,
}

/// Bytes of a tag's header and of the size after its body.
const TAG_OVERHEAD: usize = 11 + 4;
/// The largest tag taken; the same as the largest RTMP message.
const MAX_BODY: usize = 8 * 1024 * 1024;

impl Tag {
    /// What the body is (annex E.4.2.1, E.4.3.1).
    pub fn role(&self) -> Result<Role, TagError> {
        match self.kind {
            TagKind::Script => Ok(Role::Script),
            TagKind::Video => video_role(&self.body),
            TagKind::Audio => audio_role(&self.body),
        }
    }

    /// Header, body and trailing size, as they stand in a file.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.body.len() + TAG_OVERHEAD);
        out.put_u8(self.kind.type_id());
        out.put_uint(self.body.len() as u64, 3);
        out.put_uint(u64::from(self.timestamp & 0x00ff_ffff), 3);
        out.put_u8((self.timestamp >> 24) as u8);
        out.put_uint(0, 3);
        out.put_slice(&self.body);
        out.put_u32((self.body.len() + 11) as u32);
        out.freeze()
    }
}

fn video_role(body: &[u8]) -> Result<Role, TagError> {
    let &[first, packet, ..] = body else { return Err(TagError::Short) };
    if first & 0x80 != 0 || first & 0x0f != 7 {
        return Err(TagError::VideoCodec(first & 0x0f));
    }
    if body.len() < 5 {
        return Err(TagError::Short);
    }
    match (packet, first >> 4) {
        (0, _) => Ok(Role::VideoConfig),
        (1, 1) => Ok(Role::Keyframe),
        (1, _) => Ok(Role::Picture),
        (2, _) => Ok(Role::EndOfSequence),
        (other, _) => Err(TagError::PacketType(other)),
    }
}

fn audio_role(body: &[u8]) -> Result<Role, TagError> {
    let &[first, packet, ..] = body else { return Err(TagError::Short) };
    if first >> 4 != 10 {
        return Err(TagError::AudioCodec(first >> 4));
    }
    match packet {
        0 => Ok(Role::AudioConfig),
        1 => Ok(Role::Sound),
        other => Err(TagError::PacketType(other)),
    }
}

/// The file header and the first back pointer (annex E.2).
pub fn file_header(audio: bool, video: bool) -> Bytes {
    let flags = u8::from(audio) << 2 | u8::from(video);
    Bytes::copy_from_slice(&[b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0])
}

/// Reads an FLV stream in any portions: how tests look at what a viewer gets. Pure.
#[derive(Debug, Default)]
pub struct FlvReader {
    buffer: BytesMut,
    past_header: bool,
}

impl FlvReader {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes. The caller reads all tags before it adds more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole tag, or `None` until more bytes come.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, TagError> {
        if !self.past_header {
            if self.buffer.len() < 13 {
                return Ok(None);
            }
            if !self.buffer.starts_with(b"FLV\x01") {
                return Err(TagError::Signature);
            }
            self.buffer.advance(13);
            self.past_header = true;
        }
        let Some(&[type_id, s0, s1, s2, t0, t1, t2, t3, ..]) = self.buffer.first_chunk::<11>() else {
            return Ok(None);
        };
        let size = u32::from_be_bytes([0, s0, s1, s2]) as usize;
        if size > MAX_BODY {
            return Err(TagError::Oversized(size));
        }
        let kind = TagKind::from_type_id(type_id).ok_or(TagError::TagType(type_id))?;
        if self.buffer.len() < size + TAG_OVERHEAD {
            return Ok(None);
        }
        self.buffer.advance(11);
        let body = self.buffer.split_to(size).freeze();
        self.buffer.advance(4);
        Ok(Some(Tag { kind, timestamp: u32::from_be_bytes([t3, t0, t1, t2]), body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tags_are_read_back_as_written(
            timestamp: u32,
            body in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 1usize..50,
        ) {
            let tag = Tag { kind: TagKind::Video, timestamp, body: body.into() };
            let mut wire = file_header(true, true).to_vec();
            wire.extend_from_slice(&tag.to_bytes());
            wire.extend_from_slice(&tag.to_bytes());
            let mut reader = FlvReader::new();
            let mut got = Vec::new();
            for piece in wire.chunks(cut) {
                reader.push(piece);
                while let Some(tag) = reader.next_tag().unwrap() {
                    got.push(tag);
                }
            }
            prop_assert_eq!(got, vec![tag.clone(), tag]);
        }

        #[test]
        fn any_bytes_end_in_tags_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut reader = FlvReader::new();
            reader.push(&bytes);
            while let Ok(Some(tag)) = reader.next_tag() {
                let _ = tag.role();
            }
        }
    }

    #[test]
    fn other_codecs_are_told_from_h264_and_aac() {
        let tag = |kind, body: &'static [u8]| Tag { kind, timestamp: 0, body: Bytes::from_static(body) };
        assert_eq!(tag(TagKind::Video, &[0x17, 1, 0, 0, 0]).role(), Ok(Role::Keyframe));
        assert_eq!(tag(TagKind::Video, &[0x27, 1, 0, 0, 0]).role(), Ok(Role::Picture));
        assert_eq!(tag(TagKind::Video, &[0x12, 0, 0, 0, 0]).role(), Err(TagError::VideoCodec(2)));
        assert_eq!(tag(TagKind::Video, b"\x90hvc1").role(), Err(TagError::VideoCodec(0)));
        assert_eq!(tag(TagKind::Audio, &[0x2f, 1]).role(), Err(TagError::AudioCodec(2)));
        assert_eq!(tag(TagKind::Video, &[0x17]).role(), Err(TagError::Short));
    }
}
