//! Kinds of work, by how much faster or slower than their price a machine does them.

use strum::{IntoStaticStr, VariantArray};

use super::Stage;

/// A kind of work. Tasks of one kind are slower or faster than their price by much the same factor on a machine, tasks of
/// two kinds are not: small steps cost more than their arithmetic, and each network has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[allow(missing_docs, reason = "each is named as the work that it is")]
pub enum PaceKind {
    Fit,
    Denoiser,
    Density,
    Transport,
    Kinematics,
    JetModel,
    DiffusedTemplate,
    FlowTemplate,
    JetTemplate,
    Perceptrons,
    Trees,
    Transformers,
}

impl PaceKind {
    /// All kinds.
    pub const ALL: [Self; Self::VARIANTS.len()] =
        *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The kind in one word, as files have it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The stage that it belongs to.
    pub fn stage(self) -> Stage {
        match self {
            Self::Fit => Stage::Fit,
            Self::Denoiser | Self::Kinematics | Self::Density | Self::Transport | Self::JetModel => {
                Stage::Train
            }
            Self::DiffusedTemplate | Self::FlowTemplate | Self::JetTemplate => Stage::Template,
            Self::Perceptrons | Self::Trees | Self::Transformers => Stage::Classify,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::plan::Plan;

    #[test]
    fn a_kind_is_of_the_stage_of_its_work() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n\
                    classifier = ['mlp', 'trees']\n[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0]\n[[scan]]\n\
                    method = 'gensr'\nn_signal = [0]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let mut found = vec![];
        for task in &plan.tasks {
            let kind = task.work.pace();
            assert_eq!(kind.stage(), task.work.stage(), "{}", task.id);
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
        assert!(found.len() >= 8, "{found:?}");
        assert!(PaceKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
