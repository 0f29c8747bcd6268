# assign. `make example` and `make test` are all that a newcomer needs; each makes its own environment.
PYTHON ?= python3
export PYTHON
V := .venv/bin

.PHONY: help
help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: example
example: setup  ## set up, and decide one case
	$(V)/assign decide --division nenkin --item 24 --channel counter

.PHONY: setup
setup:  ## make .venv from the lock file
	@sh tools/env.sh .venv locks/dev.txt

.PHONY: test
test:  ## set up, and pass style, types and the fast tests, in about 5 minutes (T=tests/test_x.py: one file, whole)
	@T="$(T)" sh tools/test.sh

.PHONY: quick
quick: setup  ## of the fast tests those of less than a fifth of a second, in about a minute; the first failure ends it
	@$(V)/python -m pytest -q -x -n 2 -m "not long and not slow and not soak and not spark and not web" --hypothesis-profile quick

.PHONY: ci
ci:  ## what `make test` leaves out: slow tests, coverage, other Pythons, installing, Spark, an ordinary user (half an hour; root)
	@sh tools/ci.sh

.PHONY: wheel
wheel: setup  ## dist/itaku_assign-….whl
	$(V)/python -m build --wheel --no-isolation --outdir dist .

.PHONY: release
release: setup  ## dist/release/: our wheel, and durable-rules as manylinux wheels, each tried without a compiler
	@sh tools/release_wheels.sh

.PHONY: soak
soak: setup  ## the long tests: kills, power cuts, faults, tampering, proofs (an hour or more)
	$(V)/python -m pytest -q -s -m soak

.PHONY: lint
lint: setup  ## style, types, imports
	@sh tools/lint.sh

.PHONY: fix
fix: setup  ## format, and mend what can be mended
	$(V)/ruff check --fix-only -q .
	$(V)/ruff format -q .

.PHONY: catalog
catalog: setup  ## read the document anew into data/catalog.csv
	$(V)/python -m assign.catalog.loader

.PHONY: diagrams
diagrams: setup  ## the pictures of examples/, anew from their BPMN files
	$(V)/python tools/diagram.py examples/*/*.bpmn

.PHONY: floor
floor: setup  ## the acts that no rule set may give away, anew from rules/acts.yaml into data/floor.json; read the diff
	$(V)/python -c "from assign.check.floor import write; print(write())"

.PHONY: schemas
schemas: setup  ## the JSON Schemas of the data files, anew into data/schema/
	$(V)/python -m assign.export.json_schema
	$(V)/python -m assign.intake.mapping_schema

.PHONY: golden
golden: setup  ## record the golden decisions anew; read the diff before you commit it
	$(V)/python -m tests.golden
	$(V)/python -c 'from tests.golden_log import record_once; record_once()'

.PHONY: golden-tampers
golden-tampers: setup  ## who believes what, made anew with docs/audit.md's table of it (minutes; needs PostgreSQL); read the diff
	$(V)/python -m tests.golden_tampers

.PHONY: golden-page
golden-page:  ## what a screen reader is told of every page, recorded anew in Chromium (environment of `tools/ci.sh web`); read the diff
	sh tools/env.sh .venv-web locks/web.txt
	.venv-web/bin/python -m tests.web_trees

.PHONY: readme
readme: setup  ## the opening answer and the table of commands in both READMEs, as the program prints them now
	$(V)/python -m tests.readme

.PHONY: bench
bench: setup  ## speed and memory beside limits and peers: one table, and docs/results.md (half an hour, 8 GB of disk)
	@sh tools/env.sh .venv-bench locks/bench.txt
	@! command -v java >/dev/null || sh tools/env.sh .venv-spark locks/spark.txt
	.venv-bench/bin/python bench/all.py --spark .venv-spark/bin/python --audit $(V)/python --web $(V)/python --page docs/results.md

.PHONY: lock
lock: setup  ## resolve the lock files anew (needs uv)
	@sh tools/lock.sh

.PHONY: clean
clean:  ## remove what was made
	rm -rf .venv .venv-* dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage* src/assign/built_in
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
