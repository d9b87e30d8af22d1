//! The sizes of a flow, and its parameters.

use drapes_analysis::job::FlowNetwork;
use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Tensor};

use super::conditioner::ConditionerShape;
use super::spline::{Spline, slope_shift};
use crate::fused::{FlowSizes, MaskedFlow, has_vectors};
use crate::nn::Layout;

/// The network behind a flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowShape {
    /// Autoregressive layers; each second one sees the features in reverse order.
    pub layers: usize,
    /// The conditioner of each layer.
    pub conditioner: ConditionerShape,
    /// The splines of each layer.
    pub spline: Spline,
}

impl FlowShape {
    /// The flow that a job asks for, given one context value.
    pub fn new(features: usize, network: &FlowNetwork, bins: usize, tail: f64) -> Self {
        let spline = Spline { bins, tail };
        let FlowNetwork { layers, blocks, width, .. } = *network;
        let conditioner =
            ConditionerShape { features, context: 1, blocks, width, outputs: spline.parameters() };
        Self { layers, conditioner, spline }
    }

    /// The parameters of one flow.
    pub fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        for _ in 0..self.layers {
            self.conditioner.push(&mut layout);
        }
        layout
    }

    /// The same for the kernels of processors; none on a GPU, or where the processor has no vectors.
    pub(super) fn kernel(&self, device: Device) -> Option<MaskedFlow> {
        let Self { layers, conditioner, spline } = *self;
        let ConditionerShape { features, context, blocks, width, .. } = conditioner;
        let is_known = device == Device::Cpu && has_vectors() && context == 1 && spline.bins > 1;
        let (tail, shift) = (spline.tail as f32, slope_shift() as f32);
        is_known.then(|| {
            MaskedFlow::new(FlowSizes { layers, features, blocks, width, bins: spline.bins, tail, shift })
        })
    }

    /// Starting parameters, a stream for each member: the identity.
    pub fn initial(&self, members: &[Stream], device: Device) -> Tensor {
        self.layout().initial(members, device)
    }
}
