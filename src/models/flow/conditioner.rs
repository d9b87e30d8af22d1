//! The network that gives each feature's spline: masked so that it sees the context and the features before it.
//!
//! Its hidden nodes are cut into as many groups as there are features. Group g sees the context, the features before
//! feature g and the hidden groups up to g, and feature g's spline follows from the groups up to g. The masked weights
//! are thus blocks that are not there: only what is seen is stored and multiplied, two thirds of the dense network. And
//! a group never changes once its features are known, so that the inverse of a flow, which finds one feature after the
//! other, costs no more than its forward pass.

use tch::Tensor;

use crate::nn::{Initial, Layout, round_up};

/// The sizes of a conditioner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConditionerShape {
    /// Features, of which each gets its numbers.
    pub features: usize,
    /// Values that every feature depends on.
    pub context: usize,
    /// Residual blocks of two layers.
    pub blocks: usize,
    /// Nodes of a hidden layer.
    pub width: usize,
    /// Numbers a feature.
    pub outputs: usize,
}

/// A dense layer of every member; data are `[members, nodes, batch]`.
struct Linear {
    /// `[members, outputs, inputs]`
    weight: Tensor,
    /// `[members, outputs, 1]`
    bias: Tensor,
}

/// The layers of one group.
struct Group {
    /// The nodes of the groups before it, and its own.
    start: i64,
    size: i64,
    /// The features that it sees.
    features: i64,
    /// Its inputs, with those that a dense network pads them with.
    inputs: i64,
    input: Linear,
    /// First and second layer of each residual block.
    blocks: Vec<[Linear; 2]>,
    output: Linear,
}

/// Conditioners of all members over shared parameters.
pub struct Conditioner {
    shape: ConditionerShape,
    groups: Vec<Group>,
    /// `[1, 1, 1]`, of which a dense network has as many as pad its inputs.
    zero: Option<Tensor>,
}

/// The hidden layers of a conditioner in a forward pass, all `[members, nodes, batch]`.
pub struct Hidden {
    /// Context, then features, then the zeros of a dense network.
    inputs: Tensor,
    /// The hidden layer before each block, rectified; and between its two layers, rectified.
    blocks: Vec<[Tensor; 2]>,
    /// The last hidden layer.
    last: Tensor,
}

/// Gradients of the hidden layers, while they are gathered from the last group to the first.
pub struct Backward {
    /// Of the running hidden layer.
    running: Tensor,
    /// Of the rectified values of each block.
    blocks: Vec<[Tensor; 2]>,
}

impl ConditionerShape {
    /// Nodes of the groups before a group.
    fn start(&self, group: usize) -> i64 {
        (group * self.width / self.features) as i64
    }

    fn size(&self, group: usize) -> i64 {
        self.start(group + 1) - self.start(group)
    }

    /// Adds the parameters of a member; at their start all outputs are zero.
    pub fn push(&self, layout: &mut Layout) {
        for group in 0..self.features {
            let (seen, nodes) = (self.start(group + 1) as usize, self.size(group) as usize);
            let mut dense = |outputs: usize, inputs: usize, weight: Initial| {
                layout.push(outputs, inputs, weight);
                let bias = if weight == Initial::Zero { weight } else { Initial::FanIn { inputs } };
                layout.push(outputs, 1, bias);
            };
            let fan_in = |inputs| Initial::FanIn { inputs };
            dense(nodes, self.context + group, fan_in(self.context + group));
            for _ in 0..self.blocks {
                dense(nodes, seen, fan_in(seen));
                dense(nodes, seen, fan_in(seen));
            }
            dense(self.outputs, seen, Initial::Zero);
        }
    }

    /// The inputs of a dense network: zeros behind the features pad them to where a GPU reads several numbers at once.
    fn dense_inputs(&self) -> usize {
        round_up(self.context + self.features)
    }

    /// The parameters of [`Conditioner::over_dense`], behind which another network of this kind may follow.
    pub fn push_dense(&self, layout: &mut Layout) {
        let inputs = self.dense_inputs();
        let blocks = std::iter::repeat_n((self.width, self.width), 2 * self.blocks);
        let output = (self.features * self.outputs, self.width);
        for (outputs, inputs) in std::iter::once((self.width, inputs)).chain(blocks).chain([output]) {
            layout.push(outputs, inputs, Initial::Zero);
            layout.push(outputs, 1, Initial::Zero);
        }
        layout.align();
    }

    /// Where each parameter of [`ConditionerShape::push`] lies among those of [`ConditionerShape::push_dense`].
    pub fn places_in_dense(&self) -> Vec<i64> {
        let inputs = self.dense_inputs();
        let layer = self.width * (self.width + 1);
        let mut places = vec![];
        for group in 0..self.features {
            let (start, size) = (self.start(group) as usize, self.size(group) as usize);
            let seen = start + size;
            // The first row, the rows and the columns that are seen, in a layer of so many rows and columns at `offset`.
            let mut take = |offset: usize,
                            (first, rows): (usize, usize),
                            seen: usize,
                            (all, columns): (usize, usize)| {
                for row in first..first + rows {
                    places.extend((0..seen).map(|column| (offset + row * columns + column) as i64));
                }
                places.extend((first..first + rows).map(|row| (offset + all * columns + row) as i64));
            };
            take(0, (start, size), self.context + group, (self.width, inputs));
            let blocks = self.width * (inputs + 1);
            for index in 0..2 * self.blocks {
                take(blocks + index * layer, (start, size), seen, (self.width, self.width));
            }
            let output = blocks + 2 * self.blocks * layer;
            let rows = (group * self.outputs, self.outputs);
            take(output, rows, seen, (self.features * self.outputs, self.width));
        }
        places
    }

    /// Multiply-adds for one event, which is also the number of weights.
    pub fn weights(&self) -> usize {
        let of = |group: usize| {
            let (seen, nodes) = (self.start(group + 1) as usize, self.size(group) as usize);
            nodes * (self.context + group) + 2 * self.blocks * nodes * seen + self.outputs * seen
        };
        (0..self.features).map(of).sum()
    }
}

impl Hidden {
    /// Room for the layers of a flow side by side, `[members, layers, nodes, batch]`.
    pub fn room(shape: &ConditionerShape, [members, layers, batch]: [i64; 3], like: &Tensor) -> Self {
        let room = |nodes: usize| {
            Tensor::empty([members, layers, nodes as i64, batch], (like.kind(), like.device()))
        };
        Self {
            inputs: room(shape.dense_inputs()).zero_(),
            blocks: (0..shape.blocks).map(|_| [room(shape.width), room(shape.width)]).collect(),
            last: room(shape.width),
        }
    }

    /// The place of so many events, from the first of them on, in a layer of such a room.
    pub fn place(&self, layer: usize, first: i64, count: i64) -> Self {
        self.each(|all| all.select(1, layer as i64).narrow(2, first, count))
    }

    /// Layers of such a room as though each were a member.
    pub fn as_members(&self) -> Self {
        self.each(|all| all.flatten(0, 1))
    }

    /// As [`Conditioner::begin`], in a place that is there.
    pub fn begin(&self, context: &Tensor, features: &Tensor) {
        let own = context.size()[1] + features.size()[1];
        let _ = Tensor::cat_out(&self.inputs.narrow(1, 0, own), &[context, features], 1);
    }

    fn each(&self, view: impl Fn(&Tensor) -> Tensor) -> Self {
        Self {
            inputs: view(&self.inputs),
            blocks: self.blocks.iter().map(|pair| pair.each_ref().map(&view)).collect(),
            last: view(&self.last),
        }
    }

    /// Room for the gradients of what passed.
    pub fn begin_backward(&self) -> Backward {
        let blocks = self.blocks.iter().map(|pair| [pair[0].zeros_like(), pair[1].zeros_like()]);
        Backward { running: self.last.zeros_like(), blocks: blocks.collect() }
    }
}

impl Linear {
    fn take(views: &mut impl Iterator<Item = Tensor>) -> Self {
        let mut next = || views.next().expect("a view for each block of the layout");
        Self { weight: next(), bias: next() }
    }

    fn forward_into(&self, out: &Tensor, input: &Tensor) {
        let _ = self.bias.expand_as(out).baddbmm_out(out, &self.weight, input);
    }

    /// Stores the gradients of the parameters, where they are wanted.
    fn store(gradient: Option<&Self>, input: &Tensor, d_out: &Tensor) {
        if let Some(gradient) = gradient {
            let _ = d_out.bmm_out(&gradient.weight, &input.transpose(1, 2));
            let _ = d_out.sum_intlist_out(&gradient.bias, [2_i64].as_slice(), true, d_out.kind());
        }
    }

    /// Adds the gradient of the input.
    fn add_backward(&self, mut d_input: Tensor, d_out: &Tensor) {
        let _ = d_input.baddbmm_(&self.weight.transpose(1, 2), d_out);
    }
}

impl Group {
    fn over(
        shape: &ConditionerShape,
        (start, size, features): (i64, i64, i64),
        views: &mut impl Iterator<Item = Tensor>,
    ) -> Self {
        let input = Linear::take(views);
        let inputs = input.weight.size()[2];
        let blocks = (0..shape.blocks).map(|_| [Linear::take(views), Linear::take(views)]).collect();
        Self { start, size, features, inputs, input, blocks, output: Linear::take(views) }
    }
}

impl Conditioner {
    /// The networks over views of `[members, len]` parameters, in the order of [`ConditionerShape::push`]. Over views of
    /// a gradient, it holds the gradients.
    ///
    /// # Panics
    /// If there are too few views.
    pub fn over(shape: ConditionerShape, views: &mut impl Iterator<Item = Tensor>) -> Self {
        let group =
            |group: usize| Group::over(&shape, (shape.start(group), shape.size(group), group as i64), views);
        Self { shape, groups: (0..shape.features).map(group).collect(), zero: None }
    }

    /// All groups as one that sees all features, over views of weights that are zero where a group would not see; `zero` is
    /// `[1, 1, 1]`, where it computes.
    ///
    /// # Panics
    /// If there are too few views.
    pub fn over_dense(
        shape: ConditionerShape,
        views: &mut impl Iterator<Item = Tensor>,
        zero: &Tensor,
    ) -> Self {
        let all = (0, shape.width as i64, shape.features as i64);
        Self { shape, groups: vec![Group::over(&shape, all, views)], zero: Some(zero.shallow_clone()) }
    }

    /// Groups, which a pass goes through one after the other.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The raw numbers of a group among those of all features.
    ///
    /// # Shapes
    /// `raw` `[members, features, outputs, batch]`; the result is `[members, outputs of the group, batch]`.
    pub fn raw_of(&self, raw: &Tensor, group: usize) -> Tensor {
        if self.groups.len() == 1 { raw.flatten(1, 2) } else { raw.select(1, group as i64) }
    }

    /// Room for a batch; features that are not known yet may hold anything.
    ///
    /// # Shapes
    /// `context` `[members, context, batch]`, `features` `[members, features, batch]`.
    pub fn begin(&self, context: &Tensor, features: &Tensor) -> Hidden {
        let size = features.size();
        let buffers = || {
            Tensor::empty([size[0], self.shape.width as i64, size[2]], (features.kind(), features.device()))
        };
        let zeros = self.zero.as_ref().map(|zero| {
            let padding = self.groups[0].inputs - context.size()[1] - features.size()[1];
            zero.expand([size[0], padding, size[2]], false)
        });
        let inputs: Vec<&Tensor> = [context, features].into_iter().chain(&zeros).collect();
        Hidden {
            inputs: Tensor::cat(&inputs, 1),
            blocks: (0..self.shape.blocks).map(|_| [buffers(), buffers()]).collect(),
            last: buffers(),
        }
    }

    /// Writes a feature, once it is known.
    pub fn set(&self, hidden: &Hidden, feature: usize, value: &Tensor) {
        let at = (self.shape.context + feature) as i64;
        hidden.inputs.narrow(1, at, 1).copy_(value);
    }

    /// The features as they were given or set.
    pub fn features(&self, hidden: &Hidden) -> Tensor {
        hidden.inputs.narrow(1, self.shape.context as i64, self.shape.features as i64)
    }

    /// Computes a group, after all groups before it, and writes its feature's numbers.
    ///
    /// # Shapes
    /// `out` `[members, outputs, batch]`.
    pub fn group(&self, hidden: &Hidden, group: usize, out: &Tensor) {
        let layers = &self.groups[group];
        let (start, size) = (layers.start, layers.size);
        let seen = start + size;
        let own = |all: &Tensor| all.narrow(1, start, size);
        let mut running = own(&hidden.last);
        let inputs = hidden.inputs.narrow(1, 0, layers.inputs);
        layers.input.forward_into(&running, &inputs);
        for ([first, second], [before, between]) in layers.blocks.iter().zip(&hidden.blocks) {
            let _ = running.relu_out(&own(before));
            let middle = own(between);
            first.forward_into(&middle, &before.narrow(1, 0, seen));
            let _ = own(between).relu_();
            let _ = running.baddbmm_(&second.weight, &between.narrow(1, 0, seen));
            let _ = running.g_add_(&second.bias);
        }
        layers.output.forward_into(out, &hidden.last.narrow(1, 0, seen));
    }

    /// The gradient of the features behind a network that sees all of them at once, for each of several gradients of its
    /// numbers.
    ///
    /// # Shapes
    /// `d_out` `[members, numbers, seeds · batch]`; the result is `[members, features, seeds · batch]`.
    pub fn features_gradient(&self, hidden: &Hidden, d_out: &Tensor, seeds: i64) -> Tensor {
        let running = self.dense_backward(hidden, d_out, seeds, None);
        let group = &self.groups[0];
        group.input.weight.narrow(2, self.shape.context as i64, group.features).transpose(1, 2).bmm(&running)
    }

    /// Writes the gradient of the parameters of a network that sees all features at once.
    pub fn store_gradient(&self, hidden: &Hidden, d_out: &Tensor, gradient: &Self) {
        let running = self.dense_backward(hidden, d_out, 1, Some(gradient));
        Linear::store(Some(&gradient.groups[0].input), &hidden.inputs, &running);
    }

    /// The gradient of the first hidden layer.
    fn dense_backward(&self, hidden: &Hidden, d_out: &Tensor, seeds: i64, gradient: Option<&Self>) -> Tensor {
        let layers = &self.groups[0];
        let gradient = gradient.map(|gradient| &gradient.groups[0]);
        // The same nodes were active for all seeds.
        let active = |gradient: &Tensor, nodes: &Tensor| {
            let size = nodes.size();
            let by_seed = gradient.view([size[0], size[1], seeds, size[2]]);
            nodes.unsqueeze(2).threshold_backward(&by_seed, 0.0).view_as(gradient)
        };
        Linear::store(gradient.map(|group| &group.output), &hidden.last, d_out);
        let mut running = layers.output.weight.transpose(1, 2).bmm(d_out);
        for (index, [first, second]) in layers.blocks.iter().enumerate().rev() {
            let [before, between] = &hidden.blocks[index];
            let of = |layer: usize| gradient.map(|group| &group.blocks[index][layer]);
            Linear::store(of(1), between, &running);
            let d_middle = active(&second.weight.transpose(1, 2).bmm(&running), between);
            Linear::store(of(0), before, &d_middle);
            running += active(&first.weight.transpose(1, 2).bmm(&d_middle), before);
        }
        running
    }

    /// The backward pass of a group, after all groups behind it; adds to the gradient of the features before.
    ///
    /// # Shapes
    /// `d_out` `[members, outputs, batch]`, `d_features` `[members, features, batch]`.
    pub fn group_backward(
        &self,
        (hidden, backward): (&Hidden, &Backward),
        group: usize,
        d_out: &Tensor,
        d_features: &Tensor,
        gradient: Option<&Self>,
    ) {
        let layers = &self.groups[group];
        let gradient = gradient.map(|gradient| &gradient.groups[group]);
        let (start, size) = (layers.start, layers.size);
        let seen = start + size;
        let own = |all: &Tensor| all.narrow(1, start, size);
        let so_far = |all: &Tensor| all.narrow(1, 0, seen);
        Linear::store(gradient.map(|group| &group.output), &so_far(&hidden.last), d_out);
        layers.output.add_backward(so_far(&backward.running), d_out);
        let mut running = own(&backward.running);
        for (index, [first, second]) in layers.blocks.iter().enumerate().rev() {
            let ([before, between], [d_before, d_between]) = (&hidden.blocks[index], &backward.blocks[index]);
            let of = |layer: usize| gradient.map(|group| &group.blocks[index][layer]);
            Linear::store(of(1), &so_far(between), &running);
            second.add_backward(so_far(d_between), &running);
            let d_middle = own(between).threshold_backward(&own(d_between), 0.0);
            Linear::store(of(0), &so_far(before), &d_middle);
            first.add_backward(so_far(d_before), &d_middle);
            let _ = running.g_add_(&own(before).threshold_backward(&own(d_before), 0.0));
        }
        let context = self.shape.context as i64;
        let inputs = hidden.inputs.narrow(1, 0, layers.inputs);
        Linear::store(gradient.map(|group| &group.input), &inputs, &running);
        if layers.features > 0 {
            let weight = layers.input.weight.narrow(2, context, layers.features);
            let d_before = d_features.narrow(1, 0, layers.features);
            let _ = d_before.shallow_clone().baddbmm_(&weight.transpose(1, 2), &running);
        }
    }
}
