use super::work::{MakeTemplate, Resample, TrainDenoisers, TrainFlows};
use std::collections::HashSet;

use super::*;
use crate::job::{JobFile, Oversampling};

fn plan(text: &str) -> Plan {
    let start = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[independent_background]\nsource = 'file'\n\
                 [closure]\ntrees = 0\n";
    Plan::of(&JobFile::from_text("job.toml", format!("{start}{text}")).check().expect("a good job"))
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.tasks.iter().map(|task| task.id.0.as_str()).collect()
}

#[test]
fn what_points_share_is_one_task() {
    let plan = plan(
        "[classifier]\nseeds = '0-3'\n[compute]\nclassifier_seeds_per_task = 3\n[[scan]]\nmethod = 'noise'\n\
         n_signal = [100]\noversampling = [2, 5]\n[[scan]]\nmethod = 'supervised'\n",
    );
    assert_eq!(
        ids(&plan),
        [
            "fit/dijet-s100-w2800-6000",
            "train/denoiser-s100-w2800-6000",
            "template/noise-s100-w2800-6000",
            "classify/noise-s100-w2800-6000-x2-c00-02",
            "classify/noise-s100-w2800-6000-x2-c03",
            "classify/noise-s100-w2800-6000-x5-c00-02",
            "classify/noise-s100-w2800-6000-x5-c03",
            "classify/supervised-c00-02",
            "classify/supervised-c03",
        ]
    );
    let template = &plan.tasks[2];
    assert!(matches!(template.work, Work::Template(MakeTemplate { oversampling: Oversampling(5), .. })));
    assert_eq!(plan.tasks[3].needs, std::slice::from_ref(&template.id));
}

#[test]
fn denoisers_of_the_same_side_bands_train_together() {
    let plan = plan(
        "[compute]\ndenoisers_per_task = 2\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 100, 1000]\n\
         side_bands_gev = [[2800, 6000], [3100, 3900]]\n",
    );
    let trainings: Vec<_> = plan.stage(Stage::Train).collect();
    let members: Vec<usize> = trainings
        .iter()
        .map(
            |task| {
                if let Work::Train(TrainDenoisers { samples, .. }) = &task.work { samples.len() } else { 0 }
            },
        )
        .collect();
    assert_eq!(members, [2, 1, 2, 1]);
    assert_eq!(trainings[3].id.0, "train/denoisers-w3100-3900-c01");
    for task in plan.stage(Stage::Template) {
        let Work::Template(MakeTemplate { template, model: (training, member), .. }) = &task.work else {
            panic!("a template")
        };
        let training = &plan.tasks[plan.position(training).expect("a training")];
        assert!(
            matches!(&training.work, Work::Train(TrainDenoisers { samples, .. }) if samples[*member] == template.sample)
        );
    }
}

#[test]
fn ids_are_unique_and_dependencies_come_first() {
    let plan = plan(
        "[[scan]]\nmethod = 'noise'\nn_signal = [0, 50, 1000]\noversampling = [1, 5]\n[[scan]]\n\
         method = 'over_idealised'\nn_signal = [0, 50]\n[[scan]]\nmethod = 'idealised'\nn_signal = [0]\n",
    );
    let mut seen = HashSet::new();
    for task in &plan.tasks {
        assert!(task.needs.iter().all(|need| seen.contains(need)), "{}", task.id);
        assert!(seen.insert(task.id.clone()), "{} stands twice", task.id);
    }
}

#[test]
fn methods_share_their_models_and_name_what_they_need() {
    let plan = plan(
        "[classifier]\nseeds = '0'\n[other_sample]\nsource = 'file'\n[[scan]]\nmethod = 'noise'\nn_signal = [5]\n\
         sigma_prime = [0.62, 80]\n[[scan]]\nmethod = 'sr'\nn_signal = [5]\nsigma_prime = [0.62]\n\
         classifier = ['mlp', 'trees']\n[[scan]]\nmethod = 'sb'\nn_signal = [5]\n[[scan]]\nmethod = 'mc'\n\
         n_signal = [5]\nsolver = 'euler'\nsteps = [20]\n[[scan]]\nmethod = 'gensr'\nn_signal = [5]\n\
         data_oversampling = [2, 3]\n",
    );
    assert_eq!(
        ids(&plan),
        [
            "fit/dijet-s5-w2800-6000",
            "train/denoiser-s5-w2800-6000",
            "train/gensr-s5-w2800-6000",
            "template/noise-sp0.62-s5-w2800-6000",
            "template/noise-sp80-s5-w2800-6000",
            "template/sr-sp0.62-s5-w2800-6000",
            "template/sb-sp2.24-s5-w2800-6000",
            "template/mc-sp2.24-euler20-s5-w2800-6000",
            "template/noise-s5-w2800-6000",
            "template/gensr-s5-w2800-6000",
            "classify/noise-sp0.62-s5-w2800-6000-x5-c00",
            "classify/noise-sp80-s5-w2800-6000-x5-c00",
            "classify/sr-sp0.62-s5-w2800-6000-x5-c00",
            "classify/sr-sp0.62-s5-w2800-6000-x5-trees-c00",
            "classify/sb-sp2.24-s5-w2800-6000-x5-c00",
            "classify/mc-sp2.24-euler20-s5-w2800-6000-x5-c00",
            "classify/gensr-s5-w2800-6000-x5-d2-c00",
            "classify/gensr-s5-w2800-6000-x5-d3-c00",
        ]
    );
    let needs = |id: &str| {
        let task = plan.tasks.iter().find(|task| task.id.0 == id).expect("a task");
        task.needs.iter().map(|need| need.0.as_str()).collect::<Vec<_>>()
    };
    let (fit, model) = ("fit/dijet-s5-w2800-6000", "train/denoiser-s5-w2800-6000");
    assert_eq!(needs("template/noise-s5-w2800-6000"), [fit, model]);
    assert_eq!(needs("template/sb-sp2.24-s5-w2800-6000"), [fit, model]);
    assert_eq!(needs("template/sr-sp0.62-s5-w2800-6000"), [model], "its masses are the events' own");
    assert_eq!(needs("template/gensr-s5-w2800-6000"), ["train/gensr-s5-w2800-6000"]);
    assert_eq!(
        needs("classify/gensr-s5-w2800-6000-x5-d2-c00"),
        ["template/noise-s5-w2800-6000", "template/gensr-s5-w2800-6000"]
    );
    let resampled = plan.tasks.iter().find(|task| task.id.0 == "template/gensr-s5-w2800-6000");
    assert!(matches!(
        resampled.expect("a task").work,
        Work::Resample(Resample { oversampling: Oversampling(3), .. })
    ));
}

#[test]
fn flows_are_trained_once_and_judged_by_their_density() {
    let plan = plan(
        "[classifier]\nseeds = '0'\n[other_sample]\nsource = 'file'\n[[scan]]\nmethod = 'curtains_f4f'\n\
         n_signal = [5]\noversampling = [1, 4]\n[[scan]]\nmethod = 'cathode'\nn_signal = [5, 6]\n[[scan]]\n\
         method = 'feta'\nn_signal = [5]\n",
    );
    let trained: Vec<&str> = ids(&plan).into_iter().filter(|id| id.starts_with("train/")).collect();
    assert_eq!(
        trained,
        [
            "train/flow-base-s5-w2800-6000",
            "train/flow-base-s6-w2800-6000",
            "train/flow-curtains-s5-w2800-6000",
            "train/flow-feta-s5-w2800-6000",
        ]
    );
    let needs = |id: &str| {
        let task = plan.tasks.iter().find(|task| task.id.0 == id).expect("a task");
        task.needs.iter().map(|need| need.0.as_str()).collect::<Vec<_>>()
    };
    let fit = "fit/dijet-s5-w2800-6000";
    assert_eq!(needs("train/flow-curtains-s5-w2800-6000"), ["train/flow-base-s5-w2800-6000"]);
    assert_eq!(needs("template/curtains_f4f-s5-w2800-6000"), [fit, "train/flow-curtains-s5-w2800-6000"]);
    assert_eq!(needs("template/cathode-s5-w2800-6000"), [fit, "train/flow-base-s5-w2800-6000"]);
    assert_eq!(needs("template/feta-s5-w2800-6000"), ["train/flow-feta-s5-w2800-6000"], "masses are its own");
}

#[test]
fn an_efficient_variant_with_one_signal_region_is_said_to_buy_nothing() {
    let note = |regions: &str| {
        plan(&format!("[[scan]]\nmethod = 'curtains_f4f_efficient'\nn_signal = [0, 5]\n{regions}")).notes()
    };
    let found = note("");
    assert!(found.len() == 1 && found[0].contains("2 of its base flows serve one"), "{found:?}");
    // The same region in two scans is still one for each injection.
    assert_eq!(note("signal_region_gev = [[3300, 3700]]"), found);
    assert!(note("signal_region_gev = [[3300, 3700], [3700, 4100]]").is_empty());
}

#[test]
fn one_network_of_flow_matching_serves_every_signal_region_and_window() {
    let trainings = |plan: &Plan| -> Vec<String> {
        let ids = ids(plan).into_iter().filter(|id| id.starts_with("train/"));
        ids.map(str::to_owned).collect()
    };
    let scan = "[[scan]]\nmethod = 'flow_matching_efficient'\nn_signal = [0, 5]\n";
    let several = plan(&format!("{scan}signal_region_gev = [[3300, 3700], [3700, 4100], [4100, 4500]]\n"));
    let one = |count: usize| format!("train/flow-matching-of-all-s{count}-w2800-6000");
    assert_eq!(trainings(&several), [one(0), one(5)]);
    assert!(several.notes().is_empty());
    for task in &several.tasks {
        let Work::Template(made) = &task.work else { continue };
        assert_eq!(made.model.0.0, one(made.template.sample.injection.n_signal.0 as usize), "{}", task.id);
        assert!(task.needs.iter().any(|need| need.0.starts_with("fit/")), "masses are drawn");
    }
    let found = plan(scan).notes();
    assert!(found.len() == 1 && found[0].contains("2 of these networks serve one"), "{found:?}");
    // Two solvers make two templates of one region.
    let solvers = plan(&format!("{scan}solver = ['heun', 'euler']\n")).notes();
    assert_eq!(solvers, found);
    // Windows have side-bands of their own, which one network knows all of.
    let search = plan(
        "[search]\nmethod = 'flow_matching_efficient'\nwindows_gev = [[3300, 3700], [3700, 4100]]\n\
         side_band_width_gev = 400\n",
    );
    assert_eq!(trainings(&search), ["train/flow-matching-of-all-s0-w2900-4500"]);
}

#[test]
fn one_density_serves_every_signal_region_of_the_efficient_variant() {
    let plan = plan(
        "[compute]\nflows_per_task = 2\n[[scan]]\nmethod = 'curtains_f4f_efficient'\nn_signal = [0, 5]\n\
         signal_region_gev = [[3300, 3700], [3700, 4100], [4100, 4500]]\n",
    );
    let trained: Vec<&str> = ids(&plan).into_iter().filter(|id| id.starts_with("train/")).collect();
    assert_eq!(
        trained,
        [
            "train/flows-base_of_all-w2800-6000-c00",
            "train/flows-curtains_efficient-w2800-6000-c00",
            "train/flows-curtains_efficient-w2800-6000-r3700-4100-c00",
            "train/flows-curtains_efficient-w2800-6000-r4100-4500-c00",
        ]
    );
    assert!(plan.notes().is_empty());
    let fits = ids(&plan).into_iter().filter(|id| id.starts_with("fit/")).count();
    assert_eq!(fits, 6, "each region has side-bands of its own");
    for task in &plan.tasks {
        let Work::TrainFlow(TrainFlows { samples, base_densities, flow }) = &task.work else { continue };
        let wanted = if flow.base_density().is_some() { samples.len() } else { 0 };
        assert_eq!(base_densities.len(), wanted);
        assert!(base_densities.iter().enumerate().all(|(member, (_, place))| *place == member));
    }
}

#[test]
fn templates_of_constituents_are_made_copy_by_copy_from_two_models() {
    let plan = plan(
        "[classifier]\nseeds = '0-1'\n[[scan]]\nmethod = 'noise'\ninputs = ['hlv', 'llv']\nn_signal = [100]\n\
         oversampling = [2]\n[[scan]]\nmethod = 'sr'\ninputs = ['llv']\nn_signal = [100]\noversampling = [1]\n\
         kinematics = ['kept', 'diffused']\n[[scan]]\nmethod = 'idealised'\ninputs = ['llv']\nn_signal = [100]\n",
    );
    assert_eq!(
        ids(&plan),
        [
            "fit/dijet-s100-w2800-6000",
            "train/denoiser-s100-w2800-6000",
            "train/kinematic-model-s100-w2800-6000",
            "train/jet-model-s100-w2800-6000",
            "template/noise-s100-w2800-6000",
            "template/noise-s100-w2800-6000-llv-k00",
            "template/noise-s100-w2800-6000-llv-k01",
            "template/sr-sp8.9-s100-w2800-6000-llv-k00",
            "template/sr-sp8.9-s100-w2800-6000-llv-kd-k00",
            "classify/noise-s100-w2800-6000-x2-c00-01",
            "classify/noise-s100-w2800-6000-llv-x2-c00",
            "classify/noise-s100-w2800-6000-llv-x2-c01",
            "classify/sr-sp8.9-s100-w2800-6000-llv-x1-c00",
            "classify/sr-sp8.9-s100-w2800-6000-llv-x1-c01",
            "classify/sr-sp8.9-s100-w2800-6000-llv-kd-x1-c00",
            "classify/sr-sp8.9-s100-w2800-6000-llv-kd-x1-c01",
            "classify/idealised-s100-llv-c00",
            "classify/idealised-s100-llv-c01",
        ]
    );
    let needs = |id: &str| -> Vec<String> {
        let task = plan.tasks.iter().find(|task| task.id.0 == id).expect("a task");
        task.needs.iter().map(|need| need.0.clone()).collect()
    };
    let jets = "train/jet-model-s100-w2800-6000";
    assert_eq!(needs("template/sr-sp8.9-s100-w2800-6000-llv-k00"), [jets]);
    let kinematics = "train/kinematic-model-s100-w2800-6000";
    assert_eq!(needs("template/sr-sp8.9-s100-w2800-6000-llv-kd-k00"), [kinematics, jets]);
    let fit = "fit/dijet-s100-w2800-6000";
    assert_eq!(needs("template/noise-s100-w2800-6000-llv-k01"), [fit, kinematics, jets]);
    let copies = ["template/noise-s100-w2800-6000-llv-k00", "template/noise-s100-w2800-6000-llv-k01"];
    assert_eq!(needs("classify/noise-s100-w2800-6000-llv-x2-c01"), copies);
}

#[test]
fn templates_of_several_seeds_share_the_fit_and_train_as_one_ensemble() {
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = [0]\n[compute]\n\
                denoisers_per_task = 2\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\ntemplate_seeds = [0, 1]\n";
    let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
    let ids: Vec<&str> = plan.tasks.iter().map(|task| task.id.0.as_str()).collect();
    let count = |start: &str| ids.iter().filter(|id| id.starts_with(start)).count();
    assert_eq!(
        (count("fit/"), count("train/"), count("template/"), count("classify/")),
        (1, 1, 2, 2),
        "{ids:?}"
    );
    assert!(ids.contains(&"template/noise-s0-w2800-6000-t1"), "{ids:?}");
}
