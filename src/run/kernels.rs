//! Says which networks of a job cannot use the fast kernels that processors have for small networks.

use drapes_analysis::cli::{Loudness, inform, loudness, tell};
use drapes_analysis::job::{Conditioning, Job};

use crate::fused;

/// Says what computes as tensors, and therefore slower, where ranks compute on processor cores: all of it in any case, at -v
/// also what the widths of a job make so.
pub fn tell_of_slower(job: &Job) {
    if !fused::has_vectors() {
        inform(format_args!("note: {}", without_vectors()));
    } else if loudness() == Loudness::Verbose {
        for line in slower(job) {
            tell(format_args!("note: {line}"));
        }
    }
}

fn without_vectors() -> String {
    let switched_off = std::env::var_os(fused::SWITCH).is_some_and(|value| value == "off");
    let why = if switched_off {
        format!("{}=off in the environment", fused::SWITCH)
    } else {
        "their kernels need AVX2, AVX-512 or the vectors of ARM".to_owned()
    };
    let what = "denoisers, flows and classifiers compute as tensors on this processor, several times as slow";
    format!("{what} ({why})")
}

fn slower(job: &Job) -> Vec<String> {
    let widths = [("denoiser.width", job.denoiser.width), ("classifier.width", job.classifier.width)];
    let unknown = widths.into_iter().filter(|(_, width)| !width.is_multiple_of(fused::LANES));
    let line = |(key, width)| {
        let (why, lanes) = ("several times as slow", fused::LANES);
        format!("{key} = {width} computes as tensors, {why} (kernels know multiples of {lanes}) round it")
    };
    let is_modulated = job.denoiser.conditioning == Conditioning::Layers;
    let modulated = is_modulated.then(|| {
        "denoiser.conditioning = \"layers\" computes as tensors, several times as slow (kernels know \"input\")".to_owned()
    });
    unknown.map(line).chain(modulated).collect()
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::{ClassifierSettings, DEFAULTS, JobFile};

    use super::*;

    #[test]
    fn widths_without_kernels_are_told() {
        let job = JobFile::from_text("defaults", DEFAULTS.as_str()).check().expect("the defaults are a job");
        assert!(slower(&job).is_empty());
        assert!(without_vectors().contains("(their kernels need AVX2"), "nobody has switched them off here");
        let classifier = ClassifierSettings { width: 20, ..job.classifier.clone() };
        let odd = slower(&Job { classifier, ..job });
        assert!(odd.len() == 1 && odd[0].starts_with("classifier.width = 20 "), "{odd:?}");
        let text = format!("{}\n", DEFAULTS.replace("conditioning = \"input\"", "conditioning = \"layers\""));
        let modulated = slower(&JobFile::from_text("modulated", text).check().expect("a job"));
        assert!(
            modulated.len() == 1 && modulated[0].contains("\"layers\" computes as tensors"),
            "{modulated:?}"
        );
    }
}
