//! How constituents are brought to zero mean and unit variance before a classifier sees them.

use drapes_analysis::job::JetInputs;
use tch::{Device, Kind, Tensor};

use super::network::inputs;
use crate::sample::jets::{CONSTITUENT_FEATURES, EventJets, JetTensors};
use crate::sample::scaler::{Moments, Standardisation};

/// The most inputs that a constituent can have.
const MOST_INPUTS: usize = CONSTITUENT_FEATURES + 1;

/// The moments of the constituents of each of some events.
pub fn moments_by_event(events: EventJets<'_>) -> impl Iterator<Item = Moments<MOST_INPUTS>> {
    (0..events.len()).map(move |event| {
        Moments::of(events.pair(event).into_iter().flat_map(|jet| {
            let ln_pt = events.jets().kinematics(jet).pt.ln();
            events.jets().constituents(jet).iter().map(move |constituent| {
                let [share, d_eta, d_phi] = constituent.map(f32::from);
                [share.ln(), d_eta, d_phi, share.ln() + ln_pt].map(f64::from)
            })
        }))
    })
}

/// The inputs of constituents for the networks of each member.
pub struct ConstituentInputs {
    inputs: JetInputs,
    standardisation: Standardisation,
}

impl ConstituentInputs {
    /// Standardised by the events that each member learns from, given by their rows.
    pub fn new(
        by_event: &[Moments<MOST_INPUTS>],
        members: &[Vec<u32>],
        inputs_of: JetInputs,
        device: Device,
    ) -> Self {
        let of_member = |rows: &Vec<u32>| {
            let mut moments = Moments::default();
            for row in rows {
                moments.add(&by_event[*row as usize]);
            }
            moments.mean_and_deviation()
        };
        let members: Vec<_> = members.iter().map(of_member).collect();
        let columns = ..inputs(inputs_of);
        let members = members.iter().map(|(mean, deviation)| (&mean[columns], &deviation[columns]));
        Self { inputs: inputs_of, standardisation: Standardisation::new(members, device) }
    }

    /// The inputs of one member.
    pub fn member(&self, member: usize) -> Self {
        Self { inputs: self.inputs, standardisation: self.standardisation.member(member) }
    }

    /// Members.
    pub fn members(&self) -> usize {
        self.standardisation.members()
    }

    /// The inputs of some jets, as many of each member, those of the first member first.
    ///
    /// # Shapes
    /// The result is `[members, jets · slots, inputs]`.
    pub fn of(&self, jets: &JetTensors, chosen: &[u32], slots: usize) -> Tensor {
        let rows = jets.rows(chosen);
        let mut x = jets.constituents(&rows, slots);
        if self.inputs == JetInputs::Absolute {
            let ln_pt = jets.outlines(&rows).narrow(1, 0, 1).unsqueeze(1);
            x = Tensor::cat(&[&x, &(x.narrow(2, 0, 1) + ln_pt)], 2);
        }
        debug_assert_eq!(x.kind(), Kind::Float);
        self.standardisation.of_each(x)
    }
}
