//! What methods are called in tables and figures, and in which order they stand there.

/// The word of every method in ids and job files, and its name for people, in the order of legends and tables.
pub const NAMES: [(&str, &str); 15] = [
    ("supervised", "Supervised"),
    ("over_idealised", "Over-idealised"),
    ("idealised", "Idealised"),
    ("curtains_f4f", "CURTAINsF4F"),
    ("curtains_f4f_efficient", "CURTAINsF4F efficient"),
    ("cathode", "CATHODE"),
    ("feta", "FETA"),
    ("flow_matching", "Flow matching"),
    ("flow_matching_efficient", "Flow matching efficient"),
    ("noise", "DRAPES ∅"),
    ("noise_efficient", "DRAPES ∅ efficient"),
    ("gensr", "DRAPES GenSR"),
    ("sr", "DRAPES SR"),
    ("sb", "DRAPES SB"),
    ("mc", "DRAPES MC"),
];

/// The name of a method for people; a word that is no method's stands for itself.
pub fn label(word: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == word).map_or(word, |(_, name)| name)
}

/// The place of a method in tables and legends.
pub fn rank(word: &str) -> usize {
    NAMES.iter().position(|(known, _)| *known == word).unwrap_or(NAMES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_names_and_an_order_and_other_words_stand_for_themselves() {
        assert_eq!((label("sr"), label("kind")), ("DRAPES SR", "kind"));
        assert!(rank("supervised") < rank("noise") && rank("mc") < rank("kind"));
    }
}
