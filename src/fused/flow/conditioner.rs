//! The masked network of a layer: each group of its nodes sees the context, the features before its own, and the groups up to
//! itself.

use pulp::Simd;

use super::FlowSizes;
use super::products::{Answer, Outputs, Part, Return, ReturnInput, Sum, Weigh, turn};
use super::tile::HiddenTile;
use crate::fused::layers::{LANES, Layers};

/// The network of a layer.
pub struct Conditioner {
    /// Layers from inputs to raw numbers, a part for each group.
    parts: Vec<Vec<Part>>,
}

impl Conditioner {
    /// A network whose parameters come behind those that there are.
    pub fn new(sizes: &FlowSizes, outputs: usize, parameters: &mut Layers) -> Self {
        let FlowSizes { features, blocks, width, .. } = *sizes;
        let mut parts: Vec<Vec<Part>> = (0..2 * blocks + 2).map(|_| vec![]).collect();
        let last = parts.len() - 1;
        for group in 0..features {
            let (start, end) = (group * width / features, (group + 1) * width / features);
            for (layer, parts) in parts.iter_mut().enumerate() {
                let depth = if layer == 0 { group + 1 } else { end };
                let (first, rows) =
                    if layer == last { (group * outputs, outputs) } else { (start, end - start) };
                parameters.push((rows, depth), rows);
                let dense = parameters.all().last().expect("what was pushed");
                let (weight, bias) = (dense.weight().start, dense.bias().start);
                parts.push(Part { weight, bias, width: dense.width(), first, rows, depth });
            }
        }
        Self { parts }
    }

    /// Layers of the network.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Computes the nodes of a group in a layer, of which all before are known.
    #[inline(always)]
    pub fn answer<S: Simd>(
        &self,
        simd: S,
        layer: usize,
        group: usize,
        parameters: &[f32],
        tile: HiddenTile<'_>,
    ) {
        let HiddenTile { inputs, last, rectified, raw, .. } = tile;
        let part = &self.parts[layer][group];
        let (x, outputs): (&[f32], _) = if layer == 0 {
            (
                inputs,
                Outputs { sum: Some((Sum::New, last)), rectified: rectified.first_mut().map(|x| &mut **x) },
            )
        } else if layer == self.parts.len() - 1 {
            (last, Outputs { sum: Some((Sum::New, raw)), rectified: None })
        } else {
            let (below, above) = rectified.split_at_mut(layer);
            let sum: Option<(Sum, &mut [f32])> = layer.is_multiple_of(2).then_some((Sum::Added, &mut **last));
            (&below[layer - 1], Outputs { sum, rectified: above.first_mut().map(|x| &mut **x) })
        };
        simd.vectorize(Answer { part, parameters, x, outputs });
    }

    /// The gradient of a group's nodes before a layer, from those behind it of this group and those after.
    #[inline(always)]
    pub fn return_hidden<S: Simd>(
        &self,
        simd: S,
        layer: usize,
        group: usize,
        parameters: &[f32],
        tile: HiddenTile<'_>,
    ) {
        let own = &self.parts[layer - 1][group];
        let HiddenTile { rectified, raw, d, .. } = tile;
        let (below, above) = d.split_at_mut(layer);
        // Behind the output layer are raw numbers, before it is the last hidden layer itself.
        let behind: &[f32] = above.first().map_or(raw, |d| &**d);
        let gate = rectified.get(layer - 1).map(|gate| &**gate);
        // Before a block, what goes around it comes from behind it.
        let around = if layer.is_multiple_of(2) { None } else { above.get(1).map(|d| &**d) };
        simd.vectorize(Return {
            parts: &self.parts[layer][group..],
            parameters,
            d: behind,
            inputs: (own.first, own.rows),
            gate,
            onto: around,
            out: &mut below[layer - 1],
        });
    }

    /// Adds to the gradient of the feature at a place what comes from the groups behind it.
    #[inline(always)]
    pub fn return_feature<S: Simd>(
        &self,
        simd: S,
        place: usize,
        parameters: &[f32],
        tile: HiddenTile<'_>,
        d_feature: &mut [f32],
    ) {
        simd.vectorize(ReturnInput {
            parts: &self.parts[0][place + 1..],
            parameters,
            d: &tile.d[0],
            input: place + 1,
            out: d_feature,
        });
    }

    /// Adds the gradients of all weights and biases, once those of all nodes are known.
    #[inline(always)]
    pub fn weigh<S: Simd>(&self, simd: S, tile: HiddenTile<'_>, gradient: &mut [f32]) {
        let HiddenTile { inputs, last, rectified, raw, d, turned } = tile;
        for (layer, parts) in self.parts.iter().enumerate() {
            let given: &[f32] = match layer.checked_sub(1) {
                None => inputs,
                Some(below) => rectified.get(below).map_or(&*last, |x| x),
            };
            let depth = parts.last().map_or(0, |part| part.depth);
            let stride = depth.next_multiple_of(LANES);
            turn(given, depth, stride, turned);
            let d: &[f32] = d.get(layer).map_or(&*raw, |d| d);
            for part in parts {
                simd.vectorize(Weigh { part, d, x: turned, stride, gradient });
            }
        }
    }
}
