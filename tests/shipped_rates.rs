//! Rates of GPUs that are shipped: they are read, and plans name the GPU.

use std::path::Path;

use assert_cmd::Command;
use drapes_analysis::plan::rates::Rates;

#[test]
fn plans_are_priced_by_every_shipped_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for file in root.join("data/rates").read_dir().expect("the folder of rates") {
        let path = file.expect("a file").path();
        let rates = Rates::read(&path).expect("rates");
        let plan = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_drapes"));
            let found = command.current_dir(root).args(["plan", "jobs/paper.toml"]).args(arguments).output();
            String::from_utf8(found.expect("a plan").stdout).expect("text")
        };
        let column = format!("on one {}", rates.device);
        let told = plan(&["--rates", path.to_str().expect("a path")]);
        assert!(told.contains(&column) && told.contains("--share-gpus=4"), "{column}: {told}");
        files += 1;
    }
    assert!(files > 0, "some GPU's rates are shipped");
}
