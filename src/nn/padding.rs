//! Sets of different sizes in one tensor: which slots hold elements and which are padding.

use tch::{Device, Kind, Tensor};

use crate::device::to_device_soon;

/// Sets of elements, all padded to the same number of slots; what lies in a padded slot changes nothing.
pub struct Padding {
    /// Members of the ensemble.
    pub members: i64,
    /// Sets of each member.
    pub sets: i64,
    /// Slots of each set.
    pub slots: i64,
    /// 0 for elements and −∞ for padding, `[members · sets, 1, 1, slots]`; none where no slot is padded.
    mask: Option<Tensor>,
}

impl Padding {
    /// The padding of sets with so many elements, those of the first member first.
    ///
    /// # Panics
    /// If a set is empty or has more elements than slots, or members differ in the number of their sets.
    pub fn new(counts: &[usize], members: usize, slots: usize, device: Device) -> Self {
        assert!(counts.iter().all(|count| (1..=slots).contains(count)), "sets fit into their slots");
        assert_eq!(counts.len() % members, 0, "as many sets for each member");
        let mask = counts.iter().any(|count| *count < slots).then(|| {
            let mut mask = vec![f32::NEG_INFINITY; counts.len() * slots];
            for (set, count) in counts.iter().enumerate() {
                mask[set * slots..set * slots + count].fill(0.0);
            }
            to_device_soon(
                &Tensor::from_slice(&mask).reshape([counts.len() as i64, 1, 1, slots as i64]),
                device,
            )
        });
        Self { members: members as i64, sets: (counts.len() / members) as i64, slots: slots as i64, mask }
    }

    /// Sets of all members.
    pub fn all_sets(&self) -> i64 {
        self.members * self.sets
    }

    /// What is added to the scores of elements before their softmax: `[members · sets, 1, 1, slots]`, 0 or −∞.
    pub fn mask(&self) -> Option<&Tensor> {
        self.mask.as_ref()
    }

    /// The values, with zeros in padded slots.
    ///
    /// # Shapes
    /// `[members, sets · slots, features]`.
    pub fn zeroed(&self, values: &Tensor) -> Tensor {
        match &self.mask {
            None => values.shallow_clone(),
            Some(mask) => {
                let padded = mask.view([self.members, -1, 1]).lt(0.0);
                values.masked_fill(&padded, 0.0)
            }
        }
    }

    /// 1 for elements and 0 for padding, `[members, sets · slots, 1]`; none where no slot is padded.
    pub fn elements(&self) -> Option<Tensor> {
        self.mask.as_ref().map(|mask| mask.view([self.members, -1, 1]).ge(0.0).to_kind(Kind::Float))
    }
}
