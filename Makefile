PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# other packages of the same kind, to measure against
PEERS  ?= .venv-bench
THEORY ?= .venv-theory-bench
# one thread a process: test processes run side by side
ONE    := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: setup demo test check ci bench report clean help

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'

setup: $(READY)  ## virtual environment with everything a developer needs

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[digits]" --group dev
	touch $@

demo: $(READY)   ## survey a network on real MNIST digits and write its report
	$(BIN)/eigenscape survey mnist-mlp --out runs/demo --resume

test: $(READY)   ## run the tests
	$(ONE) $(BIN)/python -m pytest -n auto

check: $(READY)  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

ci: check test   ## what continuous integration runs

report: $(READY) ## run the quick preset and write its report
	$(BIN)/eigenscape survey mnist-mlp-quick --out runs/quick --resume

bench: $(READY) $(PEERS)/.ready $(THEORY)/.ready  ## measure coverage and speed; writes benchmarks/results
	$(ONE) $(BIN)/python benchmarks/planted_spikes.py
	$(ONE) $(BIN)/python benchmarks/optimiser_speed.py
	$(ONE) $(BIN)/python benchmarks/critical_points.py
	$(ONE) $(PEERS)/bin/python benchmarks/curvature_speed.py
	$(ONE) $(PEERS)/bin/python benchmarks/kfac_speed.py
	$(ONE) $(THEORY)/bin/python benchmarks/theory_speed.py

$(PEERS)/.ready: pyproject.toml constraints.txt benchmarks/peers-requirements.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install -q --upgrade "pip>=25.1"
	$(PEERS)/bin/python -m pip install -q -c constraints.txt -r benchmarks/peers-requirements.txt -e .
	touch $@

$(THEORY)/.ready: pyproject.toml constraints.txt benchmarks/theory-peers-requirements.txt
	test -x $(THEORY)/bin/python || $(PYTHON) -m venv $(THEORY)
	$(THEORY)/bin/python -m pip install -q --upgrade "pip>=25.1"
	$(THEORY)/bin/python -m pip install -q -r benchmarks/theory-peers-requirements.txt
	$(THEORY)/bin/python -m pip install -q --no-deps "empyricalRMT==1.1.1"
	$(THEORY)/bin/python -m pip install -q --no-deps -e .
	touch $@

clean:           ## remove the environment and what was built
	rm -rf $(VENV) $(PEERS) $(THEORY) build dist
