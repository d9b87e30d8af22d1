//! Which share of the work belongs to this process of a job.

use crate::error::PrepareError;

/// One of several processes that a launcher has started for the same command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// This process, from zero.
    pub rank: usize,
    /// All of them.
    pub size: usize,
}

/// Variables in which launchers tell a process its number and how many there are: Open MPI, MPICH and its kin, Slurm.
const LAUNCHERS: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
];

impl Share {
    /// All of the work.
    pub const ALONE: Self = Self { rank: 0, size: 1 };

    /// The share of this process, by what its launcher says; all of the work without a launcher.
    ///
    /// # Errors
    /// The variables of the launcher hold no valid numbers.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, PrepareError> {
        for (rank, size) in LAUNCHERS {
            // A shell of Slurm has a number, too, but belongs to no step.
            let (Some(rank_value), Some(size_value)) = (variable(rank), variable(size)) else { continue };
            return match (rank_value.trim().parse(), size_value.trim().parse()) {
                (Ok(rank), Ok(size)) if rank < size => Ok(Self { rank, size }),
                _ => {
                    let variables = format!("{rank}={rank_value} {size}={size_value}");
                    Err(PrepareError::Launcher { variables })
                }
            };
        }
        Ok(Self::ALONE)
    }

    /// Whether a part of the work belongs to this process.
    pub fn has(self, part: usize) -> bool {
        part % self.size == self.rank
    }

    /// Whether this is the only process.
    pub fn is_alone(self) -> bool {
        self.size == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(variables: &[(&str, &str)]) -> Result<Share, PrepareError> {
        Share::of(|name| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    }

    #[test]
    fn launchers_tell_the_share() {
        assert_eq!(share(&[]).expect("alone"), Share::ALONE);
        let of_mpi = share(&[
            ("OMPI_COMM_WORLD_RANK", "2"),
            ("OMPI_COMM_WORLD_SIZE", "3"),
            ("SLURM_PROCID", "0"),
            ("SLURM_STEP_NUM_TASKS", "1"),
        ]);
        assert_eq!(of_mpi.expect("a share"), Share { rank: 2, size: 3 });
        assert_eq!(share(&[("SLURM_PROCID", "0")]).expect("a shell in a job"), Share::ALONE);
        let message = share(&[("PMI_RANK", "4"), ("PMI_SIZE", "4")]).expect_err("no share").to_string();
        assert!(message.contains("PMI_RANK=4 PMI_SIZE=4"), "{message}");
    }

    #[test]
    fn shares_cover_each_part_once() {
        for part in 0..20 {
            assert_eq!((0..3).filter(|rank| Share { rank: *rank, size: 3 }.has(part)).count(), 1);
        }
    }
}
