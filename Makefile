# One entry for people and for CI. `make demo` and `make check` need Python 3.11+, venv and git.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

.PHONY: demo check format lint types imports test cov completions docs snap picture bench conformance faults live-local soak prices sizes clean

demo: $(VENV)/.installed
	$(BIN)/ultra demo

check: $(VENV)/.dev
	$(MAKE) --no-print-directory -j 2 lint types imports conformance
	$(MAKE) --no-print-directory cov

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PY) -m pip install --quiet --disable-pip-version-check --group dev
	touch $@

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

test: $(VENV)/.dev
	$(PY) -m pytest -n auto -q

cov: $(VENV)/.dev
	rm -f .coverage .coverage.*
	$(PY) -m pytest -n 2 -q --cov --cov-report=term:skip-covered

conformance: $(VENV)/.dev
	$(PY) -m tests.conformance.replay ../shared/cassettes --chunking recorded
	$(PY) -m tests.conformance.replay ../shared/cassettes --chunking bytes:1
	$(PY) -m tests.conformance.replay ../shared/cassettes --chunking random:7
	$(PY) -m tests.conformance.requests ../shared/cassettes

# Every line of the fault matrix, played against the real command, as a page.
faults: $(VENV)/.dev
	$(PY) -m tests.chaos.report docs/faults.md

# A model server that nobody here wrote, with a model of its own; compiling it takes minutes.
LIVE ?= .venv-live
$(LIVE)/.installed: pyproject.toml
	$(PYTHON) -m venv $(LIVE)
	$(LIVE)/bin/python -m pip install --quiet --disable-pip-version-check "llama-cpp-python[server]>=0.3.16,<0.4" "gguf>=0.17"
	touch $@

live-local: $(VENV)/.installed $(LIVE)/.installed
	$(PY) -m tests.live.local $(LIVE)/bin/python

# The screens for ten minutes before a log that four processes write 200 events a second to.
soak: $(VENV)/.dev
	$(PY) -m tests.tui.soak --minutes 10

bench: $(VENV)/.dev
	$(PY) -m benchmarks

completions: $(VENV)/.installed
	$(PY) -m ultra.cli.completions completions

# The tables that pages take from the code, and the figures of the last `make bench`.
docs: $(VENV)/.installed
	$(PY) -m scripts.vendor_table
	$(PY) -m scripts.error_table
	test ! -e benchmarks/results.json || $(PY) -m scripts.bench_table

snap: $(VENV)/.dev
	ULTRA_SNAP=1 $(PY) -m pytest -q tests/tui

picture: $(VENV)/.installed
	$(PY) docs/picture.py docs/demo.svg

prices: $(VENV)/.dev
	$(PY) scripts/generate_prices.py

sizes: $(VENV)/.installed
	$(PY) scripts/sizes.py src

clean:
	rm -rf $(VENV) $(LIVE) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
