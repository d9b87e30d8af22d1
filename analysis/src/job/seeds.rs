//! Lists of whole numbers, written as numbers or as ranges.

use toml::de::DeValue;

/// Reads `[0, 3, 5]`, `"0-9"` or `"0-4,8"`.
pub fn whole_numbers(value: &DeValue<'_>) -> Option<Vec<u32>> {
    match value {
        DeValue::String(text) => text.split(',').map(range).collect::<Option<Vec<_>>>().map(|r| r.concat()),
        DeValue::Array(items) => items.iter().map(|item| whole_number(item.get_ref())).collect(),
        DeValue::Integer(_) => Some(vec![whole_number(value)?]),
        _ => None,
    }
    .filter(|list| !list.is_empty())
}

/// Reads a whole number from 0 to 2³² − 1.
pub fn whole_number(value: &DeValue<'_>) -> Option<u32> {
    let number = value.as_integer()?;
    u32::from_str_radix(number.as_str(), number.radix()).ok()
}

fn range(text: &str) -> Option<Vec<u32>> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once('-') {
        None => Some(vec![number(text)?]),
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to && to - from < 100_000).then(|| (from..=to).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<u32>> {
        whole_numbers(DeValue::parse(text).expect("valid TOML").get_ref())
    }

    #[test]
    fn ranges_and_lists_are_read() {
        assert_eq!(read("[0, 1, 7]"), Some(vec![0, 1, 7]));
        assert_eq!(read("\"0-3\""), Some(vec![0, 1, 2, 3]));
        assert_eq!(read("\"0-1, 5\""), Some(vec![0, 1, 5]));
        for wrong in ["[]", "\"3-1\"", "\"a\"", "[-1]", "[1.5]", "true", "\"\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
