# `make demo` and `make test` set everything up on a fresh machine: Python >= 3.11 and make are all they need.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready-$(firstword $(shell cat requirements.txt pyproject.toml | cksum))

# A process a core; a file's tests stay together, as they share what they have compiled, and the long files come
# first (tests/conftest.py).
WORKERS := --numprocesses $(shell nproc 2>/dev/null || echo 2) --dist loadfile --no-loadscope-reorder

# What may differ from one Python, and so one jax, to the next: contracts, steps, kernels, runs killed and resumed,
# the command line, and what reads Python's own text.
CORE := tests/test_layering.py tests/contract tests/data/corpora/test_code_labels.py tests/data/corpora/test_text.py \
	tests/models/attention/test_kernels.py tests/train/test_step.py tests/train/test_resume.py \
	tests/train/evaluators/language/test_cells.py tests/experiments/test_cli.py \
	tests/experiments/test_language_commands.py

.PHONY: demo test test-slow test-shown test-core lint bench gpu-check lock clean

demo: $(READY)
	$(VENV)/bin/python -m experiments.demo

test: $(READY)
	$(VENV)/bin/python -m pytest -q -m "not slow" $(WORKERS)

# What `make test` leaves out.
test-slow: $(READY)
	$(VENV)/bin/python -m pytest -q -m slow $(WORKERS)

# Every command line of README, --help and the pages of results, as it stands, but small.
test-shown: $(READY)
	$(VENV)/bin/python -m pytest -q -m slow $(WORKERS) tests/experiments/test_documented_runs.py \
		tests/experiments/test_documented_commands.py

# On another Python: make test-core PYTHON=python3.12 VENV=.venv/py3.12
test-core: $(READY)
	$(VENV)/bin/python -m pytest -q -m "not slow" $(WORKERS) $(CORE)

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

# Against peers, which are installed for this alone and are not pinned. LOOKBACK_BENCH_PYTHON names another
# environment that has them; without any, ours are timed by themselves. BENCH takes options of `lookback bench`.
bench: $(READY)
	@test -n "$(LOOKBACK_BENCH_PYTHON)" || \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
			--editable '.[bench]' || \
		echo "The peers could not be installed: ours are timed by themselves."
	$(VENV)/bin/python -m experiments bench $(BENCH)

# On a GPU or TPU that is lent for minutes: kernels, speed beside PyTorch, training, each number kept at once.
gpu-check: $(READY)
	$(VENV)/bin/python -m experiments gpu-check

# Pinned, hashed versions for every Python from 3.11 on; it names no index.
lock: $(READY)
	$(VENV)/bin/python -m uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--extra dev --no-header --no-annotate -o requirements.txt

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Lookback needs Python 3.11 or newer; say which with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

clean:
	rm -rf $(VENV) runs
