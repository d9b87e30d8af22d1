//! What of a job computes without the kernels that processors have for small networks.

use drapes_analysis::cli::{Loudness, loudness, tell};
use drapes_analysis::job::Job;

use crate::fused;

/// Says at -v what computes as tensors, and therefore slower, where ranks compute on processor cores.
pub fn tell_of_slower(job: &Job) {
    if loudness() == Loudness::Verbose {
        for line in slower(job, fused::has_vectors()) {
            tell(format_args!("note: {line}"));
        }
    }
}

fn slower(job: &Job, has_vectors: bool) -> Vec<String> {
    if !has_vectors {
        let what = "denoisers and classifiers compute as tensors on this processor, several times as slow";
        return vec![format!("{what} (their kernels need AVX2, AVX-512 or the vectors of ARM)")];
    }
    let widths = [("denoiser.width", job.denoiser.width), ("classifier.width", job.classifier.width)];
    let unknown = widths.into_iter().filter(|(_, width)| !width.is_multiple_of(fused::LANES));
    let line = |(key, width)| {
        let (why, lanes) = ("several times as slow", fused::LANES);
        format!("{key} = {width} computes as tensors, {why} (kernels know multiples of {lanes}) round it")
    };
    unknown.map(line).collect()
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::{ClassifierSettings, DEFAULTS, JobFile};

    use super::*;

    #[test]
    fn widths_and_processors_without_kernels_are_told() {
        let job = JobFile::from_text("defaults", DEFAULTS.as_str()).check().expect("the defaults are a job");
        assert!(slower(&job, true).is_empty());
        assert!(slower(&job, false)[0].contains("AVX2"));
        let classifier = ClassifierSettings { width: 20, ..job.classifier.clone() };
        let odd = slower(&Job { classifier, ..job }, true);
        assert!(odd.len() == 1 && odd[0].starts_with("classifier.width = 20 "), "{odd:?}");
    }
}
