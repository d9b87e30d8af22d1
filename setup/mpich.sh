#!/usr/bin/env bash
# Builds drapes a second time, with MPICH, for the tests of launchers; says where the program is. Beside it lies the test of
# broadcasts, which is itself the program of every rank.
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
broadcast=$(MPICC=mpicc.mpich cargo test --quiet --locked --no-run --test broadcast --target-dir "$target" \
  --message-format=json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*broadcast-[^"]*\)".*/\1/p')
ln -f "$broadcast" "$target/debug/broadcast"
echo "$(pwd)/$target/debug/drapes"
