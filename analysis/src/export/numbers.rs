//! JSON that readers of YAML understand as it is meant.
//!
//! JSON is YAML but for one thing: YAML 1.1, which HEPData reads, takes `1e-5` for text, and wants `1.0e-5`.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Writes numbers with a point and exponents with a sign; everything else as compact JSON.
struct Signed;

impl Formatter for Signed {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number(value).as_bytes())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        // Without the space, YAML 1.1 has no key.
        CompactFormatter.begin_object_value(writer)?;
        writer.write_all(b" ")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        // A value a line, which people can read and compare.
        writer.write_all(if first { b"\n" } else { b",\n" })
    }
}

/// A document as JSON that is also YAML.
pub fn document(value: &Value) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail, and neither can a value that is JSON already.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, Signed));
    text.push(b'\n');
    String::from_utf8(text).unwrap_or_default()
}

fn number(value: f64) -> String {
    let text = format!("{value:?}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_numbers_in_yaml_too() {
        assert_eq!(
            [1e-5, 1.5e-7, 1e20, -2.0, 0.25].map(number),
            ["1.0e-5", "1.5e-7", "1.0e+20", "-2.0", "0.25"]
        );
    }

    #[test]
    fn documents_are_json() {
        let value = json!({ "a": [1.0e-5, "τ: {x}", { "b": null }], "c": {} });
        let text = document(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
        assert!(text.contains("\"a\": [\n1.0e-5,"), "{text}");
    }
}
