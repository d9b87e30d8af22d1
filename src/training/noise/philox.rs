//! Random words that are known by a key and a counter: Philox 4×32 with ten rounds.
//!
//! Source: J. K. Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC '11, <https://doi.org/10.1145/2063384.2063405>.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

/// Rounds of the generator.
pub const ROUNDS: usize = 10;
/// What the first and the third word are multiplied by in each round.
pub const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the key after each round.
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Counters whose words are computed side by side.
pub const LANES: usize = 16;

/// What tells a stream of words from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u32; 2]);

/// The counters of so many places that follow each other in a step, and the words of each.
///
/// The counters are (place, 0, step's low half, its high half).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub [[u32; LANES]; 4]);

impl Key {
    /// The keys of all rounds.
    pub fn rounds(self) -> [[u32; 2]; ROUNDS] {
        let of = |round: usize, word: usize| self.0[word].wrapping_add(WEYL[word].wrapping_mul(round as u32));
        std::array::from_fn(|round| [of(round, 0), of(round, 1)])
    }
}

impl Words {
    /// The counters of the places from this one on, in a step.
    #[inline(always)]
    pub fn counters(first: u32, step: u64) -> Self {
        let places = std::array::from_fn(|lane| first + lane as u32);
        Self([places, [0; LANES], [step as u32; LANES], [(step >> 32) as u32; LANES]])
    }

    /// The random words of these counters.
    #[inline(always)]
    pub fn mixed(self, keys: &[[u32; 2]; ROUNDS]) -> Self {
        let Self(mut words) = self;
        for key in keys {
            let mut next = [[0; LANES]; 4];
            // Plain loops over lanes: these are what compilers make vectors of.
            for lane in 0..LANES {
                let first = u64::from(words[0][lane]) * u64::from(MULTIPLIERS[0]);
                let second = u64::from(words[2][lane]) * u64::from(MULTIPLIERS[1]);
                next[0][lane] = (second >> 32) as u32 ^ words[1][lane] ^ key[0];
                next[1][lane] = second as u32;
                next[2][lane] = (first >> 32) as u32 ^ words[3][lane] ^ key[1];
                next[3][lane] = first as u32;
            }
            words = next;
        }
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of one counter.
    fn words(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
        Words(counter.map(|word| [word; LANES])).mixed(&Key(key).rounds()).0.map(|words| words[LANES - 1])
    }

    #[test]
    fn words_are_those_of_the_authors() {
        // The known answers that come with the authors' own code (Random123, philox 4x32 10).
        assert_eq!(words([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(words([!0; 4], [!0; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            words([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn places_follow_each_other_and_steps_have_both_halves() {
        let Words(counters) = Words::counters(32, (7 << 32) + 5);
        assert_eq!(counters.map(|words| words[3]), [35, 0, 5, 7]);
    }
}
