//! Distributions of a template's constituents beside those of the true jets that it stands for.

use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::regions::Region;
use drapes_analysis::job::template_spec::TemplateSpec;
use drapes_analysis::plan::work::jet_summary::{JetQuantity, JetSpectrum, JetSummary};

use super::Workplace;
use super::spectrum::{deviation, edges, shares, wasserstein, whole_edges};
use crate::error::Error;
use crate::sample::jets::{EventJets, Jets, Outline, tau21, wrap};

/// Bins of a spectrum.
const BINS: usize = 40;
/// Events that are looked at of each kind: as many show a distance of a hundredth of a standard deviation.
const LOOKED_AT: usize = 10_000;

pub fn summarise(
    place: &Workplace,
    template: TemplateSpec,
    copy: u32,
    grid: &NoiseGrid,
    made: &Jets,
) -> Result<JetSummary, Error> {
    let sample = place.sample()?;
    let regions = place.job.regions_of(&template.sample);
    let background =
        thinned(&sample.with_jets(sample.chosen(Injection::default(), &regions, Region::Signal)?));
    let signal = thinned(&sample.with_jets(sample.unused_signal(Injection::default(), regions.signal)));
    let generated = thinned(&(0..made.events() as u32).collect::<Vec<_>>());
    let half = |first: usize| -> Vec<u32> { background.iter().skip(first).step_by(2).copied().collect() };
    let (one_half, other_half) = (half(0), half(1));
    let of = |events: &[u32], quantity| values(EventJets::only(sample.jets(), events), quantity);
    // Of jets that keep their kinematics there is nothing to be seen.
    let kinematic = if template.makes_kinematics() { &JetQuantity::KINEMATIC[..] } else { &[] };
    let quantities = JetQuantity::OF_JETS.iter().chain(kinematic).copied();
    let spectra = quantities.map(|quantity| {
        let (truth, signal) = (of(&background, quantity), of(&signal, quantity));
        let generated = values(EventJets::only(made, &generated), quantity);
        let edges = match quantity {
            JetQuantity::Constituents
            | JetQuantity::LeadingConstituents
            | JetQuantity::SubleadingConstituents => whole_edges(&[&truth, &signal], BINS),
            _ => edges(&[&truth, &signal], BINS),
        };
        let in_deviations = |distance: Option<f64>| distance.unwrap_or(0.0) / deviation(&truth);
        let chance = wasserstein(&of(&one_half, quantity), &of(&other_half, quantity));
        JetSpectrum {
            quantity,
            background: shares(&truth, &edges),
            signal: shares(&signal, &edges),
            generated: shares(&generated, &edges),
            edges,
            distance: in_deviations(wasserstein(&truth, &generated)),
            chance: in_deviations(chance),
        }
    });
    Ok(JetSummary {
        template,
        copy,
        n_events: made.events(),
        sigma_used: grid.start(),
        steps: grid.sigmas.len(),
        spectra: spectra.collect(),
    })
}

/// So many events at most, from everywhere in the list.
fn thinned(events: &[u32]) -> Vec<u32> {
    let step = events.len().div_ceil(LOOKED_AT).max(1);
    events.iter().step_by(step).copied().collect()
}

/// A quantity of events: of each of them, of each of their jets, or of each constituent.
fn values(events: EventJets<'_>, quantity: JetQuantity) -> Vec<f32> {
    let table = events.jets();
    let pairs = (0..events.len()).map(|event| events.pair(event));
    let jets = pairs.clone().flatten();
    let of_side = |side: usize, of: fn(Outline) -> f32| -> Vec<f32> {
        pairs.clone().map(|pair| of(table.outline(pair[side]))).collect()
    };
    let of_constituents = |axis: usize| -> Vec<f32> {
        jets.clone().flat_map(|jet| table.constituents(jet)).map(|values| f32::from(values[axis])).collect()
    };
    match quantity {
        JetQuantity::Share => of_constituents(0).into_iter().map(f32::log10).collect(),
        JetQuantity::DeltaEta => of_constituents(1),
        JetQuantity::DeltaPhi => of_constituents(2),
        JetQuantity::Constituents => jets.map(|jet| table.count(jet) as f32).collect(),
        JetQuantity::Mass => jets.map(|jet| table.sum_of_constituents(jet).mass() as f32).collect(),
        JetQuantity::Tau21 => {
            jets.filter_map(|jet| tau21(table.constituents(jet))).map(|ratio| ratio as f32).collect()
        }
        JetQuantity::Momentum => jets.map(|jet| table.kinematics(jet).pt).collect(),
        JetQuantity::Sum => {
            let sum = |jet| table.constituents(jet).iter().map(|values| f32::from(values[0])).sum();
            jets.map(sum).collect()
        }
        JetQuantity::LeadingMomentum => of_side(0, |outline| outline.kinematics.pt),
        JetQuantity::SubleadingMomentum => of_side(1, |outline| outline.kinematics.pt),
        JetQuantity::LeadingEta => of_side(0, |outline| outline.kinematics.eta),
        JetQuantity::SubleadingEta => of_side(1, |outline| outline.kinematics.eta),
        JetQuantity::LeadingMass => of_side(0, |outline| outline.kinematics.mass),
        JetQuantity::SubleadingMass => of_side(1, |outline| outline.kinematics.mass),
        JetQuantity::LeadingConstituents => of_side(0, |outline| outline.count as f32),
        JetQuantity::SubleadingConstituents => of_side(1, |outline| outline.count as f32),
        JetQuantity::Azimuth => {
            let phi = |jet| f64::from(table.kinematics(jet).phi);
            pairs.map(|[one, other]| wrap(phi(one) - phi(other)).abs() as f32).collect()
        }
        JetQuantity::DijetMass => pairs.map(|[one, _]| table.dijet_mass(one / 2) as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::sample::jets::Kinematics;

    #[test]
    fn quantities_are_those_of_jets_and_constituents() {
        let mut jets = Jets::default();
        let at = |share, eta, phi| [share, eta, phi].map(f16::from_f32);
        let kinematics = Kinematics { pt: 100.0, eta: 0.0, phi: 0.0, mass: 0.0 };
        jets.push(kinematics, [at(0.5, 0.25, 0.0), at(0.25, -0.25, 0.5)]);
        jets.push(Kinematics { pt: 50.0, ..kinematics }, [at(0.5, 0.0, 0.0); 3]);
        let of = |quantity| values(EventJets::all(&jets), quantity);
        assert_eq!(of(JetQuantity::Constituents), [2.0, 3.0]);
        assert_eq!(of(JetQuantity::DeltaEta), [0.25, -0.25, 0.0, 0.0, 0.0]);
        assert_eq!(of(JetQuantity::DeltaPhi), [0.0, 0.5, 0.0, 0.0, 0.0]);
        assert_eq!(of(JetQuantity::Sum), [0.75, 1.5]);
        assert_eq!(of(JetQuantity::Momentum), [100.0, 50.0]);
        assert!((of(JetQuantity::Share)[1] + 4.0_f32.log10()).abs() < 1e-6);
        // m² = 2 · 50 · 25 (cosh 0.5 − cos 0.5).
        assert!((of(JetQuantity::Mass)[0] - 25.002).abs() < 1e-3, "{:?}", of(JetQuantity::Mass));
        assert_eq!(of(JetQuantity::SubleadingConstituents), [3.0]);
        assert_eq!((of(JetQuantity::LeadingMomentum), of(JetQuantity::Azimuth)), (vec![100.0], vec![0.0]));
        assert_eq!(of(JetQuantity::DijetMass).len(), 1);
        // Constituents on top of each other have no substructure.
        assert_eq!(of(JetQuantity::Tau21).len(), 1);
    }

    #[test]
    fn thinning_takes_from_everywhere() {
        let events: Vec<u32> = (0..25_000).collect();
        let found = thinned(&events);
        assert!(found.len() <= LOOKED_AT && found.last().is_some_and(|last| *last > 24_990));
        assert_eq!(thinned(&events[..5]), [0, 1, 2, 3, 4]);
    }
}
