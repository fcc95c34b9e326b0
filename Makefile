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

lint: setup ## ruff and mypy --strict over the project itself, pyright over its public types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	@mkdir -p out; echo pyright --verifytypes nodewright; \
	$(RUN) --group types basedpyright --verifytypes nodewright --ignoreexternal >out/types.txt || \
	{ cat out/types.txt; exit 1; }

test: lint ## everything that must hold
	$(RUN) pytest -m 'not faults'

faults: setup ## slow fault-injection runs
	$(RUN) pytest -m faults

EXAMPLES := 20000
SECONDS := 60
FUZZED := prd patterns template spool dead_letters model manifest journal labels log_line

fuzz: setup ## fuzz all readers and routes for long: make fuzz EXAMPLES=20000 SECONDS=60
	NODEWRIGHT_FUZZ_EXAMPLES=$(EXAMPLES) $(RUN) pytest tests/fuzz
	for target in $(FUZZED); do \
		$(RUN) --with atheris python -m tests.fuzz.guided $$target $(SECONDS) || exit 1; \
	done

DEMO := examples/ticketing.md --output out/demo --package ticketing

demo: setup ## the whole job on an example PRD: understand, plan, prove, deliver, use
	@printf '\n== What is understood of examples/ticketing.md\n'
	$(RUN) nodewright analyze examples/ticketing.md
	@printf '\n== What will be done\n'
	$(RUN) nodewright generate $(DEMO) --dry-run
	@printf '\n== Doing it: every node is run before it is delivered\n'
	$(RUN) nodewright generate $(DEMO)
	@printf '\n== The package that came out, by its own tests\n'
	cd out/demo && ../../.venv/bin/python -m pytest -q
	@printf '\n== How long it took, as recorded in PostgreSQL\n'
	$(RUN) nodewright stats

BENCH := $(UV) run --frozen --group bench python -m benchmarks

bench: setup ## all benchmarks with their peers, one after the other: docs/benchmarks.md and the README's table
	$(BENCH) --output docs --readme README.md

bench-quick: setup ## rough figures in under three minutes: out/bench/benchmarks.md
	$(BENCH) --quick --output out/bench

docs: setup ## the pages and pictures that are generated, and the site in out/docs
	$(RUN) python docs/scripts/architecture.py
	$(RUN) python docs/scripts/reference_pages.py
	$(RUN) mkdocs build --strict

eval-prd: setup ## score the analysis on a folder of labelled PRDs: make eval-prd PRDS=folder
	@test -n "$(PRDS)" || { echo "usage: make eval-prd PRDS=folder" >&2; exit 2; }
	@$(RUN) python -m benchmarks.eval_prd "$(PRDS)"

eval-clauses: setup ## score specifications on labelled documents: make eval-clauses GOLD=folder
	@test -n "$(GOLD)" || { echo "usage: make eval-clauses GOLD=folder" >&2; exit 2; }
	@$(RUN) python -m benchmarks.eval_clauses "$(GOLD)"

clean: ## remove what the other targets made
	rm -rf .venv .tools out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup lint test faults fuzz demo docs bench bench-quick eval-prd eval-clauses clean
