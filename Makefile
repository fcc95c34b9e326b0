# make demo and make test work on a fresh clone with only python3, make and a CPython >= 3.12.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# uv: the one on the PATH, else one installed from PyPI into a local folder.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen

help: ## what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

setup: $(filter .tools/%,$(UV)) ## the environment, from uv.lock
	$(UV) sync --frozen --quiet

lint: setup ## ruff and mypy --strict over the project itself
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

test: lint ## everything that must hold
	$(RUN) pytest -m 'not faults'

faults: setup ## slow fault-injection runs
	$(RUN) pytest -m faults

demo: setup ## the whole job on an example PRD
	$(RUN) nodewright generate examples/ticketing.md --output out/demo --package ticketing --verify run

eval-prd: setup ## score the analysis on a folder of labelled PRDs: make eval-prd PRDS=folder
	@test -n "$(PRDS)" || { echo "usage: make eval-prd PRDS=folder" >&2; exit 2; }
	@$(RUN) python -m benchmarks.eval_prd "$(PRDS)"

clean: ## remove what the other targets made
	rm -rf .venv .tools out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup lint test faults demo eval-prd clean
