//! The high-level variables of a di-jet event.

/// A variable that the two jets of the LHCO features layout give.
///
/// Jets are ordered by decreasing mass: J1 is the heavier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Invariant mass of the two jets (GeV).
    DijetMass,
    /// Mass of the heavier jet (GeV).
    HeavyMass,
    /// Mass of the lighter jet (GeV).
    LightMass,
    /// Mass difference of the two jets, not negative (GeV).
    MassDifference,
    /// N-subjettiness ratio τ2/τ1 of the heavier jet.
    HeavyTau21,
    /// N-subjettiness ratio τ2/τ1 of the lighter jet.
    LightTau21,
    /// N-subjettiness ratio τ3/τ2 of the heavier jet.
    HeavyTau32,
    /// N-subjettiness ratio τ3/τ2 of the lighter jet.
    LightTau32,
    /// Angular distance of the two jets.
    AngularDistance,
    /// Distance of the two jets in pseudorapidity, not negative.
    PseudorapidityDistance,
    /// Distance of the two jets in azimuth, from 0 to π.
    AzimuthDistance,
    /// Pseudorapidity of the heavier jet.
    HeavyPseudorapidity,
    /// Pseudorapidity of the lighter jet.
    LightPseudorapidity,
    /// Azimuth of the heavier jet, from −π to π.
    HeavyAzimuth,
    /// Azimuth of the lighter jet, from −π to π.
    LightAzimuth,
    /// Transverse momentum of the heavier jet (GeV).
    HeavyMomentum,
    /// Transverse momentum of the lighter jet (GeV).
    LightMomentum,
}

/// All variables with their column names, axis labels (in the markup of [`drapes_draw`]) and units.
const TABLE: [(Variable, &str, &str, &str); 17] = [
    (Variable::DijetMass, "m_jj", "*m*_{JJ}", "GeV"),
    (Variable::HeavyMass, "m_j1", "*m*_{J1}", "GeV"),
    (Variable::LightMass, "m_j2", "*m*_{J2}", "GeV"),
    (Variable::MassDifference, "dm_jj", "Δ*m*_{J}", "GeV"),
    (Variable::HeavyTau21, "tau21_j1", "τ_{21}^{J1}", ""),
    (Variable::LightTau21, "tau21_j2", "τ_{21}^{J2}", ""),
    (Variable::HeavyTau32, "tau32_j1", "τ_{32}^{J1}", ""),
    (Variable::LightTau32, "tau32_j2", "τ_{32}^{J2}", ""),
    (Variable::AngularDistance, "dr_jj", "Δ*R*_{JJ}", ""),
    (Variable::PseudorapidityDistance, "deta_jj", "|Δη_{JJ}|", ""),
    (Variable::AzimuthDistance, "dphi_jj", "|Δφ_{JJ}|", ""),
    (Variable::HeavyPseudorapidity, "eta_j1", "η_{J1}", ""),
    (Variable::LightPseudorapidity, "eta_j2", "η_{J2}", ""),
    (Variable::HeavyAzimuth, "phi_j1", "φ_{J1}", ""),
    (Variable::LightAzimuth, "phi_j2", "φ_{J2}", ""),
    (Variable::HeavyMomentum, "pt_j1", "*p*_{T}^{J1}", "GeV"),
    (Variable::LightMomentum, "pt_j2", "*p*_{T}^{J2}", "GeV"),
];

/// Columns that models generate in place of ΔR, which are plain numbers and angles.
const IN_PLACE_OF_DISTANCE: [&str; 2] = ["deta_scaled_jj", "acoplanarity_jj"];

impl Variable {
    /// The variable of a column name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// All column names.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|row| row.1).collect()
}

/// The unit of a column: `1` for a plain number, nothing for a column that is not of these.
pub fn unit(name: &str) -> &'static str {
    match TABLE.iter().find(|row| row.1 == name) {
        Some((_, _, _, "")) => "1",
        Some((_, _, _, unit)) => unit,
        None if IN_PLACE_OF_DISTANCE.contains(&name) => "1",
        None => "",
    }
}

/// The axis label of a column, with its unit; unknown columns are labelled by their name.
pub fn label(name: &str) -> String {
    match TABLE.iter().find(|row| row.1 == name) {
        Some((_, _, label, "")) => (*label).to_owned(),
        Some((_, _, label, unit)) => format!("{label} [{unit}]"),
        None => name.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_for_known_columns_only() {
        assert_eq!(["m_j1", "tau21_j1", "acoplanarity_jj", "energy"].map(unit), ["GeV", "1", "1", ""]);
    }
}
