#!/usr/bin/env bash
# Builds drapes a second time, with MPICH, for the tests of launchers; says where the program is. Beside it lies the test of
# broadcasts, which is itself the program of every rank.
#
# Only what depends on MPI is compiled anew: the rest is taken from the debug build. Libraries are linked, not copied, and the
# sixty programs of tests stay behind: both would fill the disk twice.
set -euo pipefail
cd "$(dirname "$0")/.."
# Then the tests skip, and say so.
command -v mpicc.mpich >/dev/null || exit 0
built=${CARGO_TARGET_DIR:-target}
target=$built/mpich
mkdir -p "$target/debug"
if [ ! -e "$target/debug/deps" ]; then
  cp -a "$built"/debug/{build,.fingerprint} "$target/debug/"
  mkdir "$target/debug/deps"
  # A compiler replaces such a file, and never writes into it: the debug build keeps its own.
  find "$built/debug/deps" -maxdepth 1 -type f \( -name '*.rlib' -o -name '*.rmeta' -o -name '*.so' \) \
    -exec ln -t "$target/debug/deps" {} +
  find "$built/debug/deps" -maxdepth 1 -type f -name '*.d' -exec cp -a -t "$target/debug/deps" {} +
  # Its build script does not notice that it is asked for another MPI.
  cargo clean --quiet --package mpi-sys --target-dir "$target" 2>/dev/null
fi
# Of the whole workspace, as the debug build is: features of libraries that differed would have them all compiled again.
broadcast=$(MPICC=mpicc.mpich cargo test --quiet --locked --workspace --no-run --test broadcast --target-dir "$target" \
  --message-format=json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*broadcast-[^"]*\)".*/\1/p')
ln -f "$broadcast" "$target/debug/broadcast"
echo "$(pwd)/$target/debug/drapes"
