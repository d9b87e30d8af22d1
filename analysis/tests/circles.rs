//! Imports lead one way: no module of the workspace is reached again from what it imports.
//!
//! The rule. A file is a module, and a module right below the root of its crate is a room with all that lies in it. An
//! arrow goes from a module to the one that has what it names in a `use`, or by a path that begins with `crate` or
//! `super`; a name that a module only passes on (`pub use claim::Claim`) counts as that of the file it comes from. Arrows
//! must form no circle between files, and none between rooms. A module and those below it are one thing that is told on
//! several pages, so that arrows between a parent and its children do not count: a parent gathers what its children have,
//! and they may use what it holds for all. Code for tests alone does not count either, for a test of what lies low may
//! ask what lies high as a witness.

mod imports;

use std::path::Path;

use imports::{Modules, circle, upwards};

/// The crates of the workspace, with how many files each has at least: a test that reads nothing finds nothing.
const CRATES: [(&str, usize); 4] = [("analysis", 100), (".", 100), ("prepare", 20), ("draw", 30)];

/// The rooms of the light crate from the lowest to the highest, as docs/architecture.md draws them: each may use those
/// before it.
const LIGHT_ROOMS: [&str; 13] = [
    "error",
    "text",
    "expression",
    "statistics",
    "job",
    "plan",
    "dispatch",
    "machine",
    "store",
    "figures",
    "export",
    "report",
    "cli",
];

/// The rooms of the heavy crate, likewise; `fused` are kernels that take whole steps of small networks.
const HEAVY_ROOMS: [&str; 13] = [
    "progress_sink",
    "data",
    "device",
    "nn",
    "fused",
    "error",
    "arrays",
    "sample",
    "training",
    "models",
    "dispatch",
    "task",
    "run",
];

/// Rooms whose files may still import each other in a circle, because they are being written anew. A room whose files no
/// longer do leaves this list.
const BEING_REWRITTEN: [(&str, &str); 0] = [];

#[test]
fn rooms_that_are_being_rewritten_are_excused_no_longer_than_needed() {
    for (folder, room) in BEING_REWRITTEN {
        let modules = Modules::read(&repository().join(folder).join("src"));
        let inside = modules.inside(room);
        assert!(circle(&inside).is_some(), "{room} of {folder} has no circle: take it off BEING_REWRITTEN");
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

#[test]
fn no_crate_of_the_workspace_imports_in_a_circle() {
    let mut found = Vec::new();
    for (folder, least) in CRATES {
        let modules = Modules::read(&repository().join(folder).join("src"));
        assert!(modules.count() >= least, "only {} files in {folder}", modules.count());
        let excused = BEING_REWRITTEN.iter().filter(|(of, _)| *of == folder).map(|(_, room)| *room);
        let files = modules.between_files_but_inside(&excused.collect::<Vec<_>>());
        for (what, arrows) in [("files", files), ("rooms", modules.between_rooms())] {
            if let Some(circle) = circle(&arrows) {
                found.push(format!("{what} of {folder}/src import in a circle:\n{circle}"));
            }
        }
    }
    assert!(
        found.is_empty(),
        "{}\nmove what the lower one needs down to it, or below both (the rule stands in this test)",
        found.join("\n")
    );
}

#[test]
fn each_room_of_the_light_crate_uses_only_rooms_below_it() {
    let modules = Modules::read(&repository().join("analysis/src"));
    let listed = LIGHT_ROOMS.into_iter().collect();
    assert_eq!(modules.rooms(), listed, "a room that comes or goes has its place in LIGHT_ROOMS, too");
    let upwards = upwards(&modules.between_rooms(), &LIGHT_ROOMS);
    assert!(
        upwards.is_empty(),
        "rooms of analysis/src import what lies above them:\n{}\nmove what the lower one needs down to it",
        upwards.join("\n")
    );
}

#[test]
fn each_room_of_the_heavy_crate_uses_only_rooms_below_it() {
    let modules = Modules::read(&repository().join("src"));
    let unlisted: Vec<&str> =
        modules.rooms().into_iter().filter(|room| !HEAVY_ROOMS.contains(room)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?} have no place in HEAVY_ROOMS");
    let upwards = upwards(&modules.between_rooms(), &HEAVY_ROOMS);
    assert!(
        upwards.is_empty(),
        "rooms of src import what lies above them:\n{}\nmove what the lower one needs down to it",
        upwards.join("\n")
    );
}

#[test]
fn an_import_against_the_order_of_rooms_is_named() {
    let modules = Modules::of(&[
        ("lib.rs", "pub mod plan; pub mod store;"),
        ("plan/mod.rs", "mod price;"),
        ("plan/price.rs", "use crate::store::Record;"),
        ("store.rs", ""),
    ]);
    let arrows = modules.between_rooms();
    assert_eq!(
        upwards(&arrows, &["plan", "store"]),
        ["  plan -> store (plan::price has crate::store::Record)"]
    );
    assert!(upwards(&arrows, &["store", "plan"]).is_empty());
}

#[test]
fn a_circle_between_files_is_named_with_the_paths_that_close_it() {
    let modules = Modules::of(&[
        ("lib.rs", "pub mod plan; pub mod store;"),
        ("plan.rs", "use crate::store::{self, Record as Kept}; use std::fs;"),
        ("store.rs", "pub fn price() -> f64 { crate::plan::price() }"),
    ]);
    let found = circle(&modules.between_files()).expect("a circle");
    assert_eq!(found, "  plan -> store (crate::store)\n  store -> plan (crate::plan::price)");
    assert!(circle(&modules.between_rooms()).is_some());
}

#[test]
fn a_circle_of_files_may_lie_in_one_room_and_one_of_rooms_in_no_files() {
    let siblings = Modules::of(&[
        ("lib.rs", "mod store;"),
        ("store/mod.rs", "mod claim; mod lock;"),
        ("store/claim.rs", "use super::lock::Lock;"),
        ("store/lock.rs", "use super::claim;"),
    ]);
    assert!(circle(&siblings.between_files()).is_some() && circle(&siblings.between_rooms()).is_none());
    let rooms = Modules::of(&[
        ("store/mod.rs", ""),
        ("store/claim.rs", "use crate::plan::TaskId;"),
        ("store/lock.rs", ""),
        ("plan.rs", "use crate::store::lock::Lock;"),
    ]);
    assert!(circle(&rooms.between_files()).is_none());
    let found = circle(&rooms.between_rooms()).expect("a circle");
    assert!(found.contains("plan -> store (plan has crate::store::lock::Lock)"), "{found}");
}

#[test]
fn a_name_that_is_passed_on_belongs_to_the_file_that_has_it() {
    let files = |lock| {
        Modules::of(&[
            ("store/mod.rs", "mod claim; mod lock; pub use claim::Claim; pub use lock::Lock;"),
            ("store/claim.rs", "use super::Lock;"),
            ("store/lock.rs", lock),
        ])
    };
    assert!(circle(&files("").between_files()).is_none());
    let found = circle(&files("use super::Claim;").between_files()).expect("a circle");
    assert!(found.contains("store::claim -> store::lock (super::Lock)"), "{found}");
}

#[test]
fn parents_tests_and_other_crates_are_no_part_of_a_circle() {
    let modules = Modules::of(&[
        ("lib.rs", "pub mod store; pub mod plan;"),
        ("store/mod.rs", "mod claim; use claim::Claim; pub struct Store; #[cfg(test)] mod samples;"),
        ("store/claim.rs", "use super::Store; #[cfg(test)] mod tests { use crate::plan::Plan; }"),
        ("store/samples.rs", "use crate::plan::Plan;"),
        ("plan.rs", "use crate::store::Store; use other::store::plan;"),
    ]);
    assert_eq!(modules.count(), 4);
    assert_eq!(circle(&modules.between_files()), None);
    assert_eq!(circle(&modules.between_rooms()), None);
}
