//! The same work in another program, in turns with ours, on one core.

use std::process::Command;

/// Rounds, unless `--rounds` says how many: the peer, then our figures.
const ROUNDS: usize = 5;
/// What the peer's Python is called unless `--python` names one.
const PYTHON: &str = "python3";

/// One core for the peer, whatever it computes with.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"),
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
];

/// A program that says how fast it does what our figures do.
pub struct Peer {
    /// The script.
    pub script: String,
    /// What runs it.
    pub python: String,
    /// How often each is measured.
    pub rounds: usize,
    /// What the script is told.
    pub arguments: Vec<String>,
}

/// How one of our figures compares with the peer's.
pub enum Better {
    /// Times.
    Lower,
    /// Rates.
    Higher,
}

/// A figure of ours, beside the word that the peer's has before it.
pub struct Compared<'a> {
    /// What the peer calls it.
    pub word: &'static str,
    /// What is better.
    pub better: Better,
    /// Measures ours.
    pub measure: &'a dyn Fn() -> (f64, &'static str),
}

impl Peer {
    /// The peer of the command line.
    pub fn new(script: String, python: Option<String>, rounds: Option<String>) -> Self {
        let rounds = rounds.map_or(ROUNDS, |text| text.parse().expect("--rounds is a number"));
        Self { script, python: python.unwrap_or_else(|| PYTHON.to_owned()), rounds, arguments: vec![] }
    }

    /// Runs both in turns and prints ratios, ours over the peer's; what the peer said last.
    pub fn compare(&self, figures: &[Compared<'_>]) -> String {
        println!("{}", pin());
        let mut last = String::new();
        let mut rounds: Vec<Vec<[f64; 2]>> = vec![vec![]; figures.len()];
        for round in 0..self.rounds {
            last = self.say();
            let said = &last;
            for (figure, rounds) in figures.iter().zip(&mut rounds) {
                let theirs = value_after(said, figure.word)
                    .unwrap_or_else(|| panic!("{} says nothing of its {}: {said}", self.script, figure.word));
                let (ours, unit) = (figure.measure)();
                println!("round {round}: {:<10} {ours:>9.2} against {theirs:>9.2} {unit}", figure.word);
                rounds.push([ours, theirs]);
            }
        }
        for (figure, rounds) in figures.iter().zip(&rounds) {
            let mut ratios: Vec<f64> = rounds.iter().map(|[ours, theirs]| ours / theirs).collect();
            ratios.sort_unstable_by(f64::total_cmp);
            let best = |index: usize| {
                let values = rounds.iter().map(|both| both[index]);
                match figure.better {
                    Better::Lower => values.fold(f64::INFINITY, f64::min),
                    Better::Higher => values.fold(0.0, f64::max),
                }
            };
            println!(
                "{:<10} {:.2} of the peer's (median; {:.2} to {:.2}), best against best {:.2}",
                figure.word,
                ratios[ratios.len() / 2],
                ratios[0],
                ratios[ratios.len() - 1],
                best(0) / best(1),
            );
        }
        last
    }

    fn say(&self) -> String {
        let said =
            Command::new(&self.python).arg(&self.script).args(&self.arguments).envs(ENVIRONMENT).output();
        let said = said.unwrap_or_else(|problem| panic!("{} does not start: {problem}", self.python));
        assert!(said.status.success(), "{}: {}", self.script, String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    }
}

/// The first number behind a word.
fn value_after(said: &str, word: &str) -> Option<f64> {
    said.split_once(word)?.1.split_whitespace().find_map(|token| token.parse().ok())
}

/// Keeps this process, and those that it starts, on the last core that it may use.
fn pin() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let core = allowed.and_then(|list| list.trim().rsplit([',', '-']).next());
    let Some(core) = core else { return "not pinned to a core: nothing says which there are".to_owned() };
    let process = std::process::id().to_string();
    let pinned =
        Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", core, &process]).output();
    match pinned {
        Ok(pinned) if pinned.status.success() => format!("pinned to core {core}"),
        _ => "not pinned to a core: taskset does not do it".to_owned(),
    }
}
