//! Which simulated signal is in the data, and which is not.

use std::collections::{BTreeMap, BTreeSet};

use drapes_analysis::job::Job;
use drapes_analysis::job::injection::{Injection, InjectionCount};
use drapes_analysis::job::point::ScanPoint;
use drapes_analysis::job::quantities::InjectionSeed;
use drapes_analysis::job::regions::MassWindow;
use drapes_analysis::plan::random_stream::Stream;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, Exp1};

use super::Sample;
use crate::error::Error;

/// Signal events in the orders of their injection, one for each seed of a job.
///
/// In one order a larger injection contains every smaller one, so that the points of a scan differ by the added signal alone.
/// (Our decision; the paper draws without saying how.)
pub(super) struct SignalOrders {
    orders: BTreeMap<InjectionSeed, Vec<u32>>,
    count: InjectionCount,
    stream: Stream,
}

impl SignalOrders {
    /// Of the signal events of a job, in the order of their file.
    pub(super) fn of(job: &Job, signal: &[u32]) -> Self {
        let stream = Stream::of_job(job.seed).branch("injection");
        let injections = job.points.iter().filter_map(ScanPoint::injection);
        let mut seeds: BTreeSet<_> = injections.map(|injection| injection.injection_seed).collect();
        seeds.insert(InjectionSeed(0));
        let order = |seed: InjectionSeed| {
            let mut order = signal.to_vec();
            order.shuffle(&mut of_seed(&stream, seed).generator());
            (seed, order)
        };
        let orders = seeds.into_iter().map(order).collect();
        Self { orders, count: job.injection.count, stream }
    }

    /// All signal events, in the first order.
    pub(super) fn first(&self) -> &[u32] {
        self.order(InjectionSeed(0))
    }

    fn order(&self, seed: InjectionSeed) -> &[u32] {
        self.orders.get(&seed).map(Vec::as_slice).expect("an order for each seed of the job")
    }

    /// Signal events of an injection; one more than there are where it asks for more.
    ///
    /// A Poisson number is that of the arrivals of a process up to a time: it grows with the mean, so that Poisson injections
    /// contain smaller ones of their seed, too.
    fn count(&self, Injection { n_signal, injection_seed }: Injection) -> usize {
        let mean = f64::from(n_signal.0);
        let most = self.order(injection_seed).len() + 1;
        match self.count {
            InjectionCount::Exact => n_signal.0 as usize,
            InjectionCount::Poisson => {
                let mut generator = of_seed(&self.stream, injection_seed).branch("count").generator();
                let mut wait = || -> f64 { Exp1.sample(&mut generator) };
                let (mut count, mut time) = (0, wait());
                while time <= mean && count < most {
                    count += 1;
                    time += wait();
                }
                count
            }
        }
    }
}

/// Where an order begins; the first where it did before there were others.
fn of_seed(stream: &Stream, seed: InjectionSeed) -> Stream {
    if seed.is_first() { stream.clone() } else { stream.branch("seed").branch(seed.0) }
}

impl Sample {
    /// The signal events of an injection.
    ///
    /// # Errors
    /// There are fewer.
    pub(super) fn injected(&self, injection: Injection) -> Result<&[u32], Error> {
        let count = self.signal.count(injection);
        let order = self.signal.order(injection.injection_seed);
        order.get(..count).ok_or_else(|| Error::TooFew {
            region: "the data file".to_owned(),
            what: "signal events",
            found: order.len(),
            needed: count,
            advice: match self.events.dropped.total() {
                0 => "lower n_signal".to_owned(),
                _ => format!("lower n_signal, or mend the rows that were left out: {}", self.events.dropped),
            },
        })
    }

    /// The injections of the job's points, with as many events as each of them has.
    pub(super) fn check_injections(&self, job: &Job) -> Option<Error> {
        let injections = job.points.iter().filter_map(ScanPoint::injection);
        let largest = injections.max_by_key(|injection| self.signal.count(*injection));
        self.injected(largest.unwrap_or_default()).err()
    }

    /// Signal that an injection does not contain, in its order.
    pub(super) fn beyond(&self, injection: Injection) -> &[u32] {
        self.signal.order(injection.injection_seed).get(self.signal.count(injection)..).unwrap_or_default()
    }

    /// Which events are signal of the signal region that an injection does not contain, nor any smaller one of its seed.
    pub fn unused_signal(&self, injection: Injection, window: MassWindow) -> Vec<u32> {
        let inside = |event: &u32| window.contains(self.mass(*event));
        self.beyond(injection).iter().copied().filter(inside).collect()
    }
}
