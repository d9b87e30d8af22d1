//! The classifiers of the paper's high-level variables: an ensemble of perceptrons, trained together on one device.

use std::num::NonZeroUsize;
use std::ops::Range;

use drapes_analysis::job::{ClassifierSettings, KeptMoment};
use ndarray::{ArrayView2, Axis, concatenate};
use tch::{Device, Tensor};

use super::family::{ClassifierFamily, SmallestFold};
use super::fused_steps::PerceptronKernel;
use super::member::Member;
use super::outlier_maps::OutlierMaps;
use super::table::EventTable;
use super::train::{CLASSIFIERS, DescendLogits, Drawn, Networks, TwoSampleMembers, train};
use super::trained_perceptrons::{Kernel, TrainedPerceptrons};
use super::two_sample::{TwoSample, both};
use crate::error::Error;
use crate::fused::{self, Perceptron};
use crate::nn::{Layout, Mlp, pad};
use crate::sample::scaler::{Scaler, Standardisation};
use crate::training::{Checkpointer, ResultOf, TrainingHistory, TrainingSettings, next_rows};

/// Perceptrons that train together on a device, as a family of classifiers.
#[derive(Clone, Copy, Debug)]
pub struct Perceptrons<'a> {
    /// Their sizes and their training.
    pub settings: &'a ClassifierSettings,
    /// Where they compute.
    pub device: Device,
}

/// The perceptrons of all members, and the events that they learn from.
pub struct PerceptronNetworks {
    layout: Layout,
    /// `(events, features)`, one two-sample task after the other, data first, in their own units but for columns that outliers rule.
    events: EventTable,
    standardisation: Standardisation,
    /// What takes the steps, where a processor does.
    kernel: Option<Kernel>,
}

/// A two-sample task and the members that learn it.
#[derive(Clone, Copy)]
pub struct Learnt<'a> {
    /// Its events.
    pub two_sample: &'a TwoSample<'a, ArrayView2<'a, f32>>,
    /// A member for each seed and fold.
    pub members: &'a [Member],
    /// What each of them takes.
    pub smallest_fold: SmallestFold,
}

impl Perceptrons<'_> {
    /// Steps between two moments at which a training can be stopped.
    pub const STEPS_A_BLOCK: usize = PerceptronNetworks::STEPS_A_BLOCK;
}

impl ClassifierFamily<ArrayView2<'_, f32>> for Perceptrons<'_> {
    type Trained = TrainedPerceptrons;

    const REMEDY: &'static str = "lower classifier.batch or classifier.folds";

    fn batch(&self) -> usize {
        self.settings.batch
    }

    fn train(
        &self,
        two_sample: &TwoSample<'_, ArrayView2<'_, f32>>,
        members: &[Member],
        smallest_fold: SmallestFold,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Self::Trained, Vec<TrainingHistory>), Error> {
        let all = [Learnt { two_sample, members, smallest_fold }];
        let (mut trained, mut histories) = self.train_together(&all, checkpointer)?;
        Ok((trained.swap_remove(0), histories.swap_remove(0)))
    }
}

impl Perceptrons<'_> {
    /// Trains the members of several two-sample tasks in one ensemble; the trained ones of each task, and the losses of each member. A
    /// member depends neither on the others of its task nor on other tasks.
    ///
    /// # Errors
    /// The events of all tasks are too many to be numbered, the training of every member diverges, or is told to stop.
    pub fn train_together(
        &self,
        tasks: &[Learnt<'_>],
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Vec<TrainedPerceptrons>, Vec<Vec<TrainingHistory>>), Error> {
        let (networks, outlier_maps) = PerceptronNetworks::new(tasks, self.settings, self.device);
        let mut all = vec![];
        let mut rows = 0..0;
        for Learnt { two_sample, members, smallest_fold } in tasks {
            let n_data = two_sample.data.nrows();
            rows = next_rows(rows.end, n_data + two_sample.template.nrows())?;
            let (first_row, smallest_fold) = (rows.start as usize, *smallest_fold);
            all.push(TwoSampleMembers { members, first_row, n_data, smallest_fold });
        }
        let (ensemble, histories) = train(networks, recipe(self.settings), &all, self.device, checkpointer)?;
        let (mut trained, mut of_tasks, mut histories) = (vec![], vec![], histories.into_iter());
        let mut first = 0;
        for (task, outlier_maps) in tasks.iter().zip(outlier_maps) {
            let members = first..first + task.members.len();
            first = members.end;
            of_tasks.push(histories.by_ref().take(members.len()).collect());
            trained.push(ensemble.networks.trained(outlier_maps, &ensemble.parameters, &members));
        }
        Ok((trained, of_tasks))
    }
}

/// How these classifiers are trained.
pub(super) fn recipe(settings: &ClassifierSettings) -> TrainingSettings {
    let ClassifierSettings { epochs, batch, learning_rate, weight_decay, .. } = *settings;
    let patience = NonZeroUsize::new(settings.patience);
    let result = match patience {
        Some(_) => ResultOf::RecordedMoment(KeptMoment::Best),
        None => CLASSIFIERS.result,
    };
    TrainingSettings { epochs, batch, learning_rate, weight_decay, result, patience, ..CLASSIFIERS }
}

impl PerceptronNetworks {
    /// The networks of all members, and what is done to columns of each task that outliers rule.
    pub(super) fn new(
        tasks: &[Learnt<'_>],
        settings: &ClassifierSettings,
        device: Device,
    ) -> (Self, Vec<OutlierMaps>) {
        let (mut tables, mut scalers, mut maps) = (vec![], vec![], vec![]);
        for Learnt { two_sample, members, .. } in tasks {
            let rows = both(two_sample);
            let of_task = OutlierMaps::of(rows.view());
            let rows = of_task.rows(rows.view()).into_owned();
            let n_data = two_sample.data.nrows();
            scalers.extend(members.iter().map(|member| {
                let chosen: Vec<usize> =
                    member.training.rows(n_data).iter().map(|row| *row as usize).collect();
                Scaler::of(rows.select(Axis(0), &chosen).view())
            }));
            tables.push(rows);
            maps.push(of_task);
        }
        let views: Vec<ArrayView2<'_, f32>> = tables.iter().map(|table| table.view()).collect();
        let rows = concatenate(Axis(0), &views).expect("tasks have the same features");
        drop(tables);
        let features = rows.ncols();
        let scalers = scalers.iter().map(|scaler| (&scaler.mean[..], &scaler.deviation[..]));
        let standardisation = Standardisation::new(scalers, device);
        let ClassifierSettings { hidden_layers, width, .. } = *settings;
        let is_known = device == Device::Cpu && fused::is_known(width) && hidden_layers > 0;
        let kernel =
            is_known.then(|| Kernel::new(Perceptron::new(features, hidden_layers, width), &standardisation));
        let layout = Mlp::layout(features, hidden_layers, width).on(device);
        (Self { layout, events: EventTable::new(rows, device), standardisation, kernel }, maps)
    }

    /// Some members that have learnt.
    pub(super) fn trained(
        &self,
        outlier_maps: OutlierMaps,
        parameters: &Tensor,
        members: &Range<usize>,
    ) -> TrainedPerceptrons {
        let parameters = parameters.narrow(0, members.start as i64, members.len() as i64);
        TrainedPerceptrons {
            layout: self.layout.not_padded(),
            outlier_maps,
            standardisation: self.standardisation.some(members),
            kernel: self.kernel.as_ref().map(|kernel| kernel.some(members)),
            parameters: self.layout.without_padding(&parameters),
        }
    }

    /// From now on its steps are computed as tensors.
    #[cfg(test)]
    pub(super) fn forget_kernel(&mut self) {
        self.kernel = None;
    }

    /// What the networks of some members see of drawn events: their standardised features, `[members, events, inputs]`.
    fn seen(&self, members: &Range<usize>, drawn: &Drawn<'_>) -> Tensor {
        let events = self.events.select(drawn);
        self.padded(&self.standardisation.some(members).of_each(events))
    }

    /// Features with the zeros that networks see behind them.
    fn padded(&self, features: &Tensor) -> Tensor {
        let own = features.size()[features.dim() - 1] as usize;
        pad(features, self.layout.with_padding(own))
    }
}

impl Networks for PerceptronNetworks {
    const STEPS_A_BLOCK: usize = 32;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn logits(&self, members: Range<usize>, parameters: &Tensor, drawn: &Drawn<'_>) -> Tensor {
        if let (Some(kernel), EventTable::Here(events)) = (&self.kernel, &self.events) {
            let rows: Vec<usize> = drawn.rows.iter().map(|row| *row as usize).collect();
            let count = members.len();
            let own = members.zip(rows.chunks(rows.len() / count)).zip(0..);
            let logits = own.flat_map(|((member, rows), place)| {
                kernel.logits(member, &parameters.get(place), events.select(Axis(0), rows).view())
            });
            let logits: Vec<f32> = logits.collect();
            return Tensor::from_slice(&logits).reshape([count as i64, -1, 1]);
        }
        Mlp::over(&self.layout, parameters).forward(&self.seen(&members, drawn))
    }

    fn gradient(&self, parameters: &Tensor, drawn: &Drawn<'_>, d_logits: &mut DescendLogits<'_>) -> Tensor {
        let network = Mlp::over(&self.layout, parameters);
        let all = 0..self.standardisation.members();
        let inputs = drawn.inputs.as_ref().map_or_else(|| self.seen(&all, drawn), Tensor::shallow_clone);
        network.gradient(&inputs, |logits, place| d_logits(0, logits, place))
    }

    fn inputs(&self, of_steps: &Drawn<'_>, steps: usize) -> Option<Tensor> {
        let events = self.events.select(of_steps);
        let shape = [steps as i64, self.standardisation.members() as i64, -1, events.size()[1]];
        Some(self.padded(&self.standardisation.of(&events.view(shape))))
    }

    fn kernel(&self) -> Option<PerceptronKernel<'_>> {
        let EventTable::Here(events) = &self.events else { return None };
        Some(self.kernel.as_ref()?.over(events.view()))
    }
}
