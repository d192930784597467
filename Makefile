# Two commands do everything on a fresh machine with Python 3.11 or newer: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
BENCHMARKS := training prediction small_fits start_up memory

.PHONY: demo test bench docs lint clean
.DELETE_ON_ERROR:

demo: .venv/installed
	$(BIN)/python examples/demo.py

test: .venv/installed-test
	$(BIN)/python -m pytest -q

bench: .venv/installed-bench
	for program in $(BENCHMARKS); do \
	  $(BIN)/python benchmarks/$$program.py --json benchmarks/results/$$program.json --picture benchmarks/results/$$program.png || exit 1; \
	done

docs: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/made:
	$(PYTHON) -c 'import sys; sys.exit("Pellucid needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: .venv/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[onnx]'
	touch $@

.venv/installed-test: .venv/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ .venv/installed

# PyTorch for processors only: the one on PyPI brings gigabytes for graphics cards.
.venv/installed-bench: .venv/made pyproject.toml
	$(BIN)/python -m pip install --quiet --extra-index-url $(TORCH_INDEX) --editable '.[bench]'
	touch $@ .venv/installed

.venv/installed-docs: .venv/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@ .venv/installed

.venv/installed-dev: .venv/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	touch $@ .venv/installed-test .venv/installed

clean:
	rm -rf .venv demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist site
