//! The page that describes a file.

use super::super::{FileLayout, describe};
use super::regions;
use super::sample_files::{group, place, published, rows};

#[test]
fn a_small_table_on_a_page() {
    let (_folder, path) = place("small.csv");
    let text = "m_jj,x,label,run\n3350,0.5,1,A\n3650,0.25,0,A\n3100,-2,0,A\n4500,1e-5,0,B\n4400,nan,1,B\n2700,7,0,B\n";
    std::fs::write(&path, text).expect("a writable folder");
    let found = describe(&path, &regions()).expect("a good file");
    let expected = "\
small.csv (94 bytes)
CSV text: commas between values

Events                                            background      signal         all
  in the file                                              4           1           5
  in the signal region 3300-3700 GeV                       1           1           2
  in the side-bands 2800-3300 and 3700-6000 GeV            2           0           2
  dropped: 1 row with NaN or infinity

Columns                   unit          min        mean         max
  m_jj                    GeV          2700      3616.7        4500
  x                                      -2      1.1500           7  1 NaN or infinite
  label                                   0     0.33333           1
";
    let page = found.to_string();
    assert!(page.starts_with(expected), "{page}");
    let spectrum: Vec<&str> = page.lines().skip_while(|line| !line.starts_with("m_jj (GeV)")).collect();
    assert!(spectrum[1].starts_with("        2700 - 2800 │█"), "{}", spectrum[1]);
    assert!(spectrum[1].ends_with("          1         0"), "{}", spectrum[1]);
    assert_eq!(spectrum.iter().filter(|line| line.ends_with("  SR")).count(), 4);
}

#[test]
fn pages_are_a_hundred_columns_wide_and_plain() {
    let (_folder, path) = place("features.h5");
    let mut values = rows(3000);
    values[[0, 4]] = 0.0;
    published(&path, &values);
    let page = describe(&path, &regions()).expect("a good file").to_string();
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    assert!(page.chars().all(|letter| letter == '\n' || !letter.is_control()), "{page}");
    assert!(page.contains("  dropped: 1 row with τ = 0 in a ratio\n"), "{page}");
    assert!(page.contains("High-level variables      unit"), "{page}");
}

#[test]
fn several_groups_and_no_resonance() {
    let (_folder, path) = place("groups.h5");
    group(&path, "a/b", &[("x", vec![1.0, 2.0]), ("y", vec![3.0, 4.0]), ("other", vec![0.0; 5])]);
    let file = hdf5::File::open_rw(&path).expect("a good file");
    file.new_dataset_builder().with_data(&[1_i32, 2, 3]).create("loose").expect("an array");
    file.link_soft("/nowhere", "dangling").expect("a link");
    file.link_hard("/a", "a/b/circle").expect("a link");
    drop(file);
    let found = describe(&path, &regions()).expect("a good file");
    assert_eq!(found.layout, FileLayout::Groups);
    let names: Vec<&str> = found.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names[..2], ["", "a/b"]);
    assert_eq!(found.tables[1].columns.len(), 2);
    let page = found.to_string();
    assert!(page.contains("No column of numbers is called m_jj: name the resonant variable"), "{page}");
}

#[test]
fn an_empty_file_is_described() {
    let (_folder, path) = place("empty.h5");
    hdf5::File::create(&path).expect("a writable folder");
    let found = describe(&path, &regions()).expect("an HDF5 file");
    assert_eq!((found.layout, found.tables.len()), (FileLayout::OtherHdf5, 0));
    assert!(found.to_string().contains("drapes finds no table of numbers here"));
}

#[test]
fn a_description_is_json() {
    let (_folder, path) = place("features.h5");
    published(&path, &rows(20));
    let found = describe(&path, &regions()).expect("a good file");
    let json = serde_json::to_value(&found).expect("numbers and names");
    assert_eq!(json["layout"], "lhco_features");
    assert_eq!(json["tables"][0]["events"]["signal"], 4);
    assert_eq!(json["tables"][0]["columns"][0]["name"], "pxj1");
    assert_eq!(json["regions"]["signal"]["low"], 3300.0);
}
