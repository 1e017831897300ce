# make app, make test: the two commands of a fresh clone. Everything lands in .venv; nothing outside is touched.
# Tests share the cores file by file, one worker more than there are cores since some wait for processes of their own,
# and the files that take longest first, as tests/conftest.py orders them;
# those that drive a browser come after, one worker to a core: each has an app and a Chromium of its own.
# They start some fifty processes, which share their bytecode also where writing it is switched off.
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() + 1))')
BROWSERS = $(shell $(PYTHON) -c 'import os; print(min(3, os.cpu_count()))')

.PHONY: app test test-slow test-gpu bench lint lint-python lint-js clean

app: $(VENV)/.app
	@$(BIN)/python -m app.live.port $(PORT)
	$(BIN)/streamlit run app/main.py --server.port $(PORT)

test test-slow test-gpu: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.dev
	$(MAKE) -j2 lint-python lint-js
	tests/js/run.sh test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not gpu and not browser"
	$(BIN)/python -m pytest -n $(BROWSERS) --dist loadfile --no-loadscope-reorder tests/browser -m "browser and not slow"

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

test-gpu: $(VENV)/.dev
	$(BIN)/python -m pytest -m gpu

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

lint: lint-python lint-js

lint-python: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-js:
	tests/js/run.sh lint

clean:
	rm -rf $(VENV) benchmarks/out

$(VENV)/.app: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"zscope needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make app PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(BIN)/pip install --disable-pip-version-check -q -r requirements-bench.txt
	touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	$(BIN)/pip install --disable-pip-version-check -q -r requirements-dev.txt
	touch $@
