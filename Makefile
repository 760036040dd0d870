# Every command of the project. Each does all its own set-up: an environment in .venv, made once and again
# when what it is made from changes.
PYTHON ?= python3
VENV := .venv
FRAMEWORKS := .venv-frameworks
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := pyproject.toml hatch_build.py $(wildcard jupyter-config/*/* jupyter-config/*/*/*) \
	$(wildcard labextension/*.json labextension/*.js labextension/schema/* labextension/style/*) \
	$(shell find labextension/src -type f 2>/dev/null)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# In a container the user is often root, which Jupyter wants to be told.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
NODE_READY := labextension/node_modules/.ready
# Processes that run tests side by side: one more than two cores have, since many a test waits.
WORKERS ?= 3
# Tests start hundreds of processes: they use what Python has compiled before.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab demo test test-python test-ui test-frameworks soak bench lint format types clean browser ceph

help:
	@echo "make lab    JupyterLab with the quickstart notebook"
	@echo "make demo   the same notebook, headless, against a live server"
	@echo "make test   all tests"
	@echo "make lint, make bench, make soak, make clean"

$(READY): $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(NODE_READY): labextension/package.json labextension/package-lock.json
	cd labextension && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

lab: $(READY)
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/quickstart.ipynb

demo: $(READY)
	$(BIN)/python -m tests.demo

test: lint test-python test-ui

test-python: $(READY) $(NODE_READY)
	$(BIN)/python -m pytest tests --ignore=tests/ui -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-ui: $(READY) browser
	$(BIN)/python -m pytest tests/ui -n 2

# A Chromium of the system, else Playwright's own.
browser: $(READY)
	@test -n "$(AIP_CHROMIUM)$(CHROMIUM)" || $(BIN)/python -m playwright install chromium

# The tests of the S3 storage start a real one, in memory.
ceph:
	@command -v radosgw >/dev/null || apt-get install -y --no-install-recommends \
		radosgw ceph-mon ceph-osd ceph-mgr ceph-common

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) $(NODE_READY)
	$(BIN)/python -m aip_jupyter.server.openapi > labextension/openapi.json
	cd labextension && npm run --silent types

# The libraries are large: they have an environment of their own.
$(FRAMEWORKS)/.ready: pyproject.toml
	test -x $(FRAMEWORKS)/bin/python || $(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check -e . \
		lightning pytorch_lightning scikit-learn pytest pytest-timeout 'pytest-jupyter[server]'
	touch $@

test-frameworks: $(FRAMEWORKS)/.ready
	$(FRAMEWORKS)/bin/python -m pytest tests/frameworks --timeout=600

soak: $(READY)
	AIP_ROUNDS=500 AIP_LOG_ROUNDS=1000 AIP_STOP_SECONDS=60 AIP_CELL_SECONDS=30 $(BIN)/python -m pytest tests/reliability --timeout=7200

.venv-mlflow/.ready:
	$(PYTHON) -m venv .venv-mlflow
	.venv-mlflow/bin/python -m pip install --quiet --disable-pip-version-check mlflow
	touch $@

bench: $(READY) .venv-mlflow/.ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(FRAMEWORKS) .venv-mlflow labextension/node_modules aip_jupyter/labextension build dist .mypy_cache .ruff_cache .pytest_cache
