//! Random tables, as files.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_pcg::Pcg64;

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    Normal,
    Exponential,
    Constant,
    MostlyZero,
    Integer,
    /// Normal, and one event at 1e30.
    Outlier,
    /// Normal, and some not a number.
    Missing,
    /// Normal, and one infinite.
    Infinite,
    /// The largest and smallest numbers that there are.
    Extreme,
    /// A falling spectrum of masses.
    Masses,
    /// One in twelve is signal.
    Label,
    Bool,
}

/// How numbers are stored in HDF5.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    F64,
    F32,
    I64,
    U8,
    Bool,
}

/// What the file is.
#[derive(Clone, Copy, Debug)]
pub enum Container {
    Hdf5,
    Csv,
}

#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    values: Values,
    kind: Kind,
}

/// A table of events, made anew from a few numbers.
#[derive(Clone, Debug)]
pub struct Table {
    container: Container,
    rows: usize,
    columns: Vec<Column>,
    /// Every row twice.
    twice: bool,
    seed: u64,
}

fn values() -> impl Strategy<Value = Values> {
    use Values as V;
    prop_oneof![
        4 => Just(V::Normal),
        2 => Just(V::Exponential),
        8 => prop::sample::select(vec![
            V::Constant, V::MostlyZero, V::Integer, V::Outlier, V::Missing, V::Infinite, V::Extreme, V::Bool
        ]),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::F64),
        3 => Just(Kind::F32),
        1 => Just(Kind::I64),
        1 => Just(Kind::U8),
        1 => Just(Kind::Bool),
    ]
}

fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![1 => 0_usize..3, 1 => 3_usize..200, 4 => 800_usize..4000]
}

/// Any table: most of them with masses and a label, so that the program comes far.
pub fn table() -> impl Strategy<Value = Table> {
    let features = prop::collection::vec((values(), kind()), 1..4);
    let mass = prop_oneof![8 => Just(Values::Masses), 1 => values()];
    let label = prop_oneof![8 => Just(Values::Label), 1 => values()];
    let container = prop_oneof![Just(Container::Hdf5), Just(Container::Csv)];
    (container, rows(), features, mass, label, prop::bool::weighted(0.1), any::<u64>()).prop_map(
        |(container, rows, features, mass, label, twice, seed)| {
            let column = |name: &str, values, kind| Column { name: name.to_owned(), values, kind };
            let mut columns = vec![column("m_jj", mass, Kind::F64)];
            let named = features.into_iter().zip(["a", "b", "c"]);
            columns.extend(named.map(|((values, kind), name)| column(name, values, kind)));
            columns.push(column("label", label, Kind::F32));
            Table { container, rows, columns, twice, seed }
        },
    )
}

/// A table that nothing is wrong with.
pub fn usual() -> Table {
    let column = |name: &str, values| Column { name: name.to_owned(), values, kind: Kind::F64 };
    let columns = vec![
        column("m_jj", Values::Masses),
        column("a", Values::Normal),
        column("b", Values::Exponential),
        column("label", Values::Label),
    ];
    Table { container: Container::Hdf5, rows: 3000, columns, twice: false, seed: 7 }
}

impl Column {
    fn draw(&self, rows: usize, generator: &mut Pcg64) -> Vec<f64> {
        let chosen = if rows > 0 { generator.random_range(0..rows) } else { 0 };
        (0..rows).map(|row| self.value(row, row == chosen, generator)).collect()
    }

    fn value(&self, row: usize, is_chosen: bool, generator: &mut Pcg64) -> f64 {
        let normal: f64 = StandardNormal.sample(generator);
        let falling: f64 = Exp1.sample(generator);
        match self.values {
            Values::Exponential => falling,
            Values::Constant => 7.25,
            Values::MostlyZero if generator.next_u32().is_multiple_of(12) => normal,
            Values::MostlyZero => 0.0,
            Values::Integer => (3.0 * falling).floor(),
            Values::Outlier if is_chosen => 1e30,
            Values::Missing if row.is_multiple_of(9) => f64::NAN,
            Values::Infinite if is_chosen => f64::INFINITY,
            Values::Normal | Values::Outlier | Values::Missing | Values::Infinite => normal,
            Values::Extreme => {
                [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1e300, -1e-300, 0.0][generator.random_range(0..6)]
            }
            Values::Masses => 2800.0 + (650.0 * falling) % 3300.0,
            Values::Label => f64::from(u8::from(row.is_multiple_of(12))),
            Values::Bool => f64::from(u8::from(normal > 0.0)),
        }
    }
}

impl Table {
    /// Writes the file into a folder; its name.
    pub fn write(&self, folder: &Path) -> String {
        let mut generator = Pcg64::seed_from_u64(self.seed);
        let mut columns: Vec<(&Column, Vec<f64>)> =
            self.columns.iter().map(|column| (column, column.draw(self.rows, &mut generator))).collect();
        if self.twice {
            for (_, values) in &mut columns {
                values.extend_from_within(..);
            }
        }
        match self.container {
            Container::Hdf5 => write_hdf5(&folder.join("e.h5"), &columns),
            Container::Csv => write_csv(&folder.join("e.csv"), &columns),
        }
        match self.container {
            Container::Hdf5 => "e.h5".to_owned(),
            Container::Csv => "e.csv".to_owned(),
        }
    }

    /// A job on that file that takes a second or two.
    pub fn job(&self, events: &str) -> String {
        let features: Vec<String> = self
            .columns
            .iter()
            .filter(|column| !["m_jj", "label"].contains(&column.name.as_str()))
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        format!(
            "schema = 1\nname = \"t\"\n[data]\nevents = \"{events}\"\nlayout = \"table\"\nresonant = \"m_jj\"\n\
             features = [{}]\n[denoiser]\nepochs = 4\nbatch = 128\nlearning_rate = 1e-3\n[sampler]\nsteps = 8\n\
             [template]\noversampling = 1\n[classifier]\nepochs = 2\nbatch = 32\nseeds = \"0\"\n[trees]\niterations = 10\n\
             [[scan]]\nmethod = \"noise\"\nn_signal = 0\nclassifier = [\"mlp\", \"trees\"]\n",
            features.join(", ")
        )
    }
}

fn write_hdf5(path: &Path, columns: &[(&Column, Vec<f64>)]) {
    let file = hdf5::File::create(path).expect("room for events");
    let group = file.create_group("events").expect("a group");
    for (column, values) in columns {
        let data = group.new_dataset_builder();
        let name = column.name.as_str();
        // Numbers that a kind has no place for become its nearest.
        let made = match column.kind {
            Kind::F64 => data.with_data(values).create(name),
            Kind::F32 => data.with_data(&values.iter().map(|x| *x as f32).collect::<Vec<_>>()).create(name),
            Kind::I64 => data.with_data(&values.iter().map(|x| *x as i64).collect::<Vec<_>>()).create(name),
            Kind::U8 => data.with_data(&values.iter().map(|x| *x as u8).collect::<Vec<_>>()).create(name),
            Kind::Bool => data.with_data(&values.iter().map(|x| *x > 0.0).collect::<Vec<_>>()).create(name),
        };
        made.expect("a column");
    }
}

fn write_csv(path: &Path, columns: &[(&Column, Vec<f64>)]) {
    let mut text =
        columns.iter().map(|(column, _)| column.name.as_str()).collect::<Vec<_>>().join(",") + "\n";
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    for row in 0..rows {
        let cells = columns.iter().map(|(column, values)| match column.kind {
            Kind::F64 => values[row].to_string(),
            Kind::F32 => (values[row] as f32).to_string(),
            Kind::I64 | Kind::U8 => (values[row] as i64).to_string(),
            Kind::Bool => u8::from(values[row] > 0.0).to_string(),
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    fs::write(path, text).expect("room for events");
}
