//! Lists of whole numbers, written as numbers or as ranges.

use toml::de::DeValue;

/// Reads `[0, 3, 5]`, `"0-9"` or `"0-4,8"`.
pub fn whole_numbers(value: &DeValue<'_>) -> Option<Vec<u32>> {
    match value {
        DeValue::String(text) => ranges(text),
        DeValue::Array(items) if items.len() <= MOST_NUMBERS => {
            items.iter().map(|item| whole_number(item.get_ref())).collect()
        }
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

/// Reads a whole number from 0 to 2⁶⁴ − 1.
pub fn any_whole_number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Numbers of a list at most: a scan has one task or more for each.
pub const MOST_NUMBERS: usize = 100_000;

fn ranges(text: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        all.extend(range(part)?);
        if all.len() > MOST_NUMBERS {
            return None;
        }
    }
    Some(all)
}

fn range(text: &str) -> Option<Vec<u32>> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once('-') {
        None => Some(vec![number(text)?]),
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to && ((to - from) as usize) < MOST_NUMBERS).then(|| (from..=to).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_64_bits_is_a_seed() {
        let seed = |text: &str| any_whole_number(DeValue::parse(text).expect("valid TOML").get_ref());
        assert_eq!(seed("20240131123456"), Some(20_240_131_123_456));
        assert_eq!(seed("18446744073709551615"), Some(u64::MAX));
        assert_eq!(seed("0xffffffffffffffff"), Some(u64::MAX));
        for wrong in ["18446744073709551616", "-1", "1.5", "\"7\""] {
            assert_eq!(seed(wrong), None, "{wrong}");
        }
    }

    fn read(text: &str) -> Option<Vec<u32>> {
        whole_numbers(DeValue::parse(text).expect("valid TOML").get_ref())
    }

    #[test]
    fn ranges_and_lists_are_read() {
        assert_eq!(read("[0, 1, 7]"), Some(vec![0, 1, 7]));
        assert_eq!(read("\"0-3\""), Some(vec![0, 1, 2, 3]));
        assert_eq!(read("\"0-1, 5\""), Some(vec![0, 1, 5]));
        let most = MOST_NUMBERS - 1;
        assert_eq!(read(&format!("\"0-{most}\"")).map(|list| list.len()), Some(MOST_NUMBERS));
        for wrong in [format!("\"0-{most},7\""), format!("\"1-{}\"", u32::MAX)] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        for wrong in ["[]", "\"3-1\"", "\"a\"", "[-1]", "[1.5]", "true", "\"\""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
