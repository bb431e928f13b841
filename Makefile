# Two commands: `make grade` and `make test`. Each sets everything up first; the second time that is done already.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Which project `make grade` grades: make grade GRADE=03. The last one, unless you say another.
GRADE ?= 07
GRADER = $(lastword $(sort $(wildcard graders/test_$(GRADE)*.py)))

# Options for pytest: make test PYTEST="-x tests/cli". The tests run in two processes of one thread each: on two cores that is faster
# than one process whose tiny tensors wait for a second thread. JOBS=0 runs them in one process, as a debugger wants it.
PYTEST ?=
JOBS ?= 2

.PHONY: help grade known test lint docs stubs lock clean

help:
	@echo "make grade   set everything up and grade a solution on the embedded data (GRADE=03 chooses the project)"
	@echo "make test    set everything up and run the linter, the type checker and all tests"
	@echo "make docs    build the site of lessons and docs in build/site/html"
	@echo "make stubs   make exercises/ and source/ anew from solutions/"
	@echo "make lock    resolve the dependencies anew and write constraints.txt"
	@echo "make clean   delete the environment and what was made by running (not your exercises, not your data)"

grade: known $(READY)
	$(BIN)/pytest $(GRADER) --target solutions

known:
	@test -n "$(GRADER)" || { echo "There is no grader of project $(GRADE). Name one: make grade GRADE=01" >&2; exit 2; }

test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --dist worksteal $(PYTEST)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# MkDocs and its theme are installed here and not by READY: nothing else needs them.
docs: $(READY)
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --quiet -e '.[dev,docs]' -c constraints.txt
	$(BIN)/course author site

stubs: $(READY)
	$(BIN)/course author make

lock: $(READY)
	$(BIN)/course author lock --out constraints.txt

# --no-compile: compiling all of torch, transformers and Jupyter takes minutes and is mostly for nothing. What the course imports is compiled
# at the end, also where PYTHONDONTWRITEBYTECODE is set: Python reads byte code there, but would compile torch anew for each command.
# The environment is made anew where its Python is gone, and brought up to date where the project's needs have changed.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This course needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || echo "Making the environment $(VENV); torch is large, so this takes some minutes the first time."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
		echo "$(PYTHON) cannot make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile -e '.[dev]' -c constraints.txt
	@echo "Compiling what the course imports ..."
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c 'import torch, torchvision, transformers, hypothesis, pytest; from transformers import BertForPreTraining, BertTokenizerFast'
	@touch $(READY)

clean:
	rm -rf $(VENV) .course runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

.DELETE_ON_ERROR:
