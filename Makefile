# Commands of the book; `make` alone lists them. PYTHON=/path/to/python3 picks the interpreter, CI=1 forbids
# leaving tests out, PORT= is the port of `make serve`.

# Threaded BLAS on small matrices is up to 40 times slower on a busy machine.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0
# The tests start dozens of interpreters; without stored bytecode each compiles what it imports.
export PYTHONDONTWRITEBYTECODE :=
export PYTHON CI

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11
PORT := 8000

.PHONY: help set-up book cheatsheet test test-frameworks execute serve lab lint bench mutants lock clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

set-up:
	@tools/set_up

book: set-up ## build the HTML into _build/html, warnings are errors
	@rm -rf _build/html _build/.doctrees
	$(BIN)/jupyter-book build . -W -n --keep-going

cheatsheet: book ## print the cheat sheet through Chromium into _build/html/_static/cheatsheet.pdf
	$(BIN)/python -m tools.cheatsheet

test: lint book ## everything that proves the book
	$(BIN)/pytest --nbval --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder --ignore tests/alone
	$(BIN)/pytest tests/alone

test-frameworks: set-up ## our networks and the book's code beside PyTorch, Keras and JAX
	@tools/set_up_frameworks
	.venv-frameworks/bin/python -m pytest --confcutdir=tests/frameworks tests/frameworks

execute: set-up ## run the notebooks and store their outputs (NOTEBOOKS="notebooks/01_….ipynb" for some)
	$(BIN)/python -m tools.execute_notebooks $(NOTEBOOKS)

serve: book ## build, then serve on localhost
	@echo "The book is at http://localhost:$(PORT)/ (Ctrl-C stops)"
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: set-up ## open the notebooks in JupyterLab
	cd notebooks && ../$(BIN)/jupyter lab

lint: set-up ## ruff and spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell

bench: set-up ## speed of the helper package beside its peers
	PYTHONPATH=notebooks $(BIN)/python -m benchmarks.speed

mutants: set-up ## break the helper package on purpose; the tests must notice
	$(BIN)/python -m tests.mutants

# pip finds no pinned version of `name[extra]` in a lock that says `name` only, where a newer one exists
lock: set-up ## compile both requirements.in to their requirements.txt
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) tests/frameworks/requirements.in -o tests/frameworks/requirements.txt

clean: ## remove the built book, caches and the environments
	rm -rf _build .venv .venv-frameworks .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
