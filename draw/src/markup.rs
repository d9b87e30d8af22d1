//! The small markup of labels: subscripts, superscripts and italics.

/// A stretch of text of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub text: String,
    pub level: Level,
    pub slant: Slant,
}

/// Height of a run relative to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Base,
    Below,
    Above,
}

/// Posture of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slant {
    Upright,
    Italic,
}

impl Slant {
    fn turned(self) -> Self {
        match self {
            Self::Upright => Self::Italic,
            Self::Italic => Self::Upright,
        }
    }
}

/// Splits a label into runs; a sign that opens something never closed stands for itself.
pub(crate) fn runs(markup: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut level = Level::Base;
    let mut slant = Slant::Upright;
    let mut rest = markup;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        let opened = match character {
            '_' => Some(Level::Below),
            '^' => Some(Level::Above),
            _ => None,
        };
        match (opened, after.strip_prefix('{')) {
            (Some(opened), Some(inside)) if level == Level::Base && inside.contains('}') => {
                level = opened;
                rest = inside;
                continue;
            }
            _ => {}
        }
        rest = after;
        match character {
            '}' if level != Level::Base => level = Level::Base,
            '*' if slant == Slant::Italic || after.contains('*') => slant = slant.turned(),
            _ => push(&mut runs, character, level, slant),
        }
    }
    runs
}

/// The text of a label without its markup.
pub fn plain(markup: &str) -> String {
    runs(markup).into_iter().map(|run| run.text).collect()
}

fn push(runs: &mut Vec<Run>, character: char, level: Level, slant: Slant) {
    match runs.last_mut() {
        Some(last) if last.level == level && last.slant == slant => last.text.push(character),
        _ => runs.push(Run { text: character.to_string(), level, slant }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, level: Level, slant: Slant) -> Run {
        Run { text: text.to_owned(), level, slant }
    }

    #[test]
    fn a_mass_has_an_italic_letter_and_a_subscript() {
        assert_eq!(
            runs("*m*_{V} [kg]"),
            [
                run("m", Level::Base, Slant::Italic),
                run("V", Level::Below, Slant::Upright),
                run(" [kg]", Level::Base, Slant::Upright),
            ]
        );
    }

    #[test]
    fn powers_are_raised_and_may_be_italic() {
        assert_eq!(
            runs("10^{*n*}"),
            [run("10", Level::Base, Slant::Upright), run("n", Level::Above, Slant::Italic)]
        );
    }

    #[test]
    fn signs_without_a_partner_are_literal() {
        for literal in ["a_b", "x^2", "a_{b", "5 * 3", "{x}", "a}", "_{", "^"] {
            assert_eq!(plain(literal), literal);
            assert!(runs(literal).iter().all(|run| run.level == Level::Base && run.slant == Slant::Upright));
        }
    }

    #[test]
    fn plain_text_has_no_markup_left() {
        assert_eq!(plain("relative improvement *ε*_{S}/√*ε*_{B}"), "relative improvement εS/√εB");
    }
}
