//! The preconditioning of the denoiser: how input, output and target of its network are scaled with the noise strength σ, so that
//! they have unit variance at every σ; and how the network is told σ.

use std::cell::RefCell;
use std::collections::HashMap;

use drapes_analysis::job::NoisePath;
use tch::{Device, Tensor};

/// Standard deviation of the standardised events.
const SIGMA_DATA: f64 = 1.0;

/// The scalings around the network F at one noise strength: `D(x; σ) = c_skip x + c_out F(c_in x; σ)`.
///
/// `c_in` and `c_out` give input and target of the network unit variance; `c_skip` is where `c_out`, which amplifies the errors of
/// the network, is least.
///
/// Source: Karras et al. 2022, Table 1, with σ(data) = 1 because all inputs are standardised (paper 3.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preconditioning {
    /// Share of the noisy event that is kept.
    pub c_skip: f64,
    /// Scale of the network's output.
    pub c_out: f64,
    /// Scale of the network's input.
    pub c_in: f64,
}

impl Preconditioning {
    /// The scalings at noise strength σ on a path.
    ///
    /// On the straight path the network answers the velocity n − x₀ where it is given x₀ (1 − t) + n t = x/(1 + σ), with
    /// t = σ/(1 + σ): x₀ = x − σ n and n = v + x₀ give x₀ = (x − σ v)/(1 + σ).
    pub fn on(path: NoisePath, sigma: f64) -> Self {
        match path {
            NoisePath::Diffusion => Self::at(sigma),
            NoisePath::Straight => {
                let c_in = 1.0 / (1.0 + sigma);
                Self { c_skip: c_in, c_out: -sigma * c_in, c_in }
            }
        }
    }

    /// The scalings at noise strength σ of the diffusion.
    pub fn at(sigma: f64) -> Self {
        let variance = sigma * sigma + SIGMA_DATA * SIGMA_DATA;
        Self {
            c_skip: SIGMA_DATA * SIGMA_DATA / variance,
            c_out: sigma * SIGMA_DATA / variance.sqrt(),
            c_in: 1.0 / variance.sqrt(),
        }
    }
}

/// Noisy values as a network learns from them: what it is given, and what it should answer.
pub struct NoisyInput {
    /// The noise strengths.
    pub sigma: Tensor,
    /// c(in) x, where x = x₀ + σ n.
    pub scaled: Tensor,
    /// What the network should answer.
    pub target: Tensor,
    /// Scale of the network's output.
    pub c_out: Tensor,
}

impl NoisyInput {
    /// Clean values with noise, whose strength is log-normal within a range.
    ///
    /// The network should answer F = (x₀ − c(skip) x) / c(out). With σ(data) = 1 and c(in)² = 1 / (1 + σ²):
    ///
    /// ```text
    /// c(skip) = c(in)²  and  c(out) = σ c(in),  by definition;
    /// x₀ − c(skip) x = c(in)² ((1 + σ²) x₀ − x₀ − σ n) = σ c(in)² (σ x₀ − n),  with x = x₀ + σ n;
    /// F = σ c(in)² (σ x₀ − n) / (σ c(in)) = (σ x₀ − n) c(in).
    /// ```
    ///
    /// The last form is computed: at small σ, x₀ and c(skip) x agree in nearly all digits of single precision, and their
    /// difference would be rounding.
    ///
    /// On the straight path the answer is the velocity n − x₀.
    ///
    /// # Shapes
    /// `clean` and `noise` alike; `strength`, unit normals, broadcasts to them.
    pub fn new(clean: &Tensor, noise: &Tensor, strength: &Tensor, law: &NoiseLaw) -> Self {
        let sigma = law.strengths(strength);
        if law.path == NoisePath::Straight {
            let c_in = (&sigma + 1.0).reciprocal();
            return Self {
                scaled: (clean + &sigma * noise) * &c_in,
                target: noise - clean,
                c_out: -(&sigma * c_in),
                sigma,
            };
        }
        let c_in = (sigma.square() + SIGMA_DATA * SIGMA_DATA).rsqrt();
        Self {
            scaled: (clean + &sigma * noise) * &c_in,
            target: (clean * &sigma - noise) * &c_in,
            c_out: &sigma * c_in * SIGMA_DATA,
            sigma,
        }
    }
}

/// How noise strengths are drawn in a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseLaw {
    /// The path that events take to noise.
    pub path: NoisePath,
    /// Mean and standard deviation of ln σ in the diffusion.
    pub log_sigma: (f64, f64),
    /// The least and the largest σ.
    pub range: (f64, f64),
}

impl NoiseLaw {
    /// Noise strengths of unit normals: log-normal in the diffusion; on the straight path such that t = σ/(1 + σ) is uniform.
    pub fn strengths(&self, normals: &Tensor) -> Tensor {
        let sigma = match self.path {
            NoisePath::Diffusion => (normals * self.log_sigma.1 + self.log_sigma.0).exp(),
            NoisePath::Straight => {
                // The other tail's share is 1 − t, without its rounding.
                normals.special_ndtr() / (-normals).special_ndtr()
            }
        };
        sigma.clamp(self.range.0, self.range.1)
    }
}

/// Cosine features of noise strengths, which are in the last dimension.
///
/// # Shapes
/// `[…, 1]` to `[…, count]`.
///
/// Source: cos(π eᵏ σ / `sigma_max`), k = 0, 1, …; that the noise is embedded by cosines is in the paper, section 3.1; the
/// frequencies are those of the group's public code.
pub fn cosines(sigma: &Tensor, count: usize, sigma_max: f64) -> Tensor {
    let turns = turns(count, sigma_max, sigma.device());
    // Only the fraction of a turn matters; taken first, it keeps the cosine on its fast path.
    (sigma * turns).frac_().g_mul_scalar_(2.0 * std::f64::consts::PI).cos()
}

thread_local! {
    /// The turns that this thread has asked for: each is moved to its device once, since a GPU would wait for it each time.
    static TURNS: RefCell<HashMap<(usize, u64, Device), Tensor>> = RefCell::default();
}

/// Turns of each cosine feature at σ = 1.
fn turns(count: usize, sigma_max: f64, device: Device) -> Tensor {
    let turns = || {
        let turns: Vec<f32> = (0..count).map(|k| ((k as f64).exp() / (2.0 * sigma_max)) as f32).collect();
        Tensor::from_slice(&turns).to_device(device)
    };
    let key = (count, sigma_max.to_bits(), device);
    TURNS.with_borrow_mut(|known| known.entry(key).or_insert_with(turns).shallow_clone())
}

/// ln σ / 4, then cosines and sines of π k ln σ / 8, k = 1, 2, …, of noise strengths, which are in the last dimension.
///
/// The slowest wave has one period between σ = 1e-5 and 90; the fastest of sixteen features turns by a quarter of a period
/// where σ changes by a factor of 1.6, at every strength alike.
///
/// # Shapes
/// `[…, 1]` to `[…, count]`.
///
/// Source: ln σ / 4 is the input of Karras et al. 2022, Table 1; the waves beside it are our own.
pub fn log_features(sigma: &Tensor, count: usize) -> Tensor {
    let log = sigma.log();
    let features = (0..count).map(|index| {
        let angle = &log * (std::f64::consts::PI * index.div_ceil(2) as f64 / 8.0);
        match index {
            0 => &log / 4.0,
            _ if index % 2 == 1 => angle.cos(),
            _ => angle.sin(),
        }
    });
    Tensor::cat(&features.collect::<Vec<_>>(), -1)
}

/// t = σ/(1 + σ), then cosines and sines of π k t, k = 1, 2, …, of noise strengths, which are in the last dimension: what the
/// network of straight paths is told.
///
/// # Shapes
/// `[…, 1]` to `[…, count]`.
pub fn time_features(sigma: &Tensor, count: usize) -> Tensor {
    let time = sigma / (sigma + 1.0);
    let features = (0..count).map(|index| {
        let angle = &time * (std::f64::consts::PI * index.div_ceil(2) as f64);
        match index {
            0 => time.shallow_clone(),
            _ if index % 2 == 1 => angle.cos(),
            _ => angle.sin(),
        }
    });
    Tensor::cat(&features.collect::<Vec<_>>(), -1)
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::noise_grid::NoiseGrid;
    use drapes_analysis::job::{SamplerSettings, Solver};

    use super::*;

    #[test]
    fn logarithmic_features_turn_alike_at_every_strength() {
        let at = |sigma: f64| {
            let found = log_features(&Tensor::from_slice(&[sigma]).view([1, 1]), 16);
            Vec::<f64>::try_from(found.view([-1])).expect("numbers")
        };
        assert_eq!((at(1.0)[0], at(1.0)[1], at(1.0)[2]), (0.0, 1.0, 0.0));
        let distance = |a: &[f64], b: &[f64]| {
            let waves = a[1..15].iter().zip(&b[1..15]);
            waves.map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        // Pairs of cosine and sine: how far two strengths are apart depends on their ratio alone.
        let far = distance(&at(1e-3), &at(2e-3));
        for sigma in [1e-5, 0.1, 40.0] {
            assert!((distance(&at(sigma), &at(2.0 * sigma)) - far).abs() < 1e-9 * far);
        }
    }

    #[test]
    fn cosines_alias_on_the_grid_and_logarithmic_features_do_not() {
        let paper = SamplerSettings {
            solver: Solver::Heun,
            steps: 200,
            sigma_min: 1e-5,
            sigma_max: 80.0,
            rho: 7.0,
            sigma_last: 0.01,
            edge_margin: 0.0,
        };
        let sigmas = NoiseGrid::full(&paper).sigmas;
        // Of 199 steps, those in which a feature turns by more than half a period.
        let aliased = |turn: &dyn Fn(f64) -> f64| {
            sigmas.windows(2).filter(|pair| (turn(pair[1]) - turn(pair[0])).abs() > 0.5).count()
        };
        let cosines: Vec<usize> =
            (0..16).map(|k| aliased(&|sigma| f64::from(k).exp() * sigma / 160.0)).collect();
        assert_eq!(cosines.iter().filter(|steps| **steps > 0).count(), 12, "{cosines:?}");
        assert_eq!(cosines.iter().filter(|steps| 2 * **steps > 199).count(), 8, "{cosines:?}");
        assert_eq!((1..=8).map(|k| aliased(&|sigma| f64::from(k) * sigma.ln() / 16.0)).sum::<usize>(), 0);
    }

    #[test]
    fn inputs_and_targets_have_unit_variance() {
        // Var(c_in x) = 1 and Var((x0 − c_skip x)/c_out) = 1 for unit data: the reasons for these scalings.
        for sigma in [1e-5_f64, 0.1, 1.0, 80.0] {
            let Preconditioning { c_skip, c_out, c_in } = Preconditioning::at(sigma);
            assert!((c_in * c_in * (1.0 + sigma * sigma) - 1.0).abs() < 1e-12);
            let target = ((1.0 - c_skip).powi(2) + (c_skip * sigma).powi(2)) / (c_out * c_out);
            assert!((target - 1.0).abs() < 1e-9, "{target} at {sigma}");
        }
    }

    #[test]
    fn noisy_inputs_have_the_scalings_of_their_strengths() {
        let numbers = |values: &[f64]| Tensor::from_slice(values).view([1, 4, 1]);
        let (clean, noise) = (numbers(&[0.3, -1.0, 2.0, 0.5]), numbers(&[1.0, 0.2, -0.7, 1.5]));
        // Unit normals that stand for ln σ; the last is beyond the range.
        let strengths = numbers(&[-7.0, -0.7, 2.0, 9.0]);
        let law = NoiseLaw { path: NoisePath::Diffusion, log_sigma: (0.1, 1.0), range: (1e-3, 80.0) };
        let noisy = NoisyInput::new(&clean, &noise, &strengths, &law);
        let at = |tensor: &Tensor, event: i64| tensor.double_value(&[0, event, 0]);
        for event in 0..4 {
            let sigma = at(&noisy.sigma, event);
            let expected = (at(&strengths, event) + 0.1).exp().clamp(1e-3, 80.0);
            assert!((sigma / expected - 1.0).abs() < 1e-12, "{sigma}");
            let Preconditioning { c_skip, c_out, c_in } = Preconditioning::at(sigma);
            let x = at(&clean, event) + sigma * at(&noise, event);
            let target = (at(&clean, event) - c_skip * x) / c_out;
            for (found, expected) in
                [(&noisy.scaled, c_in * x), (&noisy.target, target), (&noisy.c_out, c_out)]
            {
                assert!((at(found, event) - expected).abs() < 1e-9, "{expected} at {sigma}");
            }
        }
    }

    #[test]
    fn on_straight_paths_the_network_answers_the_velocity_at_even_times() {
        let numbers = |values: &[f64]| Tensor::from_slice(values).view([1, 5, 1]);
        let clean = numbers(&[0.3, -1.0, 2.0, 0.5, 0.1]);
        let noise = numbers(&[1.0, 0.2, -0.7, 1.5, -2.0]);
        let normals = numbers(&[-1.0, 0.0, 1.0, -30.0, 30.0]);
        let law = NoiseLaw { path: NoisePath::Straight, log_sigma: (0.0, 1.0), range: (1e-3, 80.0) };
        let noisy = NoisyInput::new(&clean, &noise, &normals, &law);
        let at = |tensor: &Tensor, event: i64| tensor.double_value(&[0, event, 0]);
        // The shares of a unit normal below −1, 0 and 1; the others are beyond the range.
        for (event, time) in [0.158_655_253_931, 0.5, 0.841_344_746_069].into_iter().enumerate() {
            let sigma = at(&noisy.sigma, event as i64);
            assert!((sigma / (1.0 + sigma) - time).abs() < 1e-9, "{sigma}");
        }
        assert_eq!((at(&noisy.sigma, 3), at(&noisy.sigma, 4)), (1e-3, 80.0));
        for event in 0..5 {
            let sigma = at(&noisy.sigma, event);
            let (x0, n) = (at(&clean, event), at(&noise, event));
            let Preconditioning { c_skip, c_out, c_in } = Preconditioning::on(NoisePath::Straight, sigma);
            let (x, time) = (x0 + sigma * n, sigma / (1.0 + sigma));
            assert!((at(&noisy.scaled, event) - (x0 * (1.0 - time) + n * time)).abs() < 1e-9);
            assert!((at(&noisy.scaled, event) - c_in * x).abs() < 1e-9);
            assert!((at(&noisy.target, event) - (n - x0)).abs() < 1e-12);
            assert!((c_skip * x + c_out * at(&noisy.target, event) - x0).abs() < 1e-9);
        }
    }
}
