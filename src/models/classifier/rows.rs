//! Which rows of a table a member trains, is validated or is evaluated on.

use std::sync::Arc;

use drapes_analysis::job::quantities::Fold;

use super::folds::FoldAssignment;

/// Rows of a class, in rising order.
///
/// Those of a fold are no list: fifty members of two million events would hold a gigabyte of them, while the part of each
/// event, which all members of a seed share, says the same.
#[derive(Clone)]
pub struct Rows {
    kind: Kind,
    count: usize,
}

#[derive(Clone)]
enum Kind {
    Listed(Vec<u32>),
    Random(Arc<FoldAssignment>, Role),
}

/// The role of events for a member.
#[derive(Clone, Copy)]
pub enum Role {
    /// It is validated or evaluated on the events of this fold.
    Part(Fold),
    /// It learns from the events that train the classifier of this fold.
    TrainingFor(Fold),
}

impl Rows {
    /// The events that have a role in an assignment of folds.
    pub fn of_folds(folds: Arc<FoldAssignment>, role: Role) -> Self {
        let count = of_role(&folds, role).count();
        Self { kind: Kind::Random(folds, role), count }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Iterates over the rows.
    pub fn each(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match &self.kind {
            Kind::Listed(rows) => Box::new(rows.iter().map(|row| *row as usize)),
            Kind::Random(folds, role) => of_role(folds, *role),
        }
    }

    /// The rows as a list, where all are needed at once.
    pub fn list(&self) -> Vec<usize> {
        let mut rows = Vec::with_capacity(self.count);
        rows.extend(self.each());
        rows
    }
}

fn of_role(folds: &FoldAssignment, role: Role) -> Box<dyn Iterator<Item = usize> + '_> {
    match role {
        Role::Part(fold) => Box::new(folds.part(fold)),
        Role::TrainingFor(fold) => Box::new(folds.training(fold)),
    }
}

impl FromIterator<usize> for Rows {
    fn from_iter<I: IntoIterator<Item = usize>>(rows: I) -> Self {
        let rows: Vec<u32> = rows.into_iter().map(|row| row as u32).collect();
        Self { count: rows.len(), kind: Kind::Listed(rows) }
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::plan::random_stream::Stream;

    use super::*;

    #[test]
    fn rows_of_folds_are_those_of_their_folds() {
        let folds = Arc::new(FoldAssignment::random(103, 5, &Stream::of_job(3)).repeated(310));
        for fold in (0..5).map(Fold) {
            for (role, expected) in [
                (Role::Part(fold), folds.part(fold).collect::<Vec<_>>()),
                (Role::TrainingFor(fold), folds.training(fold).collect()),
            ] {
                let rows = Rows::of_folds(Arc::clone(&folds), role);
                assert_eq!((rows.count(), rows.list()), (expected.len(), expected.clone()));
                let listed: Rows = expected.iter().copied().collect();
                assert_eq!((listed.count(), listed.list()), (expected.len(), expected));
            }
        }
    }
}
