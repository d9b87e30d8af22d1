//! The rule of each key: how its value is read, and what the message says if it is not allowed.

use std::borrow::Cow;

use serde::de::value::Error as Variants;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::job::MassWindow;

/// Takes a value of a job file for what it means; nothing where it is none of that kind.
type Reading<'r, T> = dyn Fn(&DeValue<'_>) -> Option<T> + 'r;

/// The rule of one key.
pub struct Rule<'r, T> {
    expected: Cow<'r, str>,
    read: Box<Reading<'r, T>>,
    /// Whether every job must name the key, though there is a value that stands for it in the commented defaults.
    pub presence: Presence,
}

/// Whether a job may leave a key out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It has the default then.
    Optional,
    /// Every job names it.
    Required,
}

impl<'r, T> Rule<'r, T> {
    /// A rule whose values `read` gives; others are answered by what is `expected`.
    pub fn new(expected: impl Into<Cow<'r, str>>, read: impl Fn(&DeValue<'_>) -> Option<T> + 'r) -> Self {
        Self { expected: expected.into(), read: Box::new(read), presence: Presence::Optional }
    }

    /// The same for a key that every job names.
    pub fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    /// What a message asks for.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The value, if it keeps the rule.
    pub fn read(&self, value: &DeValue<'_>) -> Option<T> {
        (self.read)(value)
    }
}

/// A value that its type can be read from, and that fits.
pub fn fitting<'r, T: DeserializeOwned>(
    expected: impl Into<Cow<'r, str>>,
    fits: impl Fn(&T) -> bool + 'r,
) -> Rule<'r, T> {
    Rule::new(expected, move |value| from_toml(value).filter(&fits))
}

/// A whole number from 1 to 2³² − 1.
pub fn positive() -> Rule<'static, usize> {
    fitting("a whole number from 1 to 4294967295", |number| (1..=u32::MAX as usize).contains(number))
}

/// A whole number from 0 to 2³² − 1 that fits.
pub fn whole(expected: &'static str, fits: impl Fn(u32) -> bool + 'static) -> Rule<'static, usize> {
    Rule::new(expected, move |value| {
        from_toml(value).filter(|number| fits(*number)).map(|number| number as usize)
    })
}

/// A finite number that fits.
pub fn number(expected: &'static str, fits: impl Fn(f64) -> bool + 'static) -> Rule<'static, f64> {
    fitting(expected, move |number| fits(*number))
}

/// A learning rate.
pub fn rate() -> Rule<'static, f64> {
    number("a rate above 0", |x| x > 0.0)
}

/// A number above 0.
pub fn above_zero() -> Rule<'static, f64> {
    number("a number above 0", |x| x > 0.0)
}

/// A strength of weight decay.
pub fn decay() -> Rule<'static, f64> {
    number("a number from 0", |x| x >= 0.0)
}

/// The share of a running average that is kept at each step.
pub fn kept_share() -> Rule<'static, f64> {
    number("a share from 0 to below 1", |x| (0.0..1.0).contains(&x))
}

/// The share of events that are kept aside from a training.
pub fn validation_share() -> Rule<'static, f64> {
    number("a share from 0 to 0.5", |x| (0.0..=0.5).contains(&x))
}

/// A text that is not empty.
pub fn text(expected: &'static str) -> Rule<'static, String> {
    fitting(expected, |text: &String| !text.is_empty())
}

/// `[low, high]` in GeV.
pub fn window() -> Rule<'static, MassWindow> {
    Rule::new("[low, high] in GeV, low below high", read_window)
}

/// A list of `[low, high]` in GeV.
pub fn windows() -> Rule<'static, Vec<MassWindow>> {
    Rule::new("a list of [low, high] in GeV, low below high", |value| {
        let windows: Option<Vec<_>> =
            value.as_array()?.iter().map(|item| read_window(item.get_ref())).collect();
        windows.filter(|windows| !windows.is_empty())
    })
}

fn read_window(value: &DeValue<'_>) -> Option<MassWindow> {
    match from_toml::<Vec<f64>>(value)?[..] {
        [low, high] if low < high => Some(MassWindow::new(low, high)),
        _ => None,
    }
}

/// One of the words by which serde knows the variants of an enum.
pub fn word<T: DeserializeOwned + 'static>() -> Rule<'static, T> {
    let words = quoted_words::<T>();
    let expected = match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    Rule::new(expected, from_toml)
}

/// One such word, or a list of them.
pub fn words<T: DeserializeOwned + 'static>() -> Rule<'static, Vec<T>> {
    let expected = format!("a list of {}", quoted_words::<T>().join(" and "));
    Rule::new(expected, |value| one_or_many(value).filter(|list| !list.is_empty()))
}

/// A value or a list of values, as a list.
pub fn one_or_many<T: DeserializeOwned>(value: &DeValue<'_>) -> Option<Vec<T>> {
    if value.is_array() { from_toml(value) } else { from_toml(value).map(|one| vec![one]) }
}

/// A list of whole numbers, each made into what it counts, as `[0, 3, 5]`, `"0-9"` or `"0-4,8"`.
pub fn whole_numbers<T: 'static>(
    expected: &'static str,
    of: impl Fn(u32) -> T + 'static,
) -> Rule<'static, Vec<T>> {
    Rule::new(expected, move |value| Some(read_whole_numbers(value)?.into_iter().map(&of).collect()))
}

/// Numbers of a list at most: a scan has one task or more for each.
const MOST_NUMBERS: usize = 100_000;

/// Reads `[0, 3, 5]`, `"0-9"` or `"0-4,8"`.
pub fn read_whole_numbers(value: &DeValue<'_>) -> Option<Vec<u32>> {
    match value {
        DeValue::String(text) => ranges(text),
        DeValue::Array(items) if items.len() > MOST_NUMBERS => None,
        _ => one_or_many(value),
    }
    .filter(|list| !list.is_empty())
}

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

fn range(text: &str) -> Option<std::ops::RangeInclusive<u32>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse::<u32>().ok()?, to.trim().parse::<u32>().ok()?);
    (from <= to && ((to - from) as usize) < MOST_NUMBERS).then_some(from..=to)
}

/// A value as serde reads its type. Infinite numbers stand for nothing in a job, and no value of a key is a table.
pub fn from_toml<T: DeserializeOwned>(value: &DeValue<'_>) -> Option<T> {
    let deserializer = ValueDeserializer::from(Spanned::new(0..0, value.clone()));
    is_plain(value).then(|| T::deserialize(deserializer).ok()).flatten()
}

fn is_plain(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => false,
        DeValue::Array(items) => items.iter().all(|item| is_plain(item.get_ref())),
        DeValue::Float(number) => number.as_str().parse().is_ok_and(f64::is_finite),
        _ => true,
    }
}

/// The words of an enum's variants, in quotes.
fn quoted_words<T: DeserializeOwned>() -> Vec<String> {
    let mut words: &[&str] = &[];
    // It always ends with an error: there is no value to make a variant of.
    let _ = T::deserialize(WordsOf(&mut words)).is_ok();
    words.iter().map(|word| format!("\"{word}\"")).collect()
}

/// Asks a type for the words of its variants, which derived code hands to whoever reads a value for it.
struct WordsOf<'w>(&'w mut &'static [&'static str]);

impl<'de> Deserializer<'de> for WordsOf<'_> {
    type Error = Variants;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Variants> {
        Err(Variants::custom("a type without words"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Variants> {
        *self.0 = words;
        Err(Variants::custom("words without a value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Solver;

    fn value_of<T>(rule: &Rule<'_, T>, text: &str) -> Option<T> {
        rule.read(DeValue::parse(text).expect("valid TOML").get_ref())
    }

    #[test]
    fn any_number_of_64_bits_is_a_seed() {
        let seed = |text: &str| value_of(&fitting::<u64>("a seed", |_| true), text);
        assert_eq!(seed("20240131123456"), Some(20_240_131_123_456));
        assert_eq!(seed("18446744073709551615"), Some(u64::MAX));
        assert_eq!(seed("0xffffffffffffffff"), Some(u64::MAX));
        for wrong in ["18446744073709551616", "-1", "1.5", "\"7\""] {
            assert_eq!(seed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_and_lists_are_read() {
        let read = |text: &str| value_of(&whole_numbers("numbers", |number| number), text);
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

    #[test]
    fn words_are_those_of_the_variants() {
        assert_eq!(word::<Solver>().expected(), "\"heun\", \"euler\" or \"dpmpp_2m\"");
        assert_eq!(words::<Solver>().expected(), "a list of \"heun\" and \"euler\" and \"dpmpp_2m\"");
        assert_eq!(value_of(&word(), "\"euler\""), Some(Solver::Euler));
        assert_eq!(value_of(&words(), "\"euler\""), Some(vec![Solver::Euler]));
        assert_eq!(value_of(&words(), "['euler', 'heun']"), Some(vec![Solver::Euler, Solver::Heun]));
        for wrong in ["\"rk4\"", "3", "{ heun = {} }", "[]"] {
            assert_eq!(value_of(&word::<Solver>(), wrong), None, "{wrong}");
            assert_eq!(value_of(&words::<Solver>(), wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_finite_and_edges_rise() {
        for wrong in ["inf", "nan", "-inf", "1e999", "\"1\"", "true"] {
            assert_eq!(value_of(&number("a number", |_| true), wrong), None, "{wrong}");
        }
        assert_eq!(value_of(&number("a number", |_| true), "3"), Some(3.0));
        assert_eq!(value_of(&window(), "[1, 2.5]"), Some(MassWindow::new(1.0, 2.5)));
        for wrong in ["[2, 1]", "[1, 2, 3]", "[1]", "[1, inf]", "3", "{ low = 1, high = 2 }"] {
            assert_eq!(value_of(&window(), wrong), None, "{wrong}");
        }
    }
}
