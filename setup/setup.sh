#!/usr/bin/env bash
# Brings what the build needs: system packages and libtorch. Does nothing that is already done.
#
#   setup/setup.sh           processors only
#   CUDA=1 setup/setup.sh    with the CUDA half of libtorch (2.5 GB more)
#   PREPARE=1 setup/setup.sh with FastJet, for drapes-prepare
#   TESTS=1 setup/setup.sh   with FastJet, Slurm, MPICH, which tests run beside Open MPI, and Chromium, which opens the page
#
# LIBTORCH=/path/to/libtorch uses a libtorch 2.11.0 that is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 3; }

# System packages, by what the build looks for.
missing=()
command -v mpicc >/dev/null || missing+=(libopenmpi-dev)
command -v mpirun >/dev/null || missing+=(openmpi-bin)
command -v pkg-config >/dev/null || missing+=(pkg-config)
# bindgen reads the MPI headers with libclang and its own headers.
ls /usr/lib/llvm-*/lib/clang/*/include/stddef.h >/dev/null 2>&1 || [ -n "${LIBCLANG_PATH:-}" ] \
  || missing+=(libclang-dev)
[ -e /usr/include/hdf5/serial/hdf5.h ] || [ -e /usr/include/hdf5.h ] || [ -n "${HDF5_DIR:-}" ] \
  || missing+=(libhdf5-dev)
[ "${TESTS:-0}" = 0 ] || PREPARE=1
[ "${PREPARE:-0}" = 0 ] || [ -n "${FASTJET_CONFIG:-}" ] || command -v fastjet-config >/dev/null \
  || missing+=(libfastjet-dev)
command -v c++ >/dev/null || missing+=(g++)
command -v pip3 >/dev/null || command -v pip >/dev/null || missing+=(python3-pip)
if [ "${TESTS:-0}" != 0 ]; then
  # Tests that lack these skip, and say so: without root they are not asked for.
  others=()
  command -v slurmctld >/dev/null && command -v slurmd >/dev/null || others+=(slurm-wlm)
  command -v munged >/dev/null || others+=(munge)
  command -v mpicc.mpich >/dev/null || others+=(mpich libmpich-dev)
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || others+=(chromium)
  if [ "${#others[@]}" -gt 0 ]; then
    if [ "$(id -u)" -eq 0 ]; then
      missing+=("${others[@]}")
    else
      say "tests will skip what needs ${others[*]}"
    fi
  fi
fi
if [ "${#missing[@]}" -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null
  else
    fail "these packages are missing: ${missing[*]}. Run: sudo $install (or load your site's modules, see INSTALL.md)"
  fi
fi
command -v cargo >/dev/null || fail "there is no Rust toolchain. Install one from https://rustup.rs"

# libtorch.
if [ -n "${LIBTORCH:-}" ]; then
  version=$(cat "$LIBTORCH/build-version" "$LIBTORCH/version.py" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1 || true)
  [ "${version:-unknown}" = 2.11.0 ] || fail "LIBTORCH=$LIBTORCH holds version ${version:-unknown}; drapes needs 2.11.0"
  say "using libtorch 2.11.0 in $LIBTORCH"
  exit 0
fi
kind=cpu
[ "${CUDA:-0}" = 0 ] || kind=cuda
if [ -e .libtorch/is-cuda ] || [ -e ".libtorch/is-$kind" ]; then
  exit 0
fi
[ "$(uname -sm)" = "Linux x86_64" ] \
  || fail "the pinned libtorch is for Linux on x86-64. Elsewhere set LIBTORCH to a libtorch 2.11.0, or build the light program: cargo build --release -p drapes-analysis"
say "fetching libtorch 2.11.0 ($kind) into .libtorch"
wheels=.libtorch/wheels
rm -rf .libtorch && mkdir -p "$wheels"
platforms=()
for minor in $(seq 17 28); do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
pip=$(command -v pip3 || command -v pip)
# The same wheels whatever Python runs here: none of their Python is used.
"$pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
  --python-version 3.11 --implementation cp "${platforms[@]}" --platform manylinux2014_x86_64 \
  --platform manylinux1_x86_64 -r "setup/libtorch-$kind.txt" -d "$wheels"
python3 setup/unpack.py "$kind" "$wheels" .libtorch
rm -rf "$wheels"
touch ".libtorch/is-$kind"
say "done: $(du -sh .libtorch | cut -f 1) in .libtorch"
