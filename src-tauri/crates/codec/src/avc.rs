//! H.264 byte streams: from start codes (ITU-T H.264 Annex B) to lengths (ISO 14496-15).
//!
//! Pure functions on bytes; knows no encoder.

use bytes::{BufMut as _, Bytes, BytesMut};

const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
const AUD: u8 = 9;
const FILLER: u8 = 12;

fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |byte| byte & 0x1f)
}

/// The NAL units of an Annex B byte stream, without start codes and trailing zero bytes.
pub(crate) fn annex_b(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    let start = |bytes: &[u8]| bytes.windows(3).position(|w| w == [0, 0, 1]);
    rest = start(rest).and_then(|at| rest.get(at + 3..)).unwrap_or_default();
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = start(rest);
            let nal = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            rest = end.and_then(|at| rest.get(at + 3..)).unwrap_or_default();
            // A NAL unit never ends in a zero byte (H.264 §7.4.1); what does is padding or a 4-byte start code.
            let len = nal.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
            if let Some(nal) = nal.get(..len)
                && !nal.is_empty()
            {
                return Some(nal);
            }
        }
        None
    })
}

/// The NAL units of a stream with 4-byte lengths; ends at the first length that does not fit.
pub(crate) fn length_prefixed(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (nal, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = tail;
        Some(nal)
    })
}

/// How an encoder delimits its NAL units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    AnnexB,
    Lengths,
}

impl Framing {
    /// Read from the global header: a decoder configuration record begins with its version, 1.
    pub(crate) fn of(header: &[u8]) -> Self {
        if header.first() == Some(&1) { Self::Lengths } else { Self::AnnexB }
    }

    fn nals(self, data: &[u8]) -> Box<dyn Iterator<Item = &[u8]> + '_> {
        match self {
            Self::AnnexB => Box::new(annex_b(data)),
            Self::Lengths => Box::new(length_prefixed(data)),
        }
    }

    /// The picture alone, as an access unit with lengths: parameter sets are in the record; delimiters, filler and
    /// supplemental information (nothing a constant-rate progressive stream needs) only cost bytes on every line.
    pub(crate) fn picture(self, data: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(data.len() + 16);
        for nal in self.nals(data).filter(|nal| !matches!(kind(nal), SEI | SPS | PPS | AUD | FILLER)) {
            out.put_u32(nal.len() as u32);
            out.put_slice(nal);
        }
        out.freeze()
    }

    /// The `AVCDecoderConfigurationRecord` (ISO 14496-15 §5.3.3.1) for a global header or a keyframe with its
    /// parameter sets in band; `None` without one of the two sets.
    pub(crate) fn record(self, header: &[u8]) -> Option<Bytes> {
        if self == Self::Lengths && Self::of(header) == Self::Lengths {
            return Some(Bytes::copy_from_slice(header));
        }
        let of = |wanted| self.nals(header).filter(move |nal| kind(nal) == wanted).collect::<Vec<_>>();
        let (sps, pps) = (of(SPS), of(PPS));
        let &[_, profile, constraints, level, ..] = *sps.first()? else { return None };
        if pps.is_empty() || sps.len() > 31 || pps.len() > 255 {
            return None;
        }
        let mut out = BytesMut::new();
        // Version 1; 6 bits reserved and a length size of 4; 3 bits reserved and the number of sets.
        out.put_slice(&[1, profile, constraints, level, 0xff, 0xe0 | sps.len() as u8]);
        let put_all = |out: &mut BytesMut, sets: &[&[u8]]| {
            for set in sets {
                out.put_u16(set.len() as u16);
                out.put_slice(set);
            }
        };
        put_all(&mut out, &sps);
        out.put_u8(pps.len() as u8);
        put_all(&mut out, &pps);
        if matches!(profile, 100 | 110 | 122 | 144) {
            // 4:2:0, 8 bits of luma, 8 of chroma, no extension: all this crate encodes.
            out.put_slice(&[0xfc | 1, 0xf8, 0xf8, 0]);
        }
        Some(out.freeze())
    }
}

/// The parameter sets of a record, each with its 4-byte length, to go in front of a keyframe in band.
pub(crate) fn parameter_sets(record: &[u8]) -> Option<Bytes> {
    let mut out = BytesMut::new();
    let (head, mut rest) = record.split_first_chunk::<6>()?;
    let mut count = head[5] & 0x1f;
    for pass in 0..2 {
        for _ in 0..count {
            let (length, tail) = rest.split_first_chunk::<2>()?;
            let (set, tail) = tail.split_at_checked(u16::from_be_bytes(*length) as usize)?;
            out.put_u32(set.len() as u32);
            out.put_slice(set);
            rest = tail;
        }
        if pass == 0 {
            let (&pictures, tail) = rest.split_first()?;
            (count, rest) = (pictures, tail);
        }
    }
    Some(out.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = &[
        0, 0, 0, 1, 0x67, 100, 0, 31, 9, 0, 0, 1, 0x68, 5, 0, 0, 0, 1, 6, 1, 2, 0, 0, 1, 0x65, 7, 0, 3, 8, 0,
        0,
    ];

    #[test]
    fn start_codes_of_both_lengths_are_found_and_padding_is_dropped() {
        let nals: Vec<_> = annex_b(STREAM).collect();
        assert_eq!(nals, [&[0x67, 100, 0, 31, 9][..], &[0x68, 5], &[6, 1, 2], &[0x65, 7, 0, 3, 8]]);
        assert_eq!(annex_b(&[]).count() + annex_b(&[1, 2]).count() + annex_b(&[0, 0, 1]).count(), 0);
    }

    #[test]
    fn a_unit_holds_the_picture_and_the_record_the_parameter_sets() {
        assert_eq!(&Framing::AnnexB.picture(STREAM)[..], &[0, 0, 0, 5, 0x65, 7, 0, 3, 8]);
        let record = Framing::AnnexB.record(STREAM).unwrap();
        let expected =
            [1, 100, 0, 31, 255, 225, 0, 5, 0x67, 100, 0, 31, 9, 1, 0, 2, 0x68, 5, 253, 248, 248, 0];
        assert_eq!(&record[..], &expected);
        assert_eq!(Framing::of(&record).record(&record).unwrap(), record);
        let sets = parameter_sets(&record).unwrap();
        let nals: Vec<_> = length_prefixed(&sets).collect();
        assert_eq!(nals, [&[0x67, 100, 0, 31, 9][..], &[0x68, 5]]);
    }

    #[test]
    fn a_header_without_parameter_sets_gives_no_record() {
        assert!(Framing::AnnexB.record(&[0, 0, 1, 0x67, 100, 0, 31]).is_none());
        assert!(Framing::AnnexB.record(&[]).is_none());
        for cut in 0..18 {
            let record = Framing::AnnexB.record(STREAM).unwrap();
            assert!(parameter_sets(&record[..cut]).is_none());
        }
    }
}
