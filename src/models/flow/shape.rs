//! The sizes of a flow, and its parameters.

use drapes_analysis::job::FlowNetwork;
use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Tensor};

use super::conditioner::ConditionerShape;
use super::spline::Spline;
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

    /// Starting parameters, a stream for each member: the identity.
    pub fn initial(&self, members: &[Stream], device: Device) -> Tensor {
        self.layout().initial(members, device)
    }
}
