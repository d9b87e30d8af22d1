# make demo    set up, build, run the demo and say where the picture is
# make test    set up, FastJet included, then formatting, lints and all tests
# make setup   system packages and libtorch; CUDA=1 for GPUs, PREPARE=1 for FastJet, which drapes-prepare needs
# make test-faults  hundreds of kills, other troubles and random tables; make fuzz  random job files, records and files of events
# make install PREFIX=~/.local  programs, libtorch, completions and manual pages; PROFILE=dev without optimisation,
#                               PREPARE=1 with drapes-prepare
# make bench   throughput of training and sampling; reading

SHELL := /bin/bash -o pipefail
CARGO ?= cargo
# nextest closes with one count for all tests; cargo's own runner has one for each file, which are added up.
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

.PHONY: demo install test test-faults fuzz setup bench lint

setup:
	@setup/setup.sh

demo: setup
	$(CARGO) build --release --locked
	target/release/drapes run jobs/demo.toml --ranks auto --out out/demo
	@echo
	@echo "open out/demo/report.html in a browser; pictures are in out/demo/figures"
	@echo "a search without labels, in two minutes: target/release/drapes run jobs/search_demo.toml --ranks auto --out out/search_demo"

PREFIX ?= $(HOME)/.local
PROFILE ?= release
install: setup
	$(CARGO) build --profile $(PROFILE) --locked $(if $(filter-out 0,$(PREPARE)),--workspace --exclude drapes-operators)
	PREFIX="$(abspath $(patsubst ~/%,$(HOME)/%,$(PREFIX)))" setup/install.sh $${CARGO_TARGET_DIR:-target}/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

# The whole workspace, drapes-prepare included.
lint: export TESTS = 1
lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

# The program is built a second time with MPICH, for the tests of launchers.
test: lint
ifneq ($(NEXTEST),)
	$(CARGO) nextest run --locked --workspace --no-run
	DRAPES_MPICH="$$(setup/mpich.sh)" $(CARGO) nextest run --locked --workspace --no-fail-fast
else
	$(CARGO) test --locked --workspace --no-run
	DRAPES_MPICH="$$(setup/mpich.sh)" $(CARGO) test --locked --workspace --no-fail-fast 2>&1 | awk -f setup/count.awk
endif

# Hundreds of kills, and hundreds of random tables: more than an hour.
test-faults: setup
	DRAPES_KILLS=200 $(CARGO) test --locked --test faults -- --nocapture
	DRAPES_TROUBLES=200 DRAPES_MPICH="$$(setup/mpich.sh)" $(CARGO) test --locked --test campaign -- --nocapture
	DRAPES_TABLES=400 $(CARGO) test --locked --test random_tables -- --nocapture

# Needs cargo-fuzz (cargo install cargo-fuzz); stops at what it finds, or after so many seconds each.
FUZZ_SECONDS ?= 600
# The readers of events are part of the heavy crate: where libtorch lies, for the linker and for the start of the program.
FUZZ_READERS = LIBTORCH="$${LIBTORCH:-$(CURDIR)/.libtorch/torch}" LD_LIBRARY_PATH="$${LIBTORCH:-$(CURDIR)/.libtorch/torch}/lib"
fuzz:
	mkdir -p fuzz/corpus/job_file fuzz/corpus/record fuzz/corpus/csv_file fuzz/corpus/hdf5_file
	cp jobs/*.toml fuzz/corpus/job_file
	cp src/data/tests/newer.h5 fuzz/corpus/hdf5_file
	printf 'm_jj,x,label\n3300,0.5,1\n3400,-1.5,0\n' > fuzz/corpus/csv_file/plain.csv
	printf 'sep=;\n# c\nm_jj;x;label\n3300;0,5;TRUE\n3400;NA;FALSE\n' > fuzz/corpus/csv_file/semicolons.csv
	cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run job_file -- -max_total_time=$(FUZZ_SECONDS)
	cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run record -- -max_total_time=$(FUZZ_SECONDS)
	cd fuzz && $(FUZZ_READERS) RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run csv_file -- -max_total_time=$(FUZZ_SECONDS)
	# HDF5 itself keeps memory to its end, which is no leak of ours.
	cd fuzz && $(FUZZ_READERS) ASAN_OPTIONS=detect_leaks=0 RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run hdf5_file -- -max_total_time=$(FUZZ_SECONDS)

# The same work in another program, for ratios; left out where its Python has no JAX.
PEER ?= ../shared/bench/jax_peer.py
PEER_PYTHON ?= python3

bench: setup
	$(CARGO) bench --locked --bench throughput
	$(CARGO) bench --locked --bench reading
	@if test -f $(PEER) && $(PEER_PYTHON) -c "import jax, optax" 2>/dev/null; then \
		$(CARGO) bench --locked --bench throughput -- --peer $(PEER) --python $(PEER_PYTHON); \
	else \
		echo "no ratios: $(PEER) or a Python with jax and optax is not there (PEER=, PEER_PYTHON=)"; \
	fi
