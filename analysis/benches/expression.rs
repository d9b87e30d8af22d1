//! How long formulae take: a million events each.
//!
//! `cargo bench -p drapes-analysis --bench expression`

use std::hint::black_box;
use std::time::Instant;

use drapes_analysis::expression::Expression;

const EVENTS: usize = 1_000_000;

fn main() {
    for text in [
        "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))",
        "Q1*Q2 > 0 && pt1 > 25 && abs(eta1) < 2.5",
        "pt1/pt2",
    ] {
        let expression = Expression::parse(text).expect("a formula");
        let width = expression.names().len();
        // Numbers from −1 to 2 that repeat after a while.
        let numbers: Vec<f64> = (0..1009 * width).map(|i| ((i * 37) % 1013) as f64 / 337.0 - 1.0).collect();
        let start = Instant::now();
        let mut sum = 0.0;
        for row in numbers.chunks_exact(width).cycle().take(EVENTS) {
            let value = expression.value(black_box(row));
            sum += if value.is_finite() { value } else { 0.0 };
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{:>7.1} ns an event   {text}   ({sum:.3e})", 1e9 * seconds / EVENTS as f64);
    }
}
