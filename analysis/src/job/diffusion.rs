//! The diffusion model of the features, how it is sampled, and what templates are made of it.

use serde::{Deserialize, Serialize};

use super::document::Section;
use super::keys::keys;
use super::limits::{LEAST_SIGMA, MOST_SIGMA, MOST_STEPS};
use super::rules::{
    Rule, above_zero, decay, fitting, kept_share, number, positive, rate, validation_share, whole, word,
};
use crate::job::solver::{LEAST_EVALUATIONS, Solver};
use crate::job::{Oversampling, SigmaPrime};

keys! {
    /// The diffusion model of the features and its training.
    pub struct DenoiserSettings {
        /// Hidden layers of the residual network (P).
        pub hidden_layers: usize = 4, positive();
        /// Nodes of a hidden layer (P).
        pub width: usize = 64, positive();
        /// Features of the noise strength (D).
        pub noise_features: usize = 16, positive();
        /// `cosine`: cosines of σ (P), of these (D), the fastest of which turn by more than half a period a step of the grid;
        /// `log`: ln σ/4 and waves along it (docs/validation.md has both).
        #[serde(default, skip_serializing_if = "NoiseEmbedding::goes_without_saying")]
        pub noise_embedding: NoiseEmbedding = "cosine", word();
        /// Waves of the mass that the network sees beside the mass itself, so that what it makes may bend with the mass (docs/validation.md
        /// has what they do).
        #[serde(default, skip_serializing_if = "is_none")]
        pub mass_features: usize = 0, whole("a whole number up to 64", |count| count <= 64);
        /// `input`: noise strength and mass enter with the event (P); `layers`: they scale and shift what every further layer sees as well
        /// (docs/validation.md has both).
        #[serde(default, skip_serializing_if = "Conditioning::goes_without_saying")]
        pub conditioning: Conditioning = "input", word();
        /// Passes over the side-band events (P).
        pub epochs: usize = 700, positive();
        /// Events a step (D).
        pub batch: usize = 256, positive();
        /// Learning rate of Adam after the warm-up (P).
        pub learning_rate: f64 = 1e-4, rate();
        /// Steps of the linear warm-up (P), at most 1/20 of the training, about its share in the paper (D).
        pub warmup_steps: usize = 50000, whole("a whole number", |_| true);
        /// Learning rate after the warm-up: `constant` (P) or `cosine`, down to zero at the end.
        pub schedule: Schedule = "constant", word();
        /// Decoupled weight decay.
        pub weight_decay: f64 = 0.0, decay();
        /// Largest norm of a member's gradient (D).
        pub gradient_clip: f64 = 10.0, above_zero();
        /// Sampling uses a running average of the weights: share of the old average kept at each step (D).
        pub ema_decay: f64 = 0.999, kept_share();
        /// In place of that: the average weighs steps by a power of their number, so that its weights have a standard deviation of this
        /// share of the training, from 0.005 to 0.28, however long it is; 0: by `ema_decay`.
        #[serde(default, skip_serializing_if = "is_no_width")]
        pub ema_width: f64 = 0.0, number("0, or a share from 0.005 to 0.28", |x| x == 0.0 || (0.005..=0.28).contains(&x));
        /// `edm`: mean square error of the network's own target (D); `printed`: of the denoised event (P).
        pub loss_weighting: LossWeighting = "edm", word();
        /// `standardised`: each feature by shift and scale (P); `gaussian`: by the increasing map that makes it a unit normal,
        /// which keeps hard edges such as Δm = 0 (D).
        pub marginals: Marginals = "standardised", word();
        /// Mean of ln σ, the noise strength in training (P).
        pub log_noise_mean: f64 = -1.2, number("a number", |_| true);
        /// Standard deviation of ln σ (P).
        pub log_noise_std: f64 = 1.2, above_zero();
        /// Share of the side-band events kept aside to show over-training (D).
        pub validation_fraction: f64 = 0.05, validation_share();
    }
}

impl DenoiserSettings {
    /// Notes that two averages are asked for, of which there is one.
    pub(super) fn check(&self, section: &Section<'_>) {
        if self.ema_width > 0.0 && section.departs("ema_decay") {
            let message = format!(
                "is {}, with ema_width = {} (the average of the weights is by one of both) remove one of them",
                self.ema_decay, self.ema_width
            );
            section.wrong("ema_decay", message);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_no_width(width: &f64) -> bool {
    *width == 0.0
}

/// The features of the noise strength σ that a denoiser sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseEmbedding {
    /// Cosines of σ, each of them faster than the one before by a factor of e. Jobs from before there was a choice have
    /// these: they are what a stored job means that names none.
    #[default]
    Cosine,
    /// ln σ / 4, and waves along ln σ, which turn alike at every strength.
    Log,
}

impl NoiseEmbedding {
    /// Whether a stored job goes without naming it: fingerprints of what was trained before there was a choice stay as they are.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn goes_without_saying(&self) -> bool {
        *self == Self::default()
    }
}

/// Where noise strength and mass enter a denoiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conditioning {
    /// With the event, in the first layer: what a stored job means that names none.
    #[default]
    Input,
    /// There, and by a scale and a shift of what each further layer sees.
    Layers,
}

impl Conditioning {
    /// Whether a stored job goes without naming it: fingerprints of what was trained before there was a choice stay as they are.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn goes_without_saying(&self) -> bool {
        *self == Self::default()
    }
}

/// The course of a learning rate after its warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It follows a quarter wave of a cosine down to zero.
    Cosine,
}

/// What the squared error of the diffusion loss is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossWeighting {
    /// The network's own target: every noise strength counts alike.
    Edm,
    /// The denoised event, as the paper prints it.
    Printed,
}

/// How features are brought to zero mean and unit variance before the model sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marginals {
    /// By shift and scale.
    Standardised,
    /// By the increasing map that makes each of them a unit normal.
    Gaussian,
}

keys! {
    /// How the reverse diffusion is solved.
    pub struct SamplerSettings {
        /// The integration rule: `heun` (P) or `euler`, on a grid that crowds towards small noise, or `dpmpp_2m` (D), even in
        /// the logarithm of the noise, which needs a third of Heun's network evaluations.
        pub solver: Solver = "heun", word();
        /// Points of the noise grid (P). An event made from pure noise takes 2 (steps − 1) network evaluations with `heun`,
        /// steps − 1 with `euler`, and as many as there are steps with `dpmpp_2m`; four at least.
        pub steps: usize = 200, whole("a whole number from 2", |_| true);
        /// Smallest noise strength, of the range that trainings learn (P).
        pub sigma_min: f64 = 1e-5, number("a number from 1e-12", |x| x >= LEAST_SIGMA);
        /// Largest noise strength (P).
        pub sigma_max: f64 = 80.0, number("a number from 1e-12 to 1e6", |x| (LEAST_SIGMA..=MOST_SIGMA).contains(&x));
        /// How the grid of `heun` and `euler` crowds towards small noise, down to `sigma_min` (P).
        pub rho: f64 = 7.0, number("a number from 1 to 100", |x| (1.0..=100.0).contains(&x));
        /// Where the grid of `dpmpp_2m` ends, with the event that the network sees through so much noise (D).
        #[serde(default = "usual_end", skip_serializing_if = "is_usual_end")]
        pub sigma_last: f64 = 0.01, number("a number from 1e-12", |x| x >= LEAST_SIGMA);
        /// How far outside of the signal region `noise_efficient` and `flow_matching_efficient` ask their network, between whose answers
        /// they interpolate, in widths of the signal region and at most to the ends of the side-bands (D).
        #[serde(default, skip_serializing_if = "is_at_the_edges")]
        pub edge_margin: f64 = 0.0, number("a number from 0 to 100", |x| (0.0..=100.0).contains(&x));
    }
    check SamplerSettings::check;
}

impl SamplerSettings {
    fn check(&self, section: &Section<'_>) {
        if self.steps < 2 {
            let message = "is below 2 (a grid has two ends) set at least 2; the paper uses 200";
            section.wrong("steps", message);
        }
        let least = self.solver.least_points();
        if (2..least).contains(&self.steps) {
            section.wrong("steps", too_few(self.solver, self.steps));
        }
        if self.steps > MOST_STEPS as usize {
            let message = format!(
                "is {} (with so many steps nothing changes any more but the time that they take) use {MOST_STEPS} at most; the \
                 paper uses 200",
                self.steps
            );
            section.wrong("steps", message);
        }
        if self.sigma_min >= self.sigma_max {
            section.wrong("sigma_min", "is not below sigma_max (noise must fall) lower it");
        }
    }

    /// The noise strength at which the grid ends.
    pub fn end(&self) -> f64 {
        match self.solver {
            Solver::Heun | Solver::Euler => self.sigma_min,
            Solver::Dpmpp2m => self.sigma_last,
        }
    }

    /// The same for a network that is asked at the masses of the events themselves, which no margin changes.
    pub fn at_own_masses(&self) -> Self {
        Self { edge_margin: 0.0, ..self.clone() }
    }
}

/// What is said of a grid of too few points.
pub(super) fn too_few(solver: Solver, steps: usize) -> String {
    format!(
        "is {steps} ({} makes {} network evaluations of that, and with fewer than {LEAST_EVALUATIONS} noise does not become \
         events) set at least {}",
        solver.word(),
        solver.evaluations(steps),
        solver.least_points()
    )
}

/// The end that a stored job goes without naming, so that what was made before there was this key still counts.
fn usual_end() -> f64 {
    0.01
}

/// What a stored job goes without naming, for the same reason.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_at_the_edges(margin: &f64) -> bool {
    *margin == 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_usual_end(sigma: &f64) -> bool {
    sigma.to_bits() == usual_end().to_bits()
}

keys! {
    /// How templates are made, where a scan says nothing else.
    pub(super) struct TemplateKeys {
        /// Template events for each event that the method starts from (D), where a scan names no other: each data event of
        /// the signal region (∅, SR), each side-band event (SB), each event of the other sample in the signal region (MC).
        pub oversampling: Oversampling = 5, copies();
        /// Noise strength at which partial diffusion turns round, where a scan names no other (P).
        pub sigma_prime: SigmaPrime = 2.24, strength();
        /// The same for constituents (P, section 4.3).
        pub sigma_prime_llv: SigmaPrime = 8.9, strength();
        /// What generated constituents sum to. `free`: what the model makes of it (P); `conserved`: they are moved, scaled and
        /// spread until they sum to the four-vector of their jet, as true ones do, where none is lost beyond the leading
        /// 128 (D).
        pub momentum_llv: Momentum = "free", word();
    }
}

/// What generated constituents sum to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Momentum {
    /// What the model makes them sum to.
    Free,
    /// The four-vector of their jet.
    Conserved,
}

fn copies() -> Rule<'static, Oversampling> {
    let rule = positive();
    Rule::new(rule.expected().to_owned(), move |value| {
        rule.read(value).map(|factor| Oversampling(factor as u32))
    })
}

fn strength() -> Rule<'static, SigmaPrime> {
    fitting("a noise strength above 0", |sigma: &SigmaPrime| sigma.0 > 0.0)
}

#[cfg(test)]
mod tests {
    use crate::job::JobFile;

    fn job(embedding: &str) -> Result<crate::job::Job, crate::error::Error> {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[denoiser]\n{embedding}\n[[scan]]\n\
             method = 'noise'\nn_signal = [0]\n"
        );
        JobFile::from_text("job.toml", text).check()
    }

    #[test]
    fn cosines_of_a_job_leave_no_trace_and_logarithms_do() {
        let settings = |embedding: &str| job(embedding).expect("a good job").denoiser;
        let text = |embedding: &str| serde_json::to_string(&settings(embedding)).expect("numbers");
        let cosine = text("noise_embedding = 'cosine'");
        // As it was before there was a choice, so that what was trained then still counts.
        assert!(!cosine.contains("embedding"), "{cosine}");
        let read: crate::job::DenoiserSettings = serde_json::from_str(&cosine).expect("the same");
        assert_eq!(read, settings("noise_embedding = 'cosine'"));
        let log = text("noise_embedding = 'log'");
        assert!(log.contains("\"noise_embedding\":\"log\""), "{log}");
        let wrong = job("noise_embedding = 'linear'").expect_err("a refusal").to_string();
        assert!(wrong.contains("write \"cosine\" or \"log\""), "{wrong}");
    }
}
