//! Sorts jets into groups of similar numbers of constituents, so that tensors of a group need little padding.

use tch::Device;

/// Jets that are computed together, as many of each member, padded to the same number of slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Places of the jets in their member's batch, those of the first member first.
    pub places: Vec<usize>,
    /// How many constituents each of these jets has.
    pub counts: Vec<usize>,
    /// Jets of each member.
    pub sets: usize,
    /// The largest of the counts, or a little more.
    pub slots: usize,
}

/// Deals the batches of all members into groups of at most `together` jets a member, by their number of constituents, the
/// largest first, so that hardly any slot is padded.
///
/// Which jets a member's groups hold does not depend on the other members; how far they are padded does, which changes
/// nothing. Slots are rounded up to multiples of `alignment`.
///
/// # Panics
/// If members differ in the number of their jets.
pub fn groups_by_size(counts: &[Vec<usize>], together: usize, alignment: usize) -> Vec<Group> {
    let jets = counts.first().map_or(0, Vec::len);
    assert!(counts.iter().all(|counts| counts.len() == jets), "as many jets for each member");
    let orders: Vec<Vec<usize>> = counts
        .iter()
        .map(|counts| {
            let mut order: Vec<usize> = (0..jets).collect();
            order.sort_by_key(|place| (std::cmp::Reverse(counts[*place]), *place));
            order
        })
        .collect();
    let group = |first: usize| {
        let last = jets.min(first + together);
        let of_member = |order: &Vec<usize>| order[first..last].to_vec();
        let places: Vec<usize> = orders.iter().flat_map(of_member).collect();
        let sets = last - first;
        let counts: Vec<usize> = places
            .chunks(sets)
            .zip(counts)
            .flat_map(|(places, counts)| places.iter().map(|place| counts[*place]))
            .collect();
        let slots = counts.iter().max().copied().unwrap_or(0).next_multiple_of(alignment);
        Group { places, counts, sets, slots }
    };
    (0..jets).step_by(together.max(1)).map(group).collect()
}

/// Numbers of slots that a device's kernels like best are multiples of this.
pub fn alignment(device: Device) -> usize {
    if device.is_cuda() { 8 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_jet_once_and_neighbours_in_size() {
        let counts = vec![vec![5, 90, 6, 80, 5], vec![3, 7, 100, 8, 9]];
        let groups = groups_by_size(&counts, 2, 1);
        assert_eq!(groups.len(), 3);
        assert_eq!(
            groups[0],
            Group { places: vec![1, 3, 2, 4], counts: vec![90, 80, 100, 9], sets: 2, slots: 100 }
        );
        assert_eq!(
            groups[1],
            Group { places: vec![2, 0, 3, 1], counts: vec![6, 5, 8, 7], sets: 2, slots: 8 }
        );
        assert_eq!(groups[2], Group { places: vec![4, 0], counts: vec![5, 3], sets: 1, slots: 5 });
        // The places of a member are the same alone.
        assert_eq!(groups_by_size(&counts[1..], 2, 1)[0].places, [2, 4]);
        assert_eq!(groups_by_size(&counts, 2, 8)[2].slots, 8);
        assert!(groups_by_size(&[vec![]], 2, 8).is_empty());
    }
}
