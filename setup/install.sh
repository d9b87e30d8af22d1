#!/usr/bin/env bash
# Installs built programs with what they need to run, to complete and to be read about; nothing of the checkout is needed
# afterwards.
#
#   PREFIX=~/.local setup/install.sh target/release
#
#   PREFIX/bin                    drapes, drapes-analysis, and with PREPARE=1 drapes-prepare
#   PREFIX/lib/drapes             libtorch, which drapes finds from its own place; LIBTORCH names another
#   PREFIX/share                  completions for bash, zsh and fish, and manual pages
#
# DESTDIR is put before PREFIX while files are copied, as packages are made.
set -euo pipefail

say() { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 3; }

[ $# -eq 1 ] || fail "name the folder of the built programs: PREFIX=~/.local setup/install.sh target/release"
built=$1
[ -n "${PREFIX:-}" ] || fail "PREFIX is not set (nobody says where to install) set it: PREFIX=~/.local"
case "$PREFIX" in /*) ;; *) fail "PREFIX=$PREFIX is not a whole path (it would depend on the folder) begin it with /" ;; esac
libtorch=${LIBTORCH:-$(cd "$(dirname "$0")/.." && pwd)/.libtorch/torch}
[ -x "$built/drapes" ] || fail "$built holds no drapes (it was not built) run: cargo build --release"
[ -e "$libtorch/lib/libtorch_cpu.so" ] || fail "$libtorch holds no libtorch (drapes would not start) run: make setup"

to=${DESTDIR:-}$PREFIX
mkdir -p "$to/bin" "$to/lib/drapes/torch/lib" "$to/share" \
  || fail "cannot write $to (see above) name another PREFIX, or install as a user who may"
programs="drapes drapes-analysis"
[ "${PREPARE:-0}" = 0 ] || programs="$programs drapes-prepare"
for program in $programs; do
  [ ! -x "$built/$program" ] || install -m 755 "$built/$program" "$to/bin/$program"
done

# The libraries look for each other by their places: torch/lib beside nvidia/*/lib.
copy() { cp -L --remove-destination "$@"; }
find "$libtorch/lib" -maxdepth 1 -name '*.so*' -print0 | while IFS= read -r -d '' library; do
  copy "$library" "$to/lib/drapes/torch/lib/"
done
for folder in "$libtorch"/../nvidia/*/lib; do
  [ -d "$folder" ] || continue
  target=$to/lib/drapes/nvidia/$(basename "$(dirname "$folder")")/lib
  mkdir -p "$target"
  find "$folder" -maxdepth 1 -name '*.so*' -exec cp -L --remove-destination {} "$target/" \;
done

# An installed program needs no LD_LIBRARY_PATH: it is asked without one.
run() { env -u LD_LIBRARY_PATH "$to/bin/$1" "${@:2}"; }
run drapes --version >/dev/null || fail "$to/bin/drapes does not start (see above) build it again, then install it"
for program in drapes drapes-analysis; do
  [ -x "$to/bin/$program" ] || continue
  bash=$to/share/bash-completion/completions zsh=$to/share/zsh/site-functions fish=$to/share/fish/vendor_completions.d
  mkdir -p "$bash" "$zsh" "$fish"
  run "$program" completions bash >"$bash/$program"
  run "$program" completions zsh >"$zsh/_$program"
  run "$program" completions fish >"$fish/$program.fish"
  run "$program" man "$to/share/man/man1" 2>/dev/null
done
say "$(run drapes --version) in $PREFIX/bin"
case ":$PATH:" in *":$PREFIX/bin:"*) ;; *) say "$PREFIX/bin is not on PATH: export PATH=$PREFIX/bin:\$PATH" ;; esac
