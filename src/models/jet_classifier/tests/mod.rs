use drapes_analysis::job::{JetClassifierSettings, JetInputs, Precision};
use drapes_analysis::plan::random_stream::Stream;
use tch::{Device, Kind, Tensor};

use crate::models::jet_model::toy;
use crate::sample::jets::{EventJets, JetTensors, Jets};

use super::{ConstituentInputs, JetClassifierShape, Transformer, moments_by_event};

mod symmetries;
mod two_samples;

fn settings() -> JetClassifierSettings {
    JetClassifierSettings {
        inputs: JetInputs::Relative,
        width: 8,
        heads: 2,
        hidden: 16,
        self_attention_layers: 1,
        class_attention_layers: 1,
        epochs: 3,
        batch: 32,
        learning_rate: 5e-3,
        weight_decay: 0.1,
        precision: Precision::Mixed,
    }
}

/// Events whose jets are heavier than those of [`toy::jets`], so that their constituents are farther apart.
fn signal(events: usize, seed: u64) -> Jets {
    let mut generator = Stream::of_job(seed).branch("toy signal").generator();
    let mut jets = Jets::default();
    for jet in 0..2 * events {
        let outline = toy::outline(1200.0, 200.0, 6 + jet % 9);
        jets.push(outline.kinematics, toy::constituents(outline, &mut generator));
    }
    jets
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Untrained transformers of some members, all of which standardise by all events of a table, and their parameters.
fn transformer(settings: &JetClassifierSettings, jets: &Jets, members: u64) -> (Transformer, Tensor) {
    let moments: Vec<_> = moments_by_event(EventJets::all(jets)).collect();
    let rows: Vec<u32> = (0..jets.events() as u32).collect();
    let of_members: Vec<Vec<u32>> = (0..members).map(|member| rows[member as usize..].to_vec()).collect();
    let inputs = ConstituentInputs::new(&moments, &of_members, settings.inputs, Device::Cpu);
    let streams: Vec<Stream> = (0..members).map(Stream::of_job).collect();
    let parameters = JetClassifierShape::new(settings).layout_on(Device::Cpu).initial(&streams, Device::Cpu);
    (Transformer::new(settings, inputs, Device::Cpu), parameters)
}

fn tensors(jets: &Jets) -> JetTensors {
    JetTensors::new(&[jets], Device::Cpu)
}

#[test]
fn constituents_are_standardised_by_the_events_that_a_member_learns_from() {
    let jets = toy::jets(50, 1);
    for inputs in [JetInputs::Relative, JetInputs::Absolute] {
        let moments: Vec<_> = moments_by_event(EventJets::all(&jets)).collect();
        let learnt: Vec<u32> = (10..40).collect();
        let standardised =
            ConstituentInputs::new(&moments, std::slice::from_ref(&learnt), inputs, Device::Cpu);
        let columns = super::network::inputs(inputs) as i64;
        let chosen: Vec<u32> = learnt.iter().flat_map(|row| [2 * row, 2 * row + 1]).collect();
        let all: Vec<Tensor> = chosen
            .iter()
            .map(|jet| standardised.of(&tensors(&jets), &[*jet], jets.count(*jet as usize)))
            .collect();
        let all = Tensor::cat(&all, 1);
        assert_eq!(all.size()[2], columns);
        let mean = all.mean_dim([1_i64].as_slice(), false, Kind::Float);
        assert!(mean.abs().max().double_value(&[]) < 1e-4);
        let variance = all.square().mean_dim([1_i64].as_slice(), false, Kind::Float);
        assert!((variance - 1.0).abs().max().double_value(&[]) < 1e-3);
        if inputs == JetInputs::Absolute {
            // ln of the own transverse momentum is that of the share and that of the jet.
            let expected = f64::from(jets.constituents(0)[0][0].to_f32().ln() + jets.kinematics(0).pt.ln());
            let found = standardised.of(&tensors(&jets), &[0], 1).double_value(&[0, 0, 3]);
            let next = standardised.of(&tensors(&jets), &[1], 1).double_value(&[0, 0, 3]);
            let expected_next =
                f64::from(jets.constituents(1)[0][0].to_f32().ln() + jets.kinematics(1).pt.ln());
            assert!((found - next) * (expected - expected_next) > 0.0);
        }
    }
}
