//! AMF0 values, as RTMP commands carry them (Adobe, "Action Message Format -- AMF 0", 2007).
//!
//! Owns: writing what a publisher sends and reading what a server answers. Never recurses deeper than a fixed depth
//! and never reserves memory for lengths that were only promised, so hostile input costs no more than its own size.
//! (`rml_amf0` recurses without bound and writes objects in random order.)

/// The deepest nesting read; `connect` answers use two levels.
const MAX_DEPTH: usize = 16;

/// A value. Object members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// §2.2.
    Number(f64),
    /// §2.3.
    Boolean(bool),
    /// §2.4 and §2.14 (long).
    String(String),
    /// §2.5; a typed object (§2.18) reads as this, too.
    Object(Vec<(String, Value)>),
    /// §2.10, an associative array.
    EcmaArray(Vec<(String, Value)>),
    /// §2.12.
    StrictArray(Vec<Value>),
    /// §2.7; unsupported (§2.15) reads as this, too.
    Null,
    /// §2.8.
    Undefined,
    /// §2.13, milliseconds since 1970.
    Date(f64),
}

/// Why bytes are not AMF0. The caller ignores the message or ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmfError {
    /// The value goes beyond the message.
    #[error("a value is cut off")]
    Truncated,
    /// A type that RTMP does not use.
    #[error("type marker {0:#04x} is not known")]
    Marker(u8),
    /// Nested beyond any real message.
    #[error("values are nested too deeply")]
    Depth,
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// The member `name` of an object or associative array.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) | Self::EcmaArray(members) => {
                members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Appends the encoded value.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => {
                out.push(0);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Boolean(value) => out.extend_from_slice(&[1, u8::from(*value)]),
            Self::String(text) => {
                if let Ok(len) = u16::try_from(text.len()) {
                    out.push(2);
                    out.extend_from_slice(&len.to_be_bytes());
                } else {
                    out.push(12);
                    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
                }
                out.extend_from_slice(text.as_bytes());
            }
            Self::Object(members) => {
                out.push(3);
                write_members(members, out);
            }
            Self::EcmaArray(members) => {
                out.push(8);
                out.extend_from_slice(&(members.len() as u32).to_be_bytes());
                write_members(members, out);
            }
            Self::StrictArray(values) => {
                out.push(10);
                out.extend_from_slice(&(values.len() as u32).to_be_bytes());
                for value in values {
                    value.write(out);
                }
            }
            Self::Null => out.push(5),
            Self::Undefined => out.push(6),
            Self::Date(millis) => {
                out.push(11);
                out.extend_from_slice(&millis.to_be_bytes());
                out.extend_from_slice(&[0, 0]);
            }
        }
    }
}

fn write_members(members: &[(String, Value)], out: &mut Vec<u8>) {
    for (name, value) in members {
        // Names are ours and short; a longer one is cut rather than breaking the message.
        let name = name.as_bytes().get(..name.len().min(usize::from(u16::MAX))).unwrap_or_default();
        out.extend_from_slice(&(name.len() as u16).to_be_bytes());
        out.extend_from_slice(name);
        value.write(out);
    }
    out.extend_from_slice(&[0, 0, 9]);
}

/// Encodes values one after the other.
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    for value in values {
        value.write(&mut out);
    }
    out
}

/// Reads all values of a message.
pub fn decode(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut values = Vec::new();
    read_into(bytes, &mut values)?;
    Ok(values)
}

/// Reads the values up to the first that cannot be read. Servers append things of their own to commands; what comes
/// before still counts.
pub fn decode_prefix(bytes: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    let _ = read_into(bytes, &mut values);
    values
}

fn read_into(mut bytes: &[u8], values: &mut Vec<Value>) -> Result<(), AmfError> {
    while !bytes.is_empty() {
        values.push(read_value(&mut bytes, 0)?);
    }
    Ok(())
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8], AmfError> {
    let (head, rest) = bytes.split_at_checked(n).ok_or(AmfError::Truncated)?;
    *bytes = rest;
    Ok(head)
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], AmfError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(AmfError::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

fn read_text(bytes: &mut &[u8], len: usize) -> Result<String, AmfError> {
    // Some servers send Latin-1 in descriptions; the text is only shown, so it is read leniently.
    Ok(String::from_utf8_lossy(take(bytes, len)?).into_owned())
}

fn read_value(bytes: &mut &[u8], depth: usize) -> Result<Value, AmfError> {
    if depth > MAX_DEPTH {
        return Err(AmfError::Depth);
    }
    let [marker] = take_array(bytes)?;
    Ok(match marker {
        0 => Value::Number(f64::from_be_bytes(take_array(bytes)?)),
        1 => Value::Boolean(take_array::<1>(bytes)? != [0]),
        2 => {
            let len = u16::from_be_bytes(take_array(bytes)?);
            Value::String(read_text(bytes, usize::from(len))?)
        }
        3 => Value::Object(read_members(bytes, depth)?),
        5 | 13 => Value::Null,
        6 => Value::Undefined,
        8 => {
            // The count is a hint (§2.10); the end marker decides.
            take_array::<4>(bytes)?;
            Value::EcmaArray(read_members(bytes, depth)?)
        }
        10 => {
            let count = u32::from_be_bytes(take_array(bytes)?);
            let mut values = Vec::new();
            for _ in 0..count {
                values.push(read_value(bytes, depth + 1)?);
            }
            Value::StrictArray(values)
        }
        11 => {
            let millis = f64::from_be_bytes(take_array(bytes)?);
            take_array::<2>(bytes)?;
            Value::Date(millis)
        }
        12 | 15 => {
            let len = u32::from_be_bytes(take_array(bytes)?);
            Value::String(read_text(bytes, usize::try_from(len).map_err(|_| AmfError::Truncated)?)?)
        }
        16 => {
            let len = u16::from_be_bytes(take_array(bytes)?);
            take(bytes, usize::from(len))?;
            Value::Object(read_members(bytes, depth)?)
        }
        other => return Err(AmfError::Marker(other)),
    })
}

fn read_members(bytes: &mut &[u8], depth: usize) -> Result<Vec<(String, Value)>, AmfError> {
    let mut members = Vec::new();
    loop {
        let len = u16::from_be_bytes(take_array(bytes)?);
        if len == 0 && bytes.first() == Some(&9) {
            take_array::<1>(bytes)?;
            return Ok(members);
        }
        let name = read_text(bytes, usize::from(len))?;
        members.push((name, read_value(bytes, depth + 1)?));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_implementation_reads_what_we_write() {
        let ours = [
            Value::string("connect"),
            Value::Number(1.0),
            Value::Object(vec![("app".into(), Value::string("live")), ("ok".into(), Value::Boolean(true))]),
            Value::StrictArray(vec![Value::string("avc1")]),
            Value::Null,
        ];
        let bytes = encode(&ours);
        let theirs = rml_amf0::deserialize(&mut bytes.as_slice()).unwrap();
        let object = theirs[2].clone().get_object_properties().unwrap();
        assert_eq!(theirs.len(), 5);
        assert_eq!(object["app"].clone().get_string().unwrap(), "live");
        assert_eq!(decode(&bytes).unwrap(), ours);
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            bytes.extend_from_slice(&[3, 0, 1, b'a']);
        }
        assert_eq!(decode(&bytes), Err(AmfError::Depth));
    }

    #[test]
    fn what_comes_before_an_unknown_value_counts() {
        let mut bytes = encode(&[Value::string("onBWDone"), Value::Number(0.0)]);
        bytes.extend_from_slice(&[0x11, 1, 2]);
        assert_eq!(decode_prefix(&bytes), [Value::string("onBWDone"), Value::Number(0.0)]);
        assert_eq!(decode(&bytes), Err(AmfError::Marker(0x11)));
    }

    #[test]
    fn promised_lengths_reserve_nothing() {
        assert_eq!(decode(&[10, 0xff, 0xff, 0xff, 0xff]), Err(AmfError::Truncated));
        assert_eq!(decode(&[12, 0xff, 0xff, 0xff, 0xff, 1]), Err(AmfError::Truncated));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }
    }
}
