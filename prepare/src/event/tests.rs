use super::*;

fn found(particles: &[[f64; 3]], label: Option<f64>) -> Result<Event, Rejection> {
    let mut values = vec![0.0; 2100];
    for (place, particle) in values.chunks_exact_mut(3).zip(particles) {
        place.copy_from_slice(particle);
    }
    event(7, &values, label, AxisChoice::Kt).expect("FastJet does its work")
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

const TWO_JETS: [[f64; 3]; 5] =
    [[50.0, 0.1, 3.0], [100.0, 1.0, 0.0], [60.0, 1.4, -0.1], [0.5, -2.0, 1.5], [40.0, 0.0, -3.1]];

#[test]
fn jets_of_an_event_done_by_hand() {
    let event = found(&TWO_JETS, Some(1.0)).expect("two jets");
    assert_eq!(event.label, Some(1.0));
    let [hard, soft] = &event.jets;
    assert!(hard.pt() > soft.pt());
    // m² = 2 pT1 pT2 (cosh Δη - cos Δφ) of two massless particles.
    close(hard.mass(), (2.0 * 6000.0 * (0.4_f64.cosh() - 0.1_f64.cos())).sqrt());
    close(hard.constituents[0][0], 100.0 / hard.pt());
    close(hard.constituents[1][1], 1.4 - hard.eta());
    close(hard.constituents[1][2], -0.1 - hard.phi());
    // 3.0 and -3.1 lie on either side of the cut of the circle.
    assert!(soft.constituents.iter().all(|[_, d_eta, d_phi]| d_eta.hypot(*d_phi) < 0.2));
    let [_, heavier, ..] = Dijet::new(&event.jets).values();
    close(heavier, hard.mass().max(soft.mass()));
    assert_eq!(event.jets.iter().map(|jet| jet.n_particles).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn variables_are_those_of_the_jets_in_order_of_mass() {
    // The softer jet is the heavier one.
    let event = found(
        &[[100.0, 1.0, 0.0], [60.0, 1.1, 0.0], [50.0, 0.4, 3.0], [40.0, -0.4, 3.1], [9.0, 0.0, 3.0]],
        None,
    )
    .expect("two jets");
    let [first, second] = &event.jets;
    assert!(first.pt() > second.pt() && first.mass() < second.mass());
    let [m_jj, m_j1, m_j2, dm_jj, tau21_j1, tau21_j2, dr_jj] = Dijet::new(&event.jets).values();
    close(m_j1, second.mass());
    close(m_j2, first.mass());
    close(dm_jj, second.mass() - first.mass());
    close(tau21_j1, second.tau[1] / second.tau[0]);
    close(tau21_j2, first.tau[1] / first.tau[0]);
    assert!(dr_jj > 3.0 && m_jj > m_j1 + m_j2);
}

#[test]
fn order_and_padding_do_not_matter() {
    let expected = found(&TWO_JETS, None).expect("two jets");
    let mut mixed = TWO_JETS.to_vec();
    mixed.reverse();
    mixed.insert(2, [0.0, 0.3, 0.1]);
    let event = found(&mixed, None).expect("two jets");
    for (a, b) in expected.jets.iter().zip(&event.jets) {
        assert!((a.mass() - b.mass()).abs() < 1e-9 && (a.tau[0] - b.tau[0]).abs() < 1e-9);
        assert_eq!(a.constituents.len(), b.constituents.len());
    }
}

#[test]
fn events_of_no_use_are_dropped_for_a_reason() {
    let with = |particle: [f64; 3]| {
        let mut particles = TWO_JETS.to_vec();
        particles.push(particle);
        found(&particles, None).err()
    };
    assert_eq!(found(&[], None).err(), Some(Rejection::NoParticles));
    assert_eq!(found(&TWO_JETS, Some(f64::NAN)).err(), Some(Rejection::NotFinite));
    assert_eq!(with([f64::NAN, 0.0, 0.0]), Some(Rejection::NotFinite));
    assert_eq!(with([0.0, f64::INFINITY, 0.0]), Some(Rejection::NotFinite));
    assert_eq!(with([1.0, 1e9, 0.0]), Some(Rejection::NotFinite));
    assert_eq!(with([-1.0, 0.0, 0.0]), Some(Rejection::NegativeMomentum));
    assert_eq!(found(&TWO_JETS[1..3], None).err(), Some(Rejection::FewerThanTwoJets));
    assert_eq!(found(&TWO_JETS[..3], None).err(), Some(Rejection::LoneParticle));
    let same = [[50.0, 0.1, 3.0], [50.0, 0.1, 3.0], [100.0, 1.0, 0.0], [60.0, 1.4, -0.1]];
    assert_eq!(found(&same, None).err(), Some(Rejection::ZeroTau));
}
