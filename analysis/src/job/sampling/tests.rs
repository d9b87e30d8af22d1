use crate::error::Error;
use crate::job::{Job, JobFile, MassWindow, Solver};

fn check(sampler: &str, scan: &str) -> Result<Job, Error> {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[sampler]\n{sampler}\n[[scan]]\nn_signal = [0]\n{scan}\n"
    );
    JobFile::from_text("job.toml", text).check()
}

/// The keys that are wrong, and why.
fn mistakes(sampler: &str, scan: &str) -> Vec<(String, String)> {
    match check(sampler, scan) {
        Err(Error::JobFile { problems, .. }) => {
            problems.into_iter().map(|problem| (problem.key, problem.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The only key that is wrong, and why.
fn mistake(sampler: &str, scan: &str) -> (String, String) {
    let found = mistakes(sampler, scan);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

const NOISE: &str = "method = 'noise'";
const MULTISTEP: &str = "solver = 'dpmpp_2m'\nsteps = 30";

#[test]
fn keys_of_another_solver_are_refused() {
    let (key, why) = mistake("sigma_last = 0.02", NOISE);
    assert!(key == "sampler.sigma_last" && why.contains("belongs to solver = \"dpmpp_2m\""), "{key} {why}");
    let (key, why) = mistake(&format!("{MULTISTEP}\nrho = 5"), NOISE);
    assert!(key == "sampler.rho" && why.contains("belongs to heun and euler"), "{key} {why}");
    // A job that names every key, at its default, is a good one.
    assert!(check("sigma_last = 0.01\nrho = 7.0", NOISE).is_ok());
    assert!(check(&format!("{MULTISTEP}\nrho = 7"), NOISE).is_ok());
    // A scan that compares solvers needs the keys of each.
    let job = check("sigma_last = 0.02\nrho = 5", &format!("{NOISE}\nsolver = ['heun', 'dpmpp_2m']"));
    assert_eq!(job.expect("a good job").sampler.sigma_last.to_bits(), 0.02_f64.to_bits());
    let job = check(&format!("{MULTISTEP}\nsigma_last = 0.02"), NOISE).expect("a good job");
    assert_eq!((job.sampler.solver, job.sampler.end().to_string().as_str()), (Solver::Dpmpp2m, "0.02"));
}

#[test]
fn a_margin_is_of_networks_that_are_asked_at_edges() {
    let (key, why) = mistake("edge_margin = 0.5", NOISE);
    assert!(key == "sampler.edge_margin" && why.contains("belongs to noise_efficient and"), "{key} {why}");
    let efficient = NOISE.replace("'noise'", "'noise_efficient'");
    let job = check("edge_margin = 0.5", &efficient).expect("a good job");
    let asked = job.asked_around(&job.points[0].template().expect("it has one").sample);
    let MassWindow { low, high } = job.regions.signal;
    let more = 0.5 * job.regions.signal.width();
    assert_eq!(asked, MassWindow::new(low.0 - more, high.0 + more));
    let (key, why) = mistake("edge_margin = -0.5", &efficient);
    assert!(key == "sampler.edge_margin" && why.contains("a number from 0 to 100"), "{key} {why}");
}

#[test]
fn ends_of_the_grid_lie_within_the_noise_that_trainings_learn() {
    let (key, why) = mistake(&format!("{MULTISTEP}\nsigma_max = 0.005"), NOISE);
    assert!(key == "sampler.sigma_last" && why.contains("0.01, not below sigma_max = 0.005"), "{key} {why}");
    let (key, why) = mistake(&format!("{MULTISTEP}\nsigma_min = 0.05"), NOISE);
    assert!(key == "sampler.sigma_last" && why.contains("0.01, below sigma_min = 0.05"), "{key} {why}");
    // Without that solver nobody looks at its end.
    assert!(check("sigma_min = 0.05", NOISE).is_ok());
}

#[test]
fn fewer_than_four_evaluations_are_refused() {
    for (solver, few, evaluations, least) in
        [("heun", 2, 2, 3), ("euler", 4, 3, 5), ("dpmpp_2m", 3, 3, 4), ("dpmpp_2m", 2, 2, 4)]
    {
        let expected = format!("{solver} makes {evaluations} network evaluations of that");
        let (key, why) = mistake(&format!("solver = '{solver}'\nsteps = {few}"), NOISE);
        assert!(key == "sampler.steps" && why.starts_with("is ") && why.contains(&expected), "{key} {why}");
        assert!(why.contains(&format!("set at least {least}")), "{why}");
        let scan = format!("{NOISE}\nsolver = ['{solver}']\nsteps = [20, {few}]");
        let (key, why) = mistake("", &scan);
        assert!(key == "scan.steps" && why.starts_with("contains ") && why.contains(&expected), "{why}");
        assert!(check(&format!("solver = '{solver}'\nsteps = {least}"), NOISE).is_ok());
        // The steps of the job with a rule of the scan.
        if few > 2 {
            let (key, _) = mistake(&format!("steps = {few}"), &format!("{NOISE}\nsolver = ['{solver}']"));
            assert_eq!(key, "scan.solver");
        }
    }
}

#[test]
fn what_stands_twice_on_an_axis_is_refused() {
    for (key, values, twice) in [
        ("solver", "['heun', 'euler', 'heun']", "heun"),
        ("classifier", "['mlp', 'mlp']", "mlp"),
        ("side_bands_gev", "[[3000, 4000], [3000, 4000]]", "3000-4000"),
        ("signal_region_gev", "[[3300, 3700], [3300, 3700]]", "3300-3700"),
    ] {
        let (found, why) = mistake("", &format!("{NOISE}\n{key} = {values}"));
        assert_eq!(
            (found, why.contains(&format!("contains {twice} twice"))),
            (format!("scan.{key}"), true),
            "{why}"
        );
    }
}

#[test]
fn partial_diffusion_begins_above_the_end_of_the_grid() {
    let sr = |sigma: f64| format!("method = 'sr'\nsigma_prime = [{sigma}]");
    for sigma in [0.01, 0.005] {
        let (key, why) = mistake(MULTISTEP, &sr(sigma));
        assert!(
            key == "scan.sigma_prime" && why.contains("ends at sampler.sigma_last = 0.01"),
            "{key} {why}"
        );
    }
    let (key, why) = mistake(MULTISTEP, &sr(0.025));
    assert!(
        key == "scan.sigma_prime" && why.contains("leave 3 network evaluations from there"),
        "{key} {why}"
    );
    assert!(check(MULTISTEP, &sr(0.035)).is_ok());
    // The others round to whole steps: two points of Heun are two evaluations, one of Euler is none.
    for (solver, steps, sigma, evaluations) in
        [("heun", 6, 0.05, 2), ("euler", 6, 0.05, 1), ("euler", 6, 2.24, 2), ("heun", 6, 1e-4, 0)]
    {
        let (key, why) = mistake(&format!("solver = '{solver}'\nsteps = {steps}"), &sr(sigma));
        let expected =
            format!("{steps} steps of {solver} leave {evaluations} network evaluations from there");
        assert!(key == "scan.sigma_prime" && why.contains(&expected), "{key} {why}");
    }
    assert!(check("solver = 'heun'\nsteps = 6", &sr(2.24)).is_ok());
    // Strengths that Heun's few steps would make one stay two here.
    assert!(check(MULTISTEP, "method = 'sr'\nsigma_prime = [2.24, 2.3]").is_ok());
}

#[test]
fn what_was_stored_before_there_was_an_end_of_its_own_means_the_same() {
    let job = check("", NOISE).expect("a good job");
    let text = serde_json::to_string(&job.sampler).expect("numbers");
    assert_eq!(
        text,
        "{\"solver\":\"heun\",\"steps\":200,\"sigma_min\":0.00001,\"sigma_max\":80.0,\"rho\":7.0}"
    );
    assert_eq!(serde_json::from_str::<crate::job::SamplerSettings>(&text).expect("the same"), job.sampler);
    let job = check(&format!("{MULTISTEP}\nsigma_last = 0.02"), NOISE).expect("a good job");
    let text = serde_json::to_string(&job.sampler).expect("numbers");
    assert!(text.contains("\"dpmpp_2m\"") && text.contains("\"sigma_last\":0.02"), "{text}");
}
