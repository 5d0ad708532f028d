# `make help` lists the commands. Everything installs itself into .venv on first use.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
  BIN := .venv/Scripts
  PYTHON := python
else
  BIN := .venv/bin
endif
PORT ?= 8501
TYPESCRIPT = npx --yes --package typescript@7.0.2 -- tsc --project jsconfig.json
STREAMLIT = $(BIN)/python -m streamlit run app.py --server.port $(PORT)

.DEFAULT_GOAL := help
.PHONY: help run serve test quick check bench clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: .venv/run.stamp ## open the app for yourself, on this computer only
	$(STREAMLIT)

serve: .venv/run.stamp ## open the app for a class, on all network interfaces
	$(STREAMLIT) --server.address 0.0.0.0

test: .venv/dev.stamp ## run every test, browser tests included
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -n 2 --dist loadgroup

quick: .venv/dev.stamp ## lint, and the tests of operations, data, figures and imports, in under a minute
	$(BIN)/python -m ruff check --quiet .
	$(BIN)/python -m ruff format --check --quiet .
	$(BIN)/oxlint cnnviz
	$(BIN)/python -m pytest -q -n 2 tests/ops tests/data tests/figures tests/test_layers.py

check: .venv/dev.stamp ## lint, format and types, of the JavaScript, too
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/oxlint cnnviz
	@if command -v npx > /dev/null; then $(TYPESCRIPT); else echo "No Node: the JavaScript's types are not checked."; fi

bench: .venv/dev.stamp ## measure speed against floors and peers
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m benchmarks

clean: ## remove what was installed and cached
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/created.stamp:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: requirements.txt .venv/created.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
