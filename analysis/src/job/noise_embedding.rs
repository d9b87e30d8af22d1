//! In which form a denoiser is told the strength of the noise.

use serde::{Deserialize, Serialize};

use super::document::Section;

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
    /// The embedding of a section.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let found =
            section.get("noise_embedding", "\"cosine\" or \"log\"", |value| match value.as_str()? {
                "cosine" => Some(Self::Cosine),
                "log" => Some(Self::Log),
                _ => None,
            });
        found.map(|found| found.value)
    }

    /// Whether a stored job goes without naming it: fingerprints of what was trained before there was a choice stay as they are.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(super) fn goes_without_saying(&self) -> bool {
        *self == Self::default()
    }
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
