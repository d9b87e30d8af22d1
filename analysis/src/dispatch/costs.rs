//! The processor time that rank 0 needs for handing out tasks, as it was measured.
//!
//! A simulation is worth as much as these numbers. They are processor time on one core of a shared virtual machine, of a build
//! with little optimisation, rounded up; two tests measure the same code again and fail where it takes more: `leader_costs` of
//! this package what is done for each task before and after the work, and `run::costs` of `drapes` what is done for each message.
//! What follows the last task is the best of three tries: the same work takes up to half as much again on a core that others share.

/// Seconds that rank 0 needs for each piece of its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaderCosts {
    /// Before the first task is handed out, for each task of the plan: making the plan and the fingerprints, looking for
    /// records, prices, what needs what, and the estimate of the time.
    pub start: f64,
    /// Handing out a task: choosing it, its text, and sending that.
    pub assignment: f64,
    /// The end of a task: hearing of it, what becomes ready, and the line that says so.
    pub end: f64,
    /// Any other message: that a rank is there, or how far its task is.
    pub message: f64,
    /// What is done again and again while tasks run, for each rank and second: adding up their progress, looking who is
    /// silent, writing down who does what.
    pub watching: f64,
    /// After the last task, for each task that was done: looking at its record, reading its result, its rows in tables.
    pub conclusion: f64,
    /// After that: pictures, which the other ranks do not wait for, but their time is taken.
    pub pictures: f64,
}

impl LeaderCosts {
    /// As measured (docs/performance.md has the numbers before they were rounded up).
    pub const MEASURED: Self = Self {
        start: 10e-6,
        assignment: 20e-6,
        end: 20e-6,
        message: 10e-6,
        watching: 2e-6,
        conclusion: 200e-6,
        pictures: 5.0,
    };

    /// A leader that takes no time.
    pub const NONE: Self = Self {
        start: 0.0,
        assignment: 0.0,
        end: 0.0,
        message: 0.0,
        watching: 0.0,
        conclusion: 0.0,
        pictures: 0.0,
    };

    /// A leader that takes so many times as long for what it does while tasks run.
    pub fn slower(self, times: f64) -> Self {
        let Self { assignment, end, message, watching, .. } = self;
        let [assignment, end, message, watching] =
            [assignment, end, message, watching].map(|seconds| times * seconds);
        Self { assignment, end, message, watching, ..self }
    }
}
