# make demo    set up, build, run the demo and say where the picture is
# make test    set up, then formatting, lints and all tests
# make setup   system packages and libtorch; CUDA=1 for GPUs
# make bench   throughput of training and sampling

CARGO ?= cargo
# nextest closes with one count for all tests; cargo's own runner, with one for each file.
TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo nextest run || echo test)

.PHONY: demo test setup bench lint

setup:
	@setup/setup.sh

demo: setup
	$(CARGO) build --release --locked
	target/release/drapes run jobs/demo.toml --ranks auto --out out/demo
	@echo
	@echo "look at out/demo/figures/fig04.png and out/demo/figures/fig05.png"

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

test: lint
	$(CARGO) $(TEST) --locked --workspace --no-fail-fast

bench: setup
	$(CARGO) bench --locked --bench throughput
