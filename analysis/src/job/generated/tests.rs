use crate::error::Error;
use crate::job::{Data, JobFile};

fn job(data: &str) -> Result<Data, Vec<String>> {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n{data}\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n"
    );
    match JobFile::from_text("job.toml", text).check() {
        Ok(job) => Ok(job.data),
        Err(Error::JobFile { problems, .. }) => {
            Err(problems.into_iter().map(|found| format!("{} {}", found.key, found.message)).collect())
        }
        Err(other) => panic!("{other}"),
    }
}

const TABLE: &str = "layout = 'table'\nresonant = 'm'\nfeatures = ['x', 'r']\n";

#[test]
fn without_columns_the_features_are_generated_and_the_text_of_the_job_is_as_before() {
    for text in ["", "[data.generated]\ncolumns = ['x', 'r']"] {
        let data = job(&format!("{TABLE}{text}")).expect("a good job");
        assert!(data.generated.is_empty());
        assert_eq!(data.generated(), ["x", "r"]);
        assert!(!serde_json::to_string(&data).expect("JSON").contains("generated"));
    }
}

#[test]
fn a_feature_is_generated_or_follows() {
    let text = format!(
        "{TABLE}[data.generated]\ncolumns = ['x', 'a', 'b']\n[data.generated.features]\nr = 'sqrt(a^2 + b^2*m)'"
    );
    let data = job(&text).expect("a good job");
    assert_eq!(data.generated(), ["x", "a", "b"]);
    assert!(data.generated.formula("x").is_none());
    assert_eq!(data.generated.formula("r").expect("a formula").names(), ["a", "b", "m"]);
    let again: Data =
        serde_json::from_value(serde_json::to_value(&data).expect("JSON")).expect("what was written");
    assert_eq!(again.generated, data.generated);
}

#[test]
fn the_published_layout_has_coordinates_from_which_the_distance_follows() {
    let text = "[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'deta_scaled_jj', 'acoplanarity_jj']";
    let data = job(text).expect("a good job");
    let deta = data.columns.get("deta_scaled_jj").expect("a formula");
    let acoplanarity = data.columns.get("acoplanarity_jj").expect("a formula");
    let distance = data.generated.formula("dr_jj").expect("a formula");
    // Two massless jets at the threshold and back to back, and two that are not.
    for (m_jj, [eta_j1, eta_j2], [phi_j1, phi_j2], scaled) in [
        (2400.0 * 1.0_f64.cosh(), [1.0, -1.0], [0.0, std::f64::consts::PI], Some(1.0)),
        (2400.0 * 1.0_f64.cosh(), [-1.0, 1.0], [3.0, 3.0 - std::f64::consts::PI], Some(-1.0)),
        (4000.0, [0.3, -0.9], [-3.0, 0.4], None),
        (2000.0, [0.3, -0.9], [0.4, -3.0], None),
    ] {
        let value = |name: &str| match name {
            "m_jj" => m_jj,
            "eta_j1" => eta_j1,
            "eta_j2" => eta_j2,
            "phi_j1" => phi_j1,
            "phi_j2" => phi_j2,
            other => panic!("{other}"),
        };
        let of = |formula: &crate::expression::Expression| {
            formula.value(&formula.names().iter().map(|name| value(name)).collect::<Vec<_>>())
        };
        let (deta, acoplanarity) = (of(deta), of(acoplanarity));
        if let Some(scaled) = scaled {
            assert!((deta - scaled).abs() < 1e-12 && acoplanarity.abs() < 1e-9, "{deta} {acoplanarity}");
        }
        let made = |name: &str| match name {
            "m_jj" => m_jj,
            "deta_scaled_jj" => deta,
            "acoplanarity_jj" => acoplanarity,
            other => panic!("{other}"),
        };
        let found = distance.value(&distance.names().iter().map(|name| made(name)).collect::<Vec<_>>());
        let azimuth = (phi_j1 - phi_j2).rem_euclid(2.0 * std::f64::consts::PI);
        let azimuth = azimuth.min(2.0 * std::f64::consts::PI - azimuth);
        let expected = (eta_j1 - eta_j2).hypot(azimuth);
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
    }
    let other = job(&format!("{text}\njet_pt_threshold_gev = 500")).expect("a good job");
    assert!(other.columns.get("deta_scaled_jj").expect("a formula").text().contains("500.0"));
}

#[test]
fn what_does_not_lead_to_the_features_is_refused() {
    let with =
        |text: &str| job(&format!("{TABLE}[data.generated]\n{text}")).expect_err("a mistake").join("; ");
    for (text, expected) in [
        ("columns = ['x', 'a']", "data.generated.columns do not lead to the feature r"),
        ("columns = ['x', 'r', 'x']", "names x twice"),
        ("columns = ['x', 'r', 'm']", "is the resonant variable"),
        ("columns = ['x', 'r', 'label']", "is the label"),
        ("columns = ['x', 'a']\n[data.generated.features]\nr = 'a*b'", "data.generated.features.r needs b"),
        ("columns = ['x', 'a']\n[data.generated.features]\nr = 'a +'", "data.generated.features.r "),
        ("columns = ['x', 'r']\n[data.generated.features]\nr = 'x'", "is generated as well"),
        ("columns = ['x', 'r']\n[data.generated.features]\ny = 'x'", "is no feature"),
        ("[data.generated.features]\nr = 'x'", "nothing is generated"),
        ("columns = 'x'", "data.generated.columns"),
        ("jet_pt_threshold_gev = -1", "data.generated.jet_pt_threshold_gev"),
        ("columns = ['x', 'r']\njet_pt_threshold_gev = 500", "nothing that is generated goes by it"),
    ] {
        let found = with(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
    let unknown =
        job("[data.generated]\ncolumns = ['m_j1', 'dm_jj', 'tau21_j1', 'tau21_j2', 'dr_jj', 'speed']");
    let unknown = unknown.expect_err("a mistake").join("; ");
    assert!(unknown.contains("speed") && unknown.contains("choose from"), "{unknown}");
}
