//! Reading AMF0 (Action Message Format 0, §2) sent by a stranger: bounded in depth and in count.
//!
//! Owns reading only; answers are written with `rml_amf0`, whose reader recurses as deep as the sender likes.

/// A value, as far as commands and metadata need it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Double.
    Number(f64),
    /// Boolean.
    Bool(bool),
    /// String or long string.
    Text(String),
    /// Object or ECMA array, in order.
    Object(Vec<(String, Value)>),
    /// Strict array.
    List(Vec<Value>),
    /// Null, undefined, unsupported, a reference or a date.
    Nothing,
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// A field of an object.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Why the bytes are not acceptable AMF0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmfError {
    /// Cut short.
    #[error("AMF0 data ends inside a value")]
    Short,
    /// A type no publisher sends.
    #[error("AMF0 type {0} is not used by publishers")]
    Type(u8),
    /// Nested too deep.
    #[error("AMF0 data nested deeper than {MAX_DEPTH}")]
    Deep,
    /// Too many values.
    #[error("more than {MAX_VALUES} AMF0 values")]
    Many,
}

const MAX_DEPTH: u32 = 8;
const MAX_VALUES: u32 = 512;

/// Reads all values of a message.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader { bytes, values: 0 };
    let mut out = Vec::new();
    while !reader.bytes.is_empty() {
        out.push(reader.value(0)?);
    }
    Ok(out)
}

struct Reader<'a> {
    bytes: &'a [u8],
    values: u32,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], AmfError> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(AmfError::Short)?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(AmfError::Short)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn text(&mut self, length: usize) -> Result<String, AmfError> {
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn short_text(&mut self) -> Result<String, AmfError> {
        let length = u16::from_be_bytes(self.array()?);
        self.text(length as usize)
    }

    fn value(&mut self, depth: u32) -> Result<Value, AmfError> {
        if depth > MAX_DEPTH {
            return Err(AmfError::Deep);
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(AmfError::Many);
        }
        let [marker] = self.array()?;
        Ok(match marker {
            0x00 => Value::Number(f64::from_be_bytes(self.array()?)),
            0x01 => Value::Bool(self.array::<1>()? != [0]),
            0x02 => Value::Text(self.short_text()?),
            0x03 => Value::Object(self.fields(depth)?),
            0x05 | 0x06 | 0x0d => Value::Nothing,
            0x07 => {
                self.array::<2>()?;
                Value::Nothing
            }
            0x08 => {
                // The count is a hint (AMF0 §2.10); the end marker rules.
                self.array::<4>()?;
                Value::Object(self.fields(depth)?)
            }
            0x0a => {
                let count = u32::from_be_bytes(self.array()?);
                let mut list = Vec::new();
                for _ in 0..count {
                    list.push(self.value(depth + 1)?);
                }
                Value::List(list)
            }
            0x0b => {
                self.array::<10>()?;
                Value::Nothing
            }
            0x0c => {
                let length = u32::from_be_bytes(self.array()?);
                Value::Text(self.text(length as usize)?)
            }
            other => return Err(AmfError::Type(other)),
        })
    }

    fn fields(&mut self, depth: u32) -> Result<Vec<(String, Value)>, AmfError> {
        let mut fields = Vec::new();
        loop {
            let name = self.short_text()?;
            if name.is_empty() && self.bytes.first() == Some(&0x09) {
                self.array::<1>()?;
                return Ok(fields);
            }
            fields.push((name, self.value(depth + 1)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rml_amf0::Amf0Value;

    #[test]
    fn a_command_written_by_another_library_is_read() {
        let object = [("app".to_string(), Amf0Value::Utf8String("live".into()))].into_iter().collect();
        let bytes = rml_amf0::serialize(&vec![
            Amf0Value::Utf8String("connect".into()),
            Amf0Value::Number(1.0),
            Amf0Value::Object(object),
            Amf0Value::Null,
            Amf0Value::Boolean(true),
        ])
        .unwrap();
        let values = read_all(&bytes).unwrap();
        assert_eq!(values[0].as_text(), Some("connect"));
        assert_eq!(values[1].as_number(), Some(1.0));
        assert_eq!(values[2].field("app").and_then(Value::as_text), Some("live"));
        assert_eq!(values[3..], [Value::Nothing, Value::Bool(true)]);
    }

    #[test]
    fn a_nest_deeper_than_any_real_one_is_refused() {
        let bomb: Vec<u8> = [0x03, 0, 1, b'a'].repeat(20_000);
        assert_eq!(read_all(&bomb), Err(AmfError::Deep));
    }

    #[test]
    fn a_list_that_claims_four_thousand_million_values_ends() {
        let mut bytes = vec![0x0a, 0xff, 0xff, 0xff, 0xff];
        bytes.extend([0x05; 10_000]);
        assert_eq!(read_all(&bytes), Err(AmfError::Many));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_values_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = read_all(&bytes);
        }
    }
}
