#!/usr/bin/env bash
# Builds drapes a second time, with MPICH, for the tests of launchers; says where the program is.
#
# Only what depends on MPI is compiled anew: the rest is copied from the debug build.
set -euo pipefail
cd "$(dirname "$0")/.."
# Then the tests skip, and say so.
command -v mpicc.mpich >/dev/null || exit 0
built=${CARGO_TARGET_DIR:-target}
target=$built/mpich
mkdir -p "$target/debug"
if [ ! -e "$target/debug/deps" ]; then
  cp -a "$built"/debug/{build,deps,.fingerprint} "$target/debug/"
  # Its build script does not notice that it is asked for another MPI.
  cargo clean --quiet --package mpi-sys --target-dir "$target" 2>/dev/null
fi
MPICC=mpicc.mpich cargo build --quiet --locked --target-dir "$target" >&2
echo "$(pwd)/$target/debug/drapes"
