use drapes_analysis::job::{DEFAULTS, JobFile};
use drapes_analysis::statistics::closure::Closure;
use ndarray::{Axis, concatenate};
use rand_distr::{Distribution, Normal};
use tch::Device;

use super::*;

/// Events of two unit normals, the first of which is moved.
fn events(count: usize, moved: f32, seed: u64) -> Array2<f32> {
    let (mut generator, normal) = (Stream::of_job(seed).generator(), Normal::new(0.0, 1.0).expect("finite"));
    Array2::from_shape_fn((count, 2), |(_, column)| {
        let x: f32 = normal.sample(&mut generator);
        if column == 0 { x + moved } else { x }
    })
}

fn found(template: &DealtClass, data: &DealtClass, further: &Array2<f32>, batch: usize) -> Option<OutOfFold> {
    let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
    let settings = drapes_analysis::job::ClassifierSettings { epochs: 6, batch, ..job.classifier };
    let family = Perceptrons { settings: &settings, device: Device::Cpu };
    let (stream, checkpointer) = (Stream::of_job(3), Checkpointer::default());
    let classes = (template, data);
    out_of_fold_by_perceptrons(classes, further.view(), (&family, 2), &stream, &checkpointer)
        .expect("it learns")
}

#[test]
fn every_event_is_scored_by_perceptrons_that_find_what_there_is() {
    let template = DealtClass::of_single(events(2000, 0.0, 1));
    for (moved, least, most) in [(0.0, 0.45, 0.55), (0.7, 0.65, 0.72)] {
        let data = DealtClass::of_single(events(1200, moved, 2));
        let scores = found(&template, &data, &events(50, 0.0, 4), 64).expect("enough events");
        assert_eq!(
            (scores.template.len(), scores.background.len(), scores.further.dim()),
            (2000, 1200, (50, 5))
        );
        // An event that nobody scored would have 0.
        assert!(scores.template.iter().chain(&scores.background).all(|event| event.score != 0.0));
        assert!(scores.further.iter().all(|score| *score != 0.0 && score.is_finite()));
        let auc = Closure::of(scores.by_fold()).auc.expect("events").value;
        // Φ(0.7/√2) = 0.690 at best.
        assert!((least..most).contains(&auc), "{auc} where they differ by {moved}");
    }
}

#[test]
fn nobody_scores_what_they_have_learnt_or_a_copy_of_it() {
    // Copies, four of each event: a network that had seen three of them would know the fourth.
    let single = events(400, 0.0, 1);
    let all = concatenate(Axis(0), &[single.view(); 4]).expect("the same features");
    let origins: Vec<usize> = (0..1600).map(|row| row % 400).collect();
    let (template, data) = (DealtClass::of_copies(all, &origins), DealtClass::of_single(events(900, 0.0, 2)));
    let stream = Stream::of_job(3);
    let both = Both::of(&template, &data, &stream);
    let members = members(&both, (&template, &data), 2, &stream);
    assert_eq!(members.len(), 10);
    for member in &members {
        let origins =
            |rows: &ClassRows| -> Vec<usize> { rows.template.each().map(|row| row % 400).collect() };
        let (learnt, stopping, own) =
            (origins(&member.training), origins(&member.validation), origins(&member.evaluated));
        assert_eq!(learnt.len() + stopping.len() + own.len(), 1600);
        assert!(own.iter().all(|origin| !learnt.contains(origin) && !stopping.contains(origin)));
        assert!(stopping.iter().all(|origin| !learnt.contains(origin)));
        let data = [&member.training, &member.validation, &member.evaluated].map(|rows| rows.data.list());
        let mut all = data.concat();
        all.sort_unstable();
        assert_eq!(all, (0..900).collect::<Vec<_>>(), "each event has one part");
        assert!(data[2].iter().all(|event| both.folds[1600 + event] == member.fold.0));
    }
}

#[test]
fn fewer_events_than_a_batch_are_too_few() {
    let [template, data] =
        [(150, 1), (120, 2)].map(|(count, seed)| DealtClass::of_single(events(count, 0.0, seed)));
    let none = Array2::zeros((0, 2));
    assert!(found(&template, &data, &none, 200).is_none());
    assert!(found(&template, &data, &none, 64).is_some());
}
