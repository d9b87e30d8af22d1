# Settings of a site, read by the scripts beside it from slurm/site.sh. Keep what you need.

# module load openmpi hdf5
# drapes=$HOME/drapes/target/release/drapes

# What starts the ranks. srun must speak the language of the MPI that drapes was built with: `srun --mpi=list` shows what
# it knows, `drapes doctor` what drapes was built with. Open MPI: pmix; MPICH and Intel MPI: pmi2.
# launch="srun --kill-on-bad-exit=1 --mpi=pmix"

# The MPI's own launcher instead. A plain `scancel` then reaches mpirun as well, which kills its ranks a second later, saved
# or not: cancel with `scancel --batch --signal=TERM`, which reaches the script alone.
# launch="mpirun --bind-to none"
