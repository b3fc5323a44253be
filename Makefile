# Every target works as the first command on a machine with git, make and Python 3.11 or newer: what it needs is
# installed into .venv first, in the versions of requirements/constraints.txt.

PYTHON ?= python3
MINUTES ?= 30
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
LOWEST := .venv-lowest
PINS := requirements/constraints.txt
PEERS := requirements/bench.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint $(PINS) --build-constraint $(PINS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all figures test-lowest check format lint types imports lint-spec workflows docs regenerate check-generated record drift attack bench lock clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## Pull a week of conversions from a local sandbox and show what is in them
	$(BIN)/python examples/demo.py

test: $(VENV)/dev.stamp ## Run the tests, with the coverage gates
	$(BIN)/python -m pytest -n 2 -m "not slow" -p no:schemathesis --cov --cov-report=
	$(BIN)/python -m coverage report --fail-under=95
	$(BIN)/python -m coverage report --include='*/metrics24/_core/*' --fail-under=100

test-all: $(VENV)/dev.stamp ## Run what make test leaves out: schemathesis, attacks, kills, memory, long property tests
	$(BIN)/python -m pytest -n 2 -m slow
	$(BIN)/python -m pytest -n 2 -m "hypothesis and not slow" -p no:schemathesis --hypothesis-profile=thorough

test-lowest: $(LOWEST)/lowest.stamp ## Run the tests with the lowest versions that pyproject.toml admits
	$(LOWEST)/bin/python -m pytest -n 2 -m "not slow" -p no:schemathesis --ignore=tests/repository

check: lint types imports lint-spec check-generated workflows ## Run every static check

format: $(VENV)/dev.stamp ## Format the code and apply the safe fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/typos

types: $(VENV)/dev.stamp
	$(BIN)/python -m mypy
	$(BIN)/basedpyright

imports: $(VENV)/dev.stamp
	$(BIN)/lint-imports

lint-spec: $(VENV)/dev.stamp ## Check openapi/spec.yaml
	PYTHON="$(CURDIR)/$(BIN)/python" scripts/lint-spec.sh

check-generated: $(VENV)/pip.stamp ## Check that generated/ is what openapi/spec.yaml gives
	PYTHON="$(CURDIR)/$(BIN)/python" scripts/regenerate.sh --check

workflows: $(VENV)/dev.stamp
	$(BIN)/actionlint
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github/workflows

regenerate: $(VENV)/pip.stamp ## Write generated/ anew after an edit of openapi/spec.yaml
	PYTHON="$(CURDIR)/$(BIN)/python" scripts/regenerate.sh

docs: $(VENV)/dev.stamp ## Refresh the parts of the documents that are made from the code
	$(BIN)/python scripts/evidence_table.py

record: $(VENV)/dev.stamp ## Record tests/cassettes anew from the sandbox; LIVE=1 INTEGRATION=... from the live API
	PYTHONPATH=tests $(BIN)/python -m contract.record $(if $(LIVE),--live) $(if $(WRITES),--writes) \
	  --integration "$(INTEGRATION)" --organization "$(ORGANIZATION)" --start "$(START)" --end "$(END)" \
	  --only "$(ONLY)"

drift: $(VENV)/dev.stamp ## Compare the recorded answers with openapi/spec.yaml (LIVE=1 INTEGRATION=ID: those of your server)
	$(BIN)/metrics24 drift $(if $(LIVE),--live $(if $(INTEGRATION),--integration $(INTEGRATION)),--cassettes tests/cassettes)

attack: $(VENV)/dev.stamp ## Attack the client for MINUTES=30: mutants, random input, kill -9, bad weather, pip-audit
	PYTHONPATH=tests:tools $(BIN)/python -m attack --minutes $(MINUTES)

bench: $(VENV)/dev.stamp $(BENCH)/bench.stamp ## Time metrics24 against its alternatives (ROWS=..., FULL=1: docs/performance.md)
	PYTHONPATH=benchmarks $(BIN)/python -m bench --python "$(CURDIR)/$(BENCH)/bin/python" $(if $(FULL),--full) \
	  $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY))

figures: $(VENV)/dev.stamp ## Print how large the code is and how far a call travels
	$(BIN)/python tools/figures.py

lock: ## Move every pin in requirements/constraints.txt to the newest release
	PYTHON="$(PYTHON)" scripts/lock.sh

clean: ## Remove build output and caches
	rm -rf build dist demo-output .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . \( -path ./$(VENV) -o -path ./$(BENCH) -o -path ./$(LOWEST) \) -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## Remove the virtual environment too
	rm -rf $(VENV) $(BENCH) $(LOWEST)

# Dependency groups and build constraints need a newer pip than most machines have.
$(VENV)/pip.stamp: $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "metrics24 needs Python 3.11 or newer, and $(PYTHON) is not. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint $(PINS) --upgrade pip
	@touch $@

$(VENV)/demo.stamp: $(VENV)/pip.stamp pyproject.toml
	$(INSTALL) --editable '.[cli,tables,sandbox]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/pip.stamp pyproject.toml
	$(INSTALL) --editable '.[all]' --group dev
	@touch $(VENV)/demo.stamp $@

# The direct dependencies in their lowest versions; the test tools and what they need are the pinned ones.
$(LOWEST)/lowest.stamp: $(PINS) pyproject.toml $(VENV)/pip.stamp
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet --constraint $(PINS) --upgrade pip
	$(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet --build-constraint $(PINS) --editable '.[all]' --group dev
	$(LOWEST)/bin/python scripts/lowest.py | xargs $(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet
	@touch $@

# What make bench compares, all in one environment, so that nobody is slowed by packages that others have not. A peer that
# cannot be installed leaves the others in; the report says who is missing.
$(BENCH)/bench.stamp: $(PEERS) $(PINS) pyproject.toml $(VENV)/pip.stamp
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --constraint $(PINS) --upgrade pip
	$(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --constraint $(PEERS) --build-constraint $(PINS) \
	  --editable '.[cli,tables]'
	$(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --requirement $(PEERS) || \
	  for pin in $$(grep -v '^#' $(PEERS)); do \
	    $(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps "$$pin" || echo "$$pin cannot be installed" >&2; \
	  done
	@touch $@
