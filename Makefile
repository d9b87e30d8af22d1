# make demo    set up, build, run the demo and say where the picture is
# make test    set up, FastJet included, then formatting, lints and all tests
# make setup   system packages and libtorch; CUDA=1 for GPUs, PREPARE=1 for FastJet, which drapes-prepare needs
# make bench   throughput of training and sampling; reading

SHELL := /bin/bash -o pipefail
CARGO ?= cargo
# nextest closes with one count for all tests; cargo's own runner has one for each file, which are added up.
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

.PHONY: demo test setup bench lint

setup:
	@setup/setup.sh

demo: setup
	$(CARGO) build --release --locked
	target/release/drapes run jobs/demo.toml --ranks auto --out out/demo
	@echo
	@echo "look at out/demo/figures/fig04.png and out/demo/figures/fig05.png"

# The whole workspace, drapes-prepare included.
lint: export PREPARE = 1
lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

test: lint
ifneq ($(NEXTEST),)
	$(CARGO) nextest run --locked --workspace --no-fail-fast
else
	$(CARGO) test --locked --workspace --no-fail-fast 2>&1 | awk -f setup/count.awk
endif

bench: setup
	$(CARGO) bench --locked --bench throughput
	$(CARGO) bench --locked --bench reading
