//! Inputs made of seeds, the same ones every time: input `n` depends on the seeds and on `n` alone.

/// Numbers that parsers stumble over.
const EDGES: [u32; 14] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x00ff_ffff,
    0x0100_0000,
    0x7fff_ffff,
    0x8000_0000,
    u32::MAX,
];
const MAX_BYTES: usize = 64 * 1024;

/// Makes inputs.
#[derive(Debug)]
pub struct Generator {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Generator {
    /// From `seeds`, in this order. The seeds themselves are the first inputs.
    pub fn new(seeds: Vec<Vec<u8>>) -> Self {
        Self { seeds, state: 0 }
    }

    /// Input number `n`.
    pub fn input(&mut self, n: u32) -> Vec<u8> {
        if let Some(seed) = self.seeds.get(n as usize) {
            return seed.clone();
        }
        self.state = u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut bytes = self.any_seed();
        for _ in 0..1 + self.below(6) {
            self.change(&mut bytes);
        }
        bytes.truncate(MAX_BYTES);
        bytes
    }

    /// Below `limit`, which is at least 1 (xorshift64*, Vigna 2016).
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    fn any_seed(&mut self) -> Vec<u8> {
        let n = self.below(self.seeds.len());
        self.seeds.get(n).cloned().unwrap_or_default()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        // Headers are where decisions are made, so half of all changes fall into the first bytes.
        let reach = if self.below(2) == 0 { len.min(64) } else { len };
        let at = self.below(reach);
        let span = (1 + self.below(32)).min(len - at.min(len));
        match self.below(10) {
            0 | 1 if len > 0 => bytes[at] ^= 1 << self.below(8),
            2 if len > 0 => bytes[at] = self.below(256) as u8,
            3 | 4 => self.number(bytes, at),
            5 => drop(bytes.drain(at..at + span)),
            6 => {
                let copy = bytes[at..at + span].to_vec();
                let to = self.below(len);
                bytes.splice(to..to, copy);
            }
            7 => {
                let noise: Vec<u8> = (0..1 + self.below(8)).map(|_| self.below(256) as u8).collect();
                bytes.splice(at..at, noise);
            }
            8 => bytes.truncate(self.below(len)),
            _ => self.splice(bytes),
        }
    }

    /// An edge case in the place of a number: binary of either byte order, or decimal where digits are.
    fn number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let value = EDGES[self.below(EDGES.len())];
        if bytes.get(at).is_some_and(u8::is_ascii_digit) {
            let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            bytes.splice(at..at + digits, value.to_string().into_bytes());
            return;
        }
        let size = [1, 2, 3, 4][self.below(4)];
        let written = if self.below(2) == 0 {
            value.to_be_bytes()[4 - size..].to_vec()
        } else {
            value.to_le_bytes()[..size].to_vec()
        };
        for (byte, new) in bytes.iter_mut().skip(at).zip(written) {
            *byte = new;
        }
    }

    /// The beginning of this one and the end of another.
    fn splice(&mut self, bytes: &mut Vec<u8>) {
        let other = self.any_seed();
        bytes.truncate(self.below(bytes.len() + 1));
        bytes.extend_from_slice(other.get(self.below(other.len())..).unwrap_or_default());
    }
}
