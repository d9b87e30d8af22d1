//! The points of a scan: a method and its coordinates.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::job::{
    Draw, Injection, Inputs, Kinematics, MassWindow, Oversampling, SignalCount, TemplateMethod, TemplateSeed,
    TemplateSpec, Templates, TrainingSample,
};

/// One curve of a figure at one place: what is separated from what, and by which classifier.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanPoint {
    /// The two classes of events.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The kind of classifier that tells them apart.
    pub classifier: ClassifierKind,
}

/// What a classifier is trained to separate. (Its name in records is an older one, so that these can be read.)
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "contest", rename_all = "snake_case")]
pub enum Comparison {
    /// Data against a generated template.
    Search {
        /// The template.
        template: TemplateSpec,
        /// Copies of it (see [`Generated`]).
        oversampling: Oversampling,
    },
    /// All data of a window against a generated template, for a search: what passes cuts is counted, and no truth is used.
    Window {
        /// The template.
        template: TemplateSpec,
        /// Copies of it, those of all templates together.
        oversampling: Oversampling,
        /// How many models are trained anew, each of which makes a part of the template.
        #[serde(default, skip_serializing_if = "Templates::is_one")]
        templates: Templates,
    },
    /// Data that a second model has learnt and over-samples, against a template from noise.
    ///
    /// Source: the paper, appendix B.2.
    GenSr {
        /// The template.
        template: TemplateSpec,
        /// Template events for each data event.
        oversampling: Oversampling,
        /// Generated events for each data event.
        data_oversampling: Oversampling,
    },
    /// Data against true background, as many events as the data's own.
    Idealised {
        /// Signal in the data.
        #[serde(flatten)]
        injection: Injection,
    },
    /// Data against over-sampled true background.
    OverIdealised {
        /// Signal in the data.
        #[serde(flatten)]
        injection: Injection,
        /// Template events for each background event of the data.
        oversampling: Oversampling,
    },
    /// Signal against background, outside of the data.
    Supervised,
}

/// The kind of a classifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ClassifierKind {
    /// A multi-layer perceptron, as in the paper.
    #[default]
    Mlp,
    /// Gradient-boosted decision trees.
    Trees,
    /// A transformer of jets' constituents, as in the paper's Fig. 3.
    Transformer,
}

impl ClassifierKind {
    /// The word for this kind in ids, tables and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The inputs of a classifier of this kind.
    pub fn inputs(self) -> Inputs {
        match self {
            Self::Mlp | Self::Trees => Inputs::Hlv,
            Self::Transformer => Inputs::Llv,
        }
    }
}

/// What a point needs to know of its events: which are simulated signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Its classifiers learn from it.
    Learnt,
    /// It decides how much signal the data have.
    Injected,
    /// A share of its background is kept out of the data.
    Withheld,
}

impl Truth {
    /// What points need it for, in words that follow their names.
    pub fn words(self) -> &'static str {
        match self {
            Self::Learnt => "to train on signal",
            Self::Injected => "to inject signal",
            Self::Withheld => "to withhold true background",
        }
    }
}

impl ScanPoint {
    /// The word for the method in ids, tables and job files.
    pub fn method(&self) -> &'static str {
        match self.comparison {
            Comparison::Search { template, .. } | Comparison::Window { template, .. } => {
                template.method.word()
            }
            Comparison::GenSr { .. } => "gensr",
            Comparison::Idealised { .. } => "idealised",
            Comparison::OverIdealised { .. } => "over_idealised",
            Comparison::Supervised => "supervised",
        }
    }

    /// The signal in the data; none where the method sees no data.
    pub fn injection(&self) -> Option<Injection> {
        match self.comparison {
            Comparison::Search { template, .. }
            | Comparison::Window { template, .. }
            | Comparison::GenSr { template, .. } => Some(template.sample.injection),
            Comparison::Idealised { injection } | Comparison::OverIdealised { injection, .. } => {
                Some(injection)
            }
            Comparison::Supervised => None,
        }
    }

    /// Signal events in the data, or their mean; none where the method sees no data.
    pub fn n_signal(&self) -> Option<SignalCount> {
        self.injection().map(|injection| injection.n_signal)
    }

    /// What becomes of the jets' kinematics, where there is a choice.
    pub fn kinematics(&self) -> Option<Kinematics> {
        let has_choice =
            |made: &TemplateSpec| made.inputs == Inputs::Llv && made.method == TemplateMethod::SignalRegion;
        self.template().filter(has_choice).map(|made| made.kinematics)
    }

    /// The generated template, where there is one.
    pub fn template(&self) -> Option<TemplateSpec> {
        match self.comparison {
            Comparison::Search { template, .. }
            | Comparison::Window { template, .. }
            | Comparison::GenSr { template, .. } => Some(template),
            _ => None,
        }
    }

    /// The templates that the classifiers of the point see as one, each with its share of the over-sampling: several, by models of their
    /// own, where a search asks for them.
    pub fn templates(&self) -> Vec<(TemplateSpec, Oversampling)> {
        let Comparison::Window { template, oversampling, templates } = self.comparison else {
            let oversampling = self.oversampling().unwrap_or(Oversampling(1));
            return self.template().map(|template| (template, oversampling)).into_iter().collect();
        };
        let share = Oversampling(oversampling.0 / templates.0);
        let of_seed = |seed: u32| {
            let sample = TrainingSample { template_seed: TemplateSeed(seed), ..template.sample };
            (TemplateSpec { sample, ..template }, share)
        };
        (0..templates.0).map(of_seed).collect()
    }

    /// The seeds of what the point's classifiers see.
    pub fn draw(&self) -> Draw {
        Draw {
            injection: self.injection().map(|injection| injection.injection_seed),
            template: self.template().map(|template| template.sample.template_seed),
        }
    }

    /// The same point with the first injection and the first template: points that differ by their seeds alone are one point of a
    /// figure.
    #[must_use]
    pub fn of_first_seeds(mut self) -> Self {
        match &mut self.comparison {
            Comparison::Search { template, .. }
            | Comparison::Window { template, .. }
            | Comparison::GenSr { template, .. } => {
                template.sample = template.sample.of_first_seeds();
            }
            Comparison::Idealised { injection } | Comparison::OverIdealised { injection, .. } => {
                *injection = Injection::first(injection.n_signal);
            }
            Comparison::Supervised => {}
        }
        self
    }

    /// Outer edges of the side-bands, where the method has a model.
    pub fn side_bands(&self) -> Option<MassWindow> {
        self.template().map(|template| template.sample.side_bands)
    }

    /// Template events for each event that they start from, where there is a template.
    pub fn oversampling(&self) -> Option<Oversampling> {
        match self.comparison {
            Comparison::Search { oversampling, .. }
            | Comparison::Window { oversampling, .. }
            | Comparison::GenSr { oversampling, .. }
            | Comparison::OverIdealised { oversampling, .. } => Some(oversampling),
            Comparison::Idealised { .. } => Some(Oversampling(1)),
            Comparison::Supervised => None,
        }
    }

    /// Whether the point is a control window of a search, where no signal is looked for.
    pub fn is_control(&self) -> bool {
        matches!(self.comparison, Comparison::Window { template, .. } if template.sample.left_out.is_some())
    }

    /// Whether the point is a window of a search, one that may have a signal or a control window.
    pub fn is_window(&self) -> bool {
        matches!(self.comparison, Comparison::Window { .. })
    }

    /// Whether the point is a window of a search that may have a signal.
    pub fn is_searched(&self) -> bool {
        self.is_window() && !self.is_control()
    }

    /// Whether the point needs true background outside of the data.
    pub fn needs_independent_background(&self) -> bool {
        self.template().is_none()
    }
}

impl fmt::Display for ScanPoint {
    /// The readable part of an id: `noise-s1000-w2800-6000-x5`, `sr-sp2.24-s1000-w2800-6000-x5-trees`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.comparison {
            Comparison::Search { template, oversampling } => write!(f, "{template}-x{oversampling}")?,
            Comparison::Window { template, oversampling, templates } => {
                write!(f, "window-{template}-x{oversampling}")?;
                if !templates.is_one() {
                    write!(f, "-k{templates}")?;
                }
            }
            Comparison::GenSr { template, oversampling, data_oversampling } => {
                write!(f, "gensr-{}-x{oversampling}-d{data_oversampling}", template.sample)?;
            }
            Comparison::Idealised { injection } => write!(f, "idealised-{injection}")?,
            Comparison::OverIdealised { injection, oversampling } => {
                write!(f, "over_idealised-{injection}-x{oversampling}")?;
            }
            Comparison::Supervised => write!(f, "supervised")?,
        }
        match self.classifier {
            ClassifierKind::Mlp => Ok(()),
            ClassifierKind::Trees => write!(f, "-trees"),
            // A template of constituents says so itself.
            ClassifierKind::Transformer if self.template().is_some() => Ok(()),
            ClassifierKind::Transformer => write!(f, "-llv"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{
        InjectionSeed, Integration, Kinematics, SigmaPrime, Solver, TemplateMethod, TrainingSample,
    };

    #[test]
    fn points_read_as_ids() {
        let sample = TrainingSample::new(SignalCount(1000), MassWindow::new(2800.0, 6000.0));
        let template = TemplateSpec::plain(TemplateMethod::Noise, sample);
        let oversampling = Oversampling(5);
        let point = |comparison| ScanPoint { comparison, classifier: ClassifierKind::Mlp };
        let search = |template| point(Comparison::Search { template, oversampling });
        assert_eq!(search(template).to_string(), "noise-s1000-w2800-6000-x5");
        let partial = TemplateSpec {
            method: TemplateMethod::SignalRegion,
            sigma_prime: Some(SigmaPrime(0.62)),
            integration: Some(Integration { solver: Solver::Euler, steps: 50 }),
            ..template
        };
        let trees = ScanPoint { classifier: ClassifierKind::Trees, ..search(partial) };
        assert_eq!(trees.to_string(), "sr-sp0.62-euler50-s1000-w2800-6000-x5-trees");
        let gensr = Comparison::GenSr { template, oversampling, data_oversampling: Oversampling(2) };
        assert_eq!(point(gensr).to_string(), "gensr-s1000-w2800-6000-x5-d2");
        let idealised = |seed| Comparison::Idealised {
            injection: Injection::of_seed(SignalCount(50), InjectionSeed(seed)),
        };
        assert_eq!(point(idealised(0)).to_string(), "idealised-s50");
        assert_eq!(point(idealised(3)).to_string(), "idealised-s50-i3");
        assert_eq!(point(idealised(3)).of_first_seeds(), point(idealised(0)));
        assert_eq!(point(Comparison::Supervised).to_string(), "supervised");
        let jets = |template| {
            let comparison = Comparison::Search { template, oversampling };
            ScanPoint { comparison, classifier: ClassifierKind::Transformer }.to_string()
        };
        let template = TemplateSpec { inputs: Inputs::Llv, ..template };
        assert_eq!(jets(template), "noise-s1000-w2800-6000-llv-x5");
        let diffused = TemplateSpec {
            method: TemplateMethod::SignalRegion,
            kinematics: Kinematics::Diffused,
            ..template
        };
        assert_eq!(jets(diffused), "sr-s1000-w2800-6000-llv-kd-x5");
        let supervised =
            ScanPoint { classifier: ClassifierKind::Transformer, ..point(Comparison::Supervised) };
        assert_eq!(supervised.to_string(), "supervised-llv");
    }
}
