//! The container's one structure: a length, a type, a payload (ISO 14496-12 §4.2).

/// Bytes under construction.
#[derive(Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
}

impl Out {
    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(super) fn zeros(&mut self, count: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len() + count, 0);
        self
    }

    /// A box whose payload `fill` writes.
    pub(super) fn boxed(&mut self, kind: [u8; 4], fill: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.bytes.len();
        self.u32(0).raw(&kind);
        fill(self);
        let len = (self.bytes.len() - start) as u32;
        self.patch(start, len)
    }

    /// A box with version and flags.
    pub(super) fn full(
        &mut self,
        kind: [u8; 4],
        version: u8,
        flags: u32,
        fill: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.boxed(kind, |out| {
            out.u32(u32::from(version) << 24 | flags);
            fill(out);
        })
    }

    /// Overwrites four bytes written before.
    pub(super) fn patch(&mut self, at: usize, value: u32) -> &mut Self {
        if let Some(place) = self.bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_be_bytes());
        }
        self
    }
}
