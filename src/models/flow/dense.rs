//! The masked networks of a flow as dense ones, for a GPU: one product of a large matrix instead of one for each group of
//! nodes. Weights that a group does not see are zero.

use tch::{Device, Kind, Tensor};

use super::conditioner::Conditioner;
use super::shape::FlowShape;
use crate::nn::Layout;

/// How the parameters of flows and those of their dense networks correspond.
pub struct DensePlaces {
    shape: FlowShape,
    layout: Layout,
    /// Of one layer.
    layer: Layout,
    /// The parameter of each dense one, or any where it is zero.
    from: Tensor,
    /// One where there is a parameter, else zero.
    mask: Tensor,
    /// The dense place of each parameter.
    to: Tensor,
    /// Which numbers of a feature's spline a seed is for, `[features, 1, features + 1, 1]`: those of its feature; and the last
    /// one, for all, `[features + 1, 1]`.
    seeds: [Tensor; 2],
    /// What pads the inputs.
    zero: Tensor,
}

/// Dense networks, or the gradients of their parameters.
pub struct DenseNetworks {
    /// `[members, dense parameters]`
    flat: Tensor,
    pub layers: Vec<Conditioner>,
}

impl DensePlaces {
    pub fn new(shape: FlowShape, device: Device) -> Self {
        let (mut layout, mut layer) = (Layout::default(), Layout::default());
        shape.conditioner.push_dense(&mut layer);
        let mut to = vec![];
        for _ in 0..shape.layers {
            let first = layout.len() as i64;
            to.extend(shape.conditioner.places_in_dense().into_iter().map(|place| first + place));
            shape.conditioner.push_dense(&mut layout);
        }
        let (mut from, mut mask) = (vec![0_i64; layout.len()], vec![0.0_f32; layout.len()]);
        for (parameter, place) in to.iter().enumerate() {
            from[*place as usize] = parameter as i64;
            mask[*place as usize] = 1.0;
        }
        let on_device = |places: &[i64]| Tensor::from_slice(places).to_device(device);
        Self {
            shape,
            from: on_device(&from),
            mask: Tensor::from_slice(&mask).to_device(device),
            to: on_device(&to),
            seeds: seeds(shape.conditioner.features as i64).map(|seeds| seeds.to_device(device)),
            zero: Tensor::zeros([1, 1, 1], (Kind::Float, device)),
            layout,
            layer,
        }
    }

    /// The layers of all members as the members of one layer.
    pub fn side_by_side(&self, networks: &DenseNetworks) -> Conditioner {
        let flat = networks.flat.view([-1, self.layer.len() as i64]);
        let mut views = self.layer.views(&flat).into_iter();
        Conditioner::over_dense(self.shape.conditioner, &mut views, &self.zero)
    }

    /// The dense networks of `[members, len]` parameters as they are now.
    pub fn networks(&self, flat: &Tensor) -> DenseNetworks {
        self.over(flat.index_select(1, &self.from).g_mul_(&self.mask))
    }

    /// Room for gradients of the dense networks of so many members.
    pub fn gradient(&self, flat: &Tensor) -> DenseNetworks {
        self.over(Tensor::zeros([flat.size()[0], self.layout.len() as i64], (flat.kind(), flat.device())))
    }

    /// Takes the gradients of the parameters out of those of the dense networks.
    pub fn collect(&self, gradient: &DenseNetworks, flat: &Tensor) {
        let _ = gradient.flat.index_select_out(flat, 1, &self.to);
    }

    /// For which numbers of all splines the gradients are that are passed back at once: one for the value of each feature, and
    /// one for the slopes of all.
    ///
    /// # Shapes
    /// `[features, 1, features + 1, 1]` and `[features + 1, 1]`, which broadcast to `[features, numbers, seeds, batch]`.
    pub fn seeds(&self) -> &[Tensor; 2] {
        &self.seeds
    }

    fn over(&self, flat: Tensor) -> DenseNetworks {
        let mut views = self.layout.views(&flat).into_iter();
        let layer = |_| Conditioner::over_dense(self.shape.conditioner, &mut views, &self.zero);
        DenseNetworks { layers: (0..self.shape.layers).map(layer).collect(), flat }
    }
}

/// Those of [`DensePlaces::seeds`].
fn seeds(features: i64) -> [Tensor; 2] {
    let unit = Tensor::eye(features + 1, (Kind::Float, Device::Cpu));
    [
        unit.narrow(0, 0, features).contiguous().view([features, 1, features + 1, 1]),
        unit.get(features).unsqueeze(1),
    ]
}
