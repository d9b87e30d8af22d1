//! The keys of a section, each of which stands in one place: its name, type, default, rule, and what it means.
//!
//! [`keys!`] makes three things of such a list: the struct that the program works with, the code that reads it from a job
//! file, and the commented text of the defaults. serde's derive alone would not do, for it ends at the first mistake and
//! forgets defaults and comments; a macro by example is less to read than a crate of macros of our own.

use super::document::Section;

/// What a section of a job file is made of.
pub trait Keys: Sized {
    /// The values of a section's keys, with a note of each mistake; a key in error has its default.
    fn keys(section: &Section<'_>) -> Self;

    /// The keys as the commented text of the defaults has them.
    fn described() -> Described;

    /// As [`Keys::keys`]; keys that the section has besides are mistakes.
    fn read(section: Section<'_>) -> Self {
        let keys = Self::keys(&section);
        section.finish();
        keys
    }
}

/// What is said of a section in the commented text of the defaults.
pub struct Described {
    /// Lines above it.
    pub comment: &'static [&'static str],
    /// Its keys.
    pub keys: Vec<Key>,
    /// Sections in it.
    pub sections: Vec<(&'static str, Described)>,
}

/// What is said of a key.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Lines above it.
    pub comment: &'static [&'static str],
    /// Its default, in TOML.
    pub default: &'static str,
}

impl Described {
    /// The same with a comment and defaults of its own, where a section is used more than once.
    #[must_use]
    pub fn with(mut self, comment: &'static [&'static str], defaults: &[(&str, &'static str)]) -> Self {
        if !comment.is_empty() {
            self.comment = comment;
        }
        for (name, default) in defaults {
            self.keys.iter_mut().filter(|key| key.name == *name).for_each(|key| key.default = default);
        }
        self
    }

    /// Adds the section to a text, under its dotted name; the whole job has none.
    pub fn write(&self, name: &str, text: &mut String) {
        let comment = |lines: &[&str]| lines.iter().flat_map(|line| ["#", line, "\n"]).collect::<String>();
        text.push_str(&comment(self.comment));
        text.push_str(&if name.is_empty() { "\n".to_owned() } else { format!("[{name}]\n") });
        for key in &self.keys {
            text.push_str(&comment(key.comment));
            text.push_str(&format!("{} = {}\n", key.name, key.default));
        }
        for (inner, section) in &self.sections {
            text.push('\n');
            section
                .write(&if name.is_empty() { (*inner).to_owned() } else { format!("{name}.{inner}") }, text);
        }
    }
}

/// Declares a section: `key: type = default, rule;` with what the key means in front of it, which is the comment of the
/// default as well. Sections in the section follow, where they have defaults of their own with these, and a check of keys
/// that depend on each other, which notes mistakes.
macro_rules! keys {
    (
        $(#[doc = $about:literal])*
        $(#[derive($($derived:ident),*)])?
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $comment:literal])*
                $(#[serde($($serde:tt)*)])?
                $key_visibility:vis $key:ident: $type:ty = $default:expr, $rule:expr;
            )*
        }
        $(sections {
            $(
                $(#[doc = $section_comment:literal])*
                $section_visibility:vis $section:ident: $keys:ty $({ $($own:ident = $own_default:expr),* })?;
            )*
        })?
        $(check $check:path;)?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize $($(, $derived)*)?)]
        #[allow(clippy::struct_field_names, reason = "keys are named with their unit")]
        $visibility struct $name {
            $($(#[doc = $comment])* $(#[serde($($serde)*)])? $key_visibility $key: $type,)*
            $($($(#[doc = $section_comment])* $section_visibility $section: $keys,)*)?
        }

        impl $crate::job::keys::Keys for $name {
            fn keys(section: &$crate::job::document::Section<'_>) -> Self {
                let keys = Self {
                    $($key: section.key(stringify!($key), &$rule),)*
                    $($($section: $crate::job::keys::Keys::read(section.section(stringify!($section))),)*)?
                };
                $($check(&keys, section);)?
                keys
            }

            fn described() -> $crate::job::keys::Described {
                $crate::job::keys::Described {
                    comment: &[$($about),*],
                    keys: vec![$($crate::job::keys::Key {
                        name: stringify!($key),
                        comment: &[$($comment),*],
                        default: stringify!($default),
                    }),*],
                    sections: vec![$($((
                        stringify!($section),
                        <$keys as $crate::job::keys::Keys>::described()
                            .with(&[$($section_comment),*], &[$($((stringify!($own), stringify!($own_default))),*)?]),
                    )),*)?],
                }
            }
        }
    };
}

pub(super) use keys;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::rules::{positive, rate};

    keys! {
        /// A network.
        struct Network {
            /// Nodes of a layer,
            /// all of them.
            width: usize = 32, positive();
            /// A rate (P).
            rate: f64 = 1e-4, rate();
        }
    }

    keys! {
        /// Two networks.
        struct Networks {
            /// Passes.
            epochs: usize = 3, positive();
        }
        sections {
            /// The first.
            base: Network;
            top: Network { rate = 5e-4 };
        }
    }

    #[test]
    fn the_text_of_the_defaults_is_made_of_what_stands_beside_the_keys() {
        let mut text = String::new();
        Networks::described().write("flow", &mut text);
        let network = |rate: &str| {
            format!("# Nodes of a layer,\n# all of them.\nwidth = 32\n# A rate (P).\nrate = {rate}\n")
        };
        let expected = format!(
            "# Two networks.\n[flow]\n# Passes.\nepochs = 3\n\n# The first.\n[flow.base]\n{}\n# A network.\n[flow.top]\n{}",
            network("1e-4"),
            network("5e-4")
        );
        assert_eq!(text, expected);
    }
}
