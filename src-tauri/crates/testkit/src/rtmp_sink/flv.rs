//! Tags to an FLV file (Adobe Video File Format 10.1, annex E).

use super::{Tag, TagKind};

/// The whole file. `@setDataFrame` in front of metadata is an RTMP command and is taken off.
pub(super) fn file(tags: &[Tag]) -> Vec<u8> {
    let mut out = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00".to_vec();
    for tag in tags {
        let data: &[u8] = match tag.kind {
            TagKind::Data => tag.data.strip_prefix(b"\x02\x00\x0d@setDataFrame").unwrap_or(&tag.data),
            _ => &tag.data,
        };
        let len = u32::try_from(data.len()).expect("an RTMP message is below 16 MiB");
        out.push(tag.kind as u8);
        out.extend_from_slice(&len.to_be_bytes()[1..]);
        let [top, high, middle, low] = tag.millis.to_be_bytes();
        out.extend_from_slice(&[high, middle, low, top, 0, 0, 0]);
        out.extend_from_slice(data);
        out.extend_from_slice(&(len + 11).to_be_bytes());
    }
    out
}
