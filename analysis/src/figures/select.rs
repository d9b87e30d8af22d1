//! Selecting the points of a scan that a figure shows.

use crate::job::{
    ClassifierKind, Comparison, Inputs, Kinematics, NoiseGrid, NoisePath, Oversampling, ScanPoint, Scope,
    SignalCount, method_names,
};
use crate::plan::work::{MakeTemplate, TrainDenoisers};
use crate::store::{DenoiserTraining, PointResults, Results, TemplateSummary};

/// The methods of Figs. 4 and 5.
pub const FROM_NOISE: [&str; 10] = [
    "supervised",
    "over_idealised",
    "idealised",
    "curtains_f4f",
    "curtains_f4f_efficient",
    "cathode",
    "flow_matching",
    "flow_matching_efficient",
    "noise",
    "noise_efficient",
];
/// The methods of Figs. 8 and 18.
pub const ALL: [&str; 14] = [
    "supervised",
    "over_idealised",
    "idealised",
    "curtains_f4f",
    "curtains_f4f_efficient",
    "cathode",
    "feta",
    "flow_matching",
    "flow_matching_efficient",
    "noise",
    "noise_efficient",
    "sr",
    "sb",
    "mc",
];
/// The methods of Fig. 17, and flow matching.
pub const GENERATED: [&str; 8] =
    ["supervised", "flow_matching", "flow_matching_efficient", "noise", "noise_efficient", "sr", "sb", "mc"];
/// Partial diffusion.
pub const PARTIAL: [&str; 3] = ["sr", "sb", "mc"];
/// The reference methods that partial diffusion is compared with.
pub const REFERENCES: [&str; 8] = [
    "supervised",
    "over_idealised",
    "curtains_f4f",
    "cathode",
    "flow_matching",
    "flow_matching_efficient",
    "noise",
    "noise_efficient",
];

/// Whether a point is one of the main scan: its classifier and its sampler are those of the job.
pub fn is_usual(results: &Results, point: &ScanPoint) -> bool {
    is_usual_for(results, ClassifierKind::Mlp, point)
}

/// As [`is_usual`], for a kind of classifier.
fn is_usual_for(results: &Results, kind: ClassifierKind, point: &ScanPoint) -> bool {
    is_plain(results, kind, point) && point.kinematics() != Some(Kinematics::Diffused)
}

/// The same, whether the jets' kinematics are kept or diffused.
fn is_plain(results: &Results, kind: ClassifierKind, point: &ScanPoint) -> bool {
    point.classifier == kind && is_own_sampler(point) && is_nominal_band(results, point)
}

/// Whether signal region and side-bands are the nominal ones, or there are none.
pub fn is_nominal_band(results: &Results, point: &ScanPoint) -> bool {
    point.template().is_none_or(|template| template.sample.is_nominal(&results.job.regions))
}

/// Whether the sampler is the job's own, or there is none.
pub fn is_own_sampler(point: &ScanPoint) -> bool {
    point.template().is_none_or(|template| template.integration.is_none())
}

/// Whether the data hold this much signal, or the method sees none.
pub fn has_signal(point: &ScanPoint, n_signal: SignalCount) -> bool {
    point.n_signal().is_none_or(|count| count == n_signal)
}

/// The noise strength that the template's events started from.
pub fn start(results: &Results, point: &ScanPoint) -> Option<f64> {
    point.template().map(|template| NoiseGrid::of(&results.job.sampler, &template).start())
}

/// Whether a template begins at the largest noise, as DRAPES ∅ and GenSR do in all figures but one.
pub fn from_pure_noise(results: &Results, point: &ScanPoint) -> bool {
    start(results, point).is_none_or(|sigma| sigma > 0.999 * results.job.sampler.sigma_max)
}

/// Whether a template begins at the noise of the figures that scan none: the largest, or for partial diffusion the scanned strength
/// that is nearest to the job's own, of those with the same injection, side-bands, solver and classifiers.
pub fn is_usual_strength(results: &Results, point: &ScanPoint) -> bool {
    if !PARTIAL.contains(&point.method()) {
        return from_pure_noise(results, point);
    }
    let solver = |point: &ScanPoint| point.template().and_then(|template| template.integration);
    let kind = |point: &ScanPoint| {
        (point.method(), point.classifier, point.n_signal(), point.side_bands(), solver(point))
    };
    let alike = results.points.iter().filter(|found| kind(&found.point) == kind(point));
    let nearest = alike.map(|found| distance(results, &found.point).0).fold(f64::INFINITY, f64::min);
    distance(results, point).0 <= nearest
}

/// How far a point is from what the job calls nominal: first in σ′, then in over-sampling.
fn distance(results: &Results, point: &ScanPoint) -> (f64, f64) {
    let partial = PARTIAL.contains(&point.method());
    let sigma = point.template().and_then(|template| template.sigma_prime).filter(|_| partial);
    let usual = match point.classifier.inputs() {
        Inputs::Hlv => results.job.sigma_prime,
        Inputs::Llv => results.job.sigma_prime_llv,
    };
    let sigma = sigma.map_or(0.0, |sigma| (sigma.0 / usual.0).ln().abs());
    let factor = |factor: u32| (f64::from(factor) / f64::from(results.job.oversampling.0)).ln().abs();
    let data = match point.comparison {
        Comparison::GenSr { data_oversampling, .. } => factor(data_oversampling.0),
        _ => 0.0,
    };
    let own = match point.comparison {
        // By definition the idealised reference has as many events as the data.
        Comparison::Idealised { .. } | Comparison::Supervised => 0.0,
        _ => point.oversampling().map_or(0.0, |over| factor(over.0)),
    };
    (sigma, own + data)
}

/// Of all points with the same key the most nominal one, in the order of the job.
pub fn nominal<'a, K: PartialEq>(
    results: &Results,
    points: impl IntoIterator<Item = &'a PointResults>,
    key: impl Fn(&PointResults) -> K,
) -> Vec<(K, &'a PointResults)> {
    let mut best: Vec<(K, &PointResults)> = Vec::new();
    for found in points {
        let here = key(found);
        match best.iter_mut().find(|(known, _)| *known == here) {
            Some((_, known)) if distance(results, &found.point) < distance(results, &known.point) => {
                *known = found;
            }
            Some(_) => {}
            None => best.push((here, found)),
        }
    }
    best
}

/// Of these points the one whose data were drawn most often, whose numbers of events are the best mean; the first of several, and none
/// where no method sees data.
pub fn most_drawn<'a>(points: &[&'a PointResults]) -> Option<&'a PointResults> {
    let draws = |found: &PointResults| found.sizes_by_draw.len();
    let with_data = points.iter().copied().filter(|found| found.point.n_signal().is_some());
    with_data.reduce(|best, found| if draws(found) > draws(best) { found } else { best })
}

/// One point of each of these methods at an injection, in the order of legends: by networks, with the job's own
/// side-bands, sampler, σ′ and over-sampling.
pub fn headline<'a>(results: &'a Results, n_signal: SignalCount, methods: &[&str]) -> Vec<&'a PointResults> {
    headline_by(results, ClassifierKind::Mlp, n_signal, methods)
}

/// As [`headline`], by classifiers of some kind.
pub fn headline_by<'a>(
    results: &'a Results,
    kind: ClassifierKind,
    n_signal: SignalCount,
    methods: &[&str],
) -> Vec<&'a PointResults> {
    // The paper shows one reference with true background, the over-idealised one; a scan that has only the idealised one
    // shows that.
    let over_idealised = results.points.iter().any(|found| {
        found.point.method() == "over_idealised" && found.point.classifier.inputs() == kind.inputs()
    });
    let wanted = |found: &&PointResults| {
        let (point, method) = (&found.point, found.point.method());
        methods.contains(&method)
            && !(method == "idealised" && over_idealised)
            && is_usual_for(results, kind, point)
            && has_signal(point, n_signal)
            && (PARTIAL.contains(&method) || from_pure_noise(results, point))
    };
    let points = results.points.iter().filter(wanted);
    let mut best: Vec<&PointResults> =
        nominal(results, points, |found| found.point.method()).into_iter().map(|(_, found)| found).collect();
    best.sort_by_key(|found| method_names::rank(found.point.method()));
    best
}

/// The points of these methods with the noise strength that each began at: by method, then by strength.
pub fn by_strength<'a>(
    results: &'a Results,
    kind: ClassifierKind,
    n_signal: SignalCount,
    methods: &[&str],
) -> Vec<(f64, &'a PointResults)> {
    let wanted = |point: &ScanPoint| methods.contains(&point.method()) && is_usual_for(results, kind, point);
    along_strength(results, n_signal, wanted)
}

/// The points of DRAPES SR whose jets had their kinematics diffused as well, as [`by_strength`].
pub fn by_strength_of_kinematics(results: &Results, n_signal: SignalCount) -> Vec<(f64, &PointResults)> {
    let kind = ClassifierKind::Transformer;
    let wanted = |point: &ScanPoint| {
        point.kinematics() == Some(Kinematics::Diffused) && is_plain(results, kind, point)
    };
    along_strength(results, n_signal, wanted)
}

fn along_strength(
    results: &Results,
    n_signal: SignalCount,
    wanted: impl Fn(&ScanPoint) -> bool,
) -> Vec<(f64, &PointResults)> {
    let points =
        results.points.iter().filter(|found| wanted(&found.point) && has_signal(&found.point, n_signal));
    let strength = |found: &PointResults| start(results, &found.point).unwrap_or(f64::NAN);
    let best = nominal(results, points, |found| (found.point.method(), strength(found)));
    let mut scans: Vec<_> = best.into_iter().map(|((_, sigma), found)| (sigma, found)).collect();
    scans.sort_by(|(one, first), (other, second)| {
        let methods =
            method_names::rank(first.point.method()).cmp(&method_names::rank(second.point.method()));
        methods.then(one.total_cmp(other))
    });
    scans
}

/// The injections that have panels of their own: those that the job names, as far as there are results; else
/// the two largest.
pub fn injections(results: &Results) -> Vec<SignalCount> {
    let mut found = results.injections();
    let named: Vec<SignalCount> =
        results.job.figures.injections.iter().copied().filter(|count| found.contains(count)).collect();
    if !named.is_empty() {
        return named;
    }
    found.retain(|count| count.0 > 0);
    found.split_off(found.len().saturating_sub(2))
}

/// The templates of a method from the nominal side-bands by the job's own sampler.
pub fn templates<'a>(results: &'a Results, method: &str) -> Vec<&'a TemplateSummary> {
    let wanted = |summary: &&TemplateSummary| {
        summary.template.is_some_and(|template| {
            template.method.word() == method
                && template.integration.is_none()
                && template.sample.is_nominal(&results.job.regions)
        })
    };
    results.each::<MakeTemplate>().map(Box::as_ref).filter(wanted).collect()
}

/// The trainings of denoisers of one scope on the nominal side-bands, by rising injection.
pub fn trainings(results: &Results, scope: Scope) -> Vec<&DenoiserTraining> {
    trainings_by(results, scope, NoisePath::Diffusion)
}

/// As [`trainings`], of networks that learn a path to noise.
pub fn trainings_by(results: &Results, scope: Scope, path: NoisePath) -> Vec<&DenoiserTraining> {
    let wanted = |training: &&DenoiserTraining| {
        training.scope == scope && training.path == path && training.sample.is_nominal(&results.job.regions)
    };
    let mut found: Vec<_> = results.each::<TrainDenoisers>().flatten().filter(wanted).collect();
    found.sort_by_key(|training| training.sample.injection.n_signal);
    found
}

/// DRAPES ∅ at an injection by its over-sampling, in rising order.
pub fn noise_by_factor(results: &Results, n_signal: SignalCount) -> Vec<(Oversampling, &PointResults)> {
    let wanted = |found: &&PointResults| {
        let point = &found.point;
        point.method() == "noise"
            && is_usual(results, point)
            && has_signal(point, n_signal)
            && from_pure_noise(results, point)
    };
    let points = results.points.iter().filter(wanted);
    let mut found: Vec<(Oversampling, &PointResults)> = Vec::new();
    for (factor, point) in nominal(results, points, |found| found.point.oversampling()) {
        found.extend(factor.map(|factor| (factor, point)));
    }
    found.sort_by_key(|(factor, _)| *factor);
    found
}
