# One command each; every target builds .venv first when it is missing or out of date.
#   make PYTHON=python3.12 ...        another interpreter (3.11 or newer)
#   make TORCH_PIP_ARGS="..." ...     pip arguments for torch alone, such as the index of a CPU or
#                                     CUDA build
#   make train EXTRA="--help"         more arguments for the command behind a target
#   make train EXTRA=mine.csv         train with your own measurements too (docs/data.md)

PYTHON ?= python3
TORCH_PIP_ARGS ?=
EXTRA ?=
IN ?=
OUT ?=

# A file of own measurements may be named alone, or after --extra.
TRAIN_EXTRA := $(if $(filter 1,$(words $(EXTRA))),$(patsubst %.csv,--extra %.csv,$(EXTRA)),$(EXTRA))

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export MLFLOW_DISABLE_TELEMETRY := true
export BENTOML_DO_NOT_TRACK := True
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is written last, so an interrupted installation is taken up again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Frenkel needs Python 3.11 or newer; '$(PYTHON)' is older or missing." >&2; \
	  echo "Name another with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "'$(PYTHON) -m venv' failed; some systems ship it as a package named python3-venv." >&2; \
	  exit 1; }
	$(BIN)/python -m pip install $(TORCH_PIP_ARGS) -c constraints.txt torch
	$(BIN)/python -m pip install -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: train
train: $(READY) ## fetch the data, train, compare, register the best
	$(BIN)/frenkel-train train $(TRAIN_EXTRA)

# One thread each: two processes that both use all cores wait for each other.
.PHONY: test
test: $(READY) ## fetch the data and run every test
	$(BIN)/frenkel-train data
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(EXTRA)

.PHONY: data
data: $(READY) ## fetch and check the data sets
	$(BIN)/frenkel-train data $(EXTRA)

.PHONY: serve
serve: $(READY) ## serve predictions over HTTP on port 3000
	$(BIN)/frenkel serve $(EXTRA)

.PHONY: score
score: $(READY) ## predict a file of materials: make score IN=materials.csv OUT=scores.csv
	@test -n "$(IN)" -a -n "$(OUT)" || { echo "usage: make score IN=FILE OUT=FILE" >&2; exit 2; }
	$(BIN)/frenkel score "$(IN)" "$(OUT)" $(EXTRA)

.PHONY: benchmark
benchmark: $(READY) ## run benchmarks/*.py, write benchmarks/results/ and the README's table
	@set -e; for script in benchmarks/*.py; do \
	  case "$$script" in */__init__.py|*/_*) continue;; esac; \
	  name=$$(basename "$$script" .py); echo "benchmark $$name"; \
	  $(BIN)/python -m "benchmarks.$$name" $(EXTRA); done
	$(BIN)/python -m benchmarks._readme

.PHONY: ui
ui: $(READY) ## browse the training runs in MLflow
	$(BIN)/mlflow ui --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}" $(EXTRA)

.PHONY: bento
bento: $(READY) ## build a Bento with the trained bundle inside
	@test -d bundle || { echo "No trained bundle yet: run 'make train' first." >&2; exit 1; }
	$(BIN)/bentoml build $(EXTRA)

.PHONY: lint
lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: clean
clean: ## remove what tools left behind; data, runs, the bundle and .venv stay
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
