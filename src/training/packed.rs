//! Tensors of several steps side by side, so that one copy brings a GPU all that it needs of a step.

use tch::Tensor;

/// So many tensors of each of some steps.
pub struct Packed<const PARTS: usize> {
    /// `[steps, numbers]`
    all: Tensor,
    /// The shape of each in one step.
    shapes: [Vec<i64>; PARTS],
}

impl<const PARTS: usize> Packed<PARTS> {
    /// # Shapes
    /// Each `[steps, …]`.
    pub fn of(parts: &[Tensor; PARTS]) -> Self {
        let rows = parts.each_ref().map(|part| part.flatten(1, -1));
        let shapes = parts.each_ref().map(|part| part.size()[1..].to_vec());
        Self { all: Tensor::cat(&rows, 1), shapes }
    }

    /// Those of one step, as views.
    pub fn step(&self, step: usize) -> [Tensor; PARTS] {
        let row = self.all.get(step as i64);
        let mut next = 0;
        self.shapes.each_ref().map(|shape| {
            let (first, count) = (next, shape.iter().product::<i64>());
            next += count;
            row.narrow(0, first, count).view(&shape[..])
        })
    }

    /// One step in memory of its own.
    #[must_use]
    pub fn alone(&self, step: usize) -> Self {
        Self { all: self.all.narrow(0, step as i64, 1).copy(), shapes: self.shapes.clone() }
    }

    /// Puts a step in the place of one that is [`Packed::alone`].
    pub fn put(&mut self, of: &Self, step: usize) {
        self.all.copy_(&of.all.narrow(0, step as i64, 1));
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn a_step_is_what_went_in_and_a_place_for_one_follows() {
        let numbers = |shape: &[i64], first: i64| {
            let count = shape.iter().product::<i64>();
            (Tensor::arange(count, (Kind::Float, Device::Cpu)) + first).view(shape)
        };
        let parts = [numbers(&[3, 2, 4], 0), numbers(&[3, 1, 5], 100)];
        let packed = Packed::of(&parts);
        let mut alone = packed.alone(0);
        let [place, _] = alone.step(0);
        for step in 0..3 {
            alone.put(&packed, step);
            for (found, part) in packed.step(step).iter().chain(&alone.step(0)).zip(parts.iter().cycle()) {
                assert_eq!(*found, part.get(step as i64));
            }
            // Whoever has looked there before sees the step that came.
            assert_eq!(place, parts[0].get(step as i64));
        }
    }
}
