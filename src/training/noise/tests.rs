use drapes_operators::{Operators, told_of};
use tch::Kind;

use super::*;

fn noise(seed: u64) -> Noise {
    Noise::of(&Stream::of_job(seed))
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_device_computes_what_a_processor_does_to_the_bit() {
    // Sizes that fill no group, one, and several; a step whose number needs both halves of the counter; members at other steps.
    for each in [1, 63, 64, 100, 1536] {
        let mut members = [noise(1), noise(2).from_step(7), noise(3).from_step((1 << 32) - 2)];
        let normals = StepNormals::of(members.iter_mut(), 5, each);
        let on_device = normals.on_device(Device::Cpu);
        assert_eq!((on_device.size(), on_device.kind()), (vec![5, 3, each as i64], Kind::Float));
        for step in 0..5 {
            let of_step = Vec::<f32>::try_from(&normals.of_step(step)).expect("values");
            let found = Vec::<f32>::try_from(&on_device.get(step as i64).flatten(0, -1)).expect("values");
            assert_eq!(bits(&found), bits(&of_step), "{each} in step {step}");
        }
    }
}

#[test]
fn the_numbers_of_a_block_are_so_many_operators() {
    let mut members = [noise(1), noise(2), noise(3)];
    let normals = StepNormals::of(members.iter_mut(), 32, 1536);
    let found = Operators::of(|| drop(normals.on_device(Device::Cpu)));
    assert_eq!((found.total(), found.reads()), (told_of("noise of a block of 32 steps"), 0), "{found}");
}

#[test]
fn a_number_is_known_by_member_step_and_place_alone() {
    let mut members = [noise(1), noise(2)];
    let normals = StepNormals::of(members.iter_mut(), 4, 100);
    let own = normals.of_member(1, 0..4);
    // By parts, in steps that follow each other, and with fewer numbers a step.
    assert_eq!(bits(&normals.of_member(1, 2..4)), bits(&own[200..]));
    let mut alone = noise(2);
    let steps: Vec<f32> = (0..4).flat_map(|_| alone.next_step(100)).collect();
    assert_eq!(bits(&steps), bits(&own));
    assert_eq!(bits(&noise(2).from_step(3).next_step(70)), bits(&own[300..370]));
    // What has been asked for is over.
    assert_eq!(bits(&members[1].next_step(100)), bits(&alone.next_step(100)));
    let other = normals.of_member(0, 0..4);
    let alike = bits(&own).into_iter().zip(bits(&other)).filter(|(own, other)| own == other).count();
    assert!(alike < 4, "members share nothing: {alike}");
}

#[test]
fn numbers_are_unit_normals_that_know_nothing_of_each_other() {
    let (steps, each) = (500, 2000);
    let mut members = [noise(5), noise(6)];
    let normals = StepNormals::of(members.iter_mut(), steps, each);
    let [one, two] = [0, 1].map(|member| normals.of_member(member, 0..steps));
    let count = one.len() as f64;
    let mean = |of: &dyn Fn(usize) -> f64| (0..one.len()).map(of).sum::<f64>() / count;
    let at = |values: &[f32], place: usize| f64::from(values[place % values.len()]);
    // Moments of a million numbers: mean, variance, skewness and kurtosis, each within five errors.
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let found = mean(&|place| at(&one, place).powi(power));
        assert!((found - expected).abs() < 5.0 * f64::sqrt(variance / count), "power {power}: {found}");
    }
    // Products with neighbours, with the words of the same counter, with the next step and with the other member.
    for (what, product) in
        [1, 16, 32, 48, 64, each].map(|away| (away, mean(&|place| at(&one, place) * at(&one, place + away))))
    {
        assert!(product.abs() < 5.0 / count.sqrt(), "{what} away: {product}");
    }
    let product = mean(&|place| at(&one, place) * at(&two, place));
    assert!(product.abs() < 5.0 / count.sqrt(), "members: {product}");
    // Anderson and Darling's distance from the normal distribution: 3.86 leaves one in a hundred, 6.0 one in a thousand.
    let mut sorted: Vec<f64> = one.iter().map(|value| f64::from(*value)).collect();
    sorted.sort_by(f64::total_cmp);
    let below = |z: f64| 0.5 * libm::erfc(-z / 2_f64.sqrt());
    let sum: f64 = (0..sorted.len())
        .map(|place| {
            let both = below(sorted[place]).ln() + below(-sorted[sorted.len() - 1 - place]).ln();
            (2 * place + 1) as f64 * both
        })
        .sum();
    let distance = -count - sum / count;
    assert!(distance < 6.0, "{distance}");
    // As many beyond five as there should be, of which 1.15 are expected, and none beyond the largest.
    let beyond = |limit: f32| one.iter().chain(&two).filter(|value| value.abs() > limit).count();
    assert!(beyond(5.0) < 8 && beyond(6.34) == 0);
}
