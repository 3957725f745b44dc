# One target a habit, each a plain command. `make help` lists them.

PYTHON ?= python3
ARGS   ?=
FUZZ_SECONDS ?= 300
FUZZ_SEED    ?=

VENV       := .venv
BENCH_VENV := .venv-bench
INSTALLED  := $(VENV)/installed
PEERS      := $(VENV)/peers
JAX        := $(VENV)/jax
TORCH      := $(shell sed -n 's/^peers = \["\(.*\)"\]/\1/p' pyproject.toml)
BENCH      := $(BENCH_VENV)/installed
UV         := $(shell command -v uv 2>/dev/null)
RUN        := $(VENV)/bin/python -m

DEMO  := demo
SPECS := xor digits

.PHONY: help setup test fuzz peers jax demo lint format types imports messages language generated check-generated story check-story bench lock clean
.DELETE_ON_ERROR:

help:             ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## build .venv with the locked versions: by uv where it is found, by venv and pip otherwise

# Byte code is compiled on installation: without it, every first import of SymPy costs two seconds.
$(INSTALLED): pyproject.toml pylock.toml
	@rm -rf $(VENV)
ifneq ($(UV),)
	$(UV) venv --quiet --python '>=3.11' $(VENV)
	UV_COMPILE_BYTECODE=1 $(UV) pip install --quiet --python $(VENV) -r pylock.toml
	$(UV) pip install --quiet --python $(VENV) --no-build-isolation --no-deps -e .
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "symnet needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade pip
	$(RUN) pip install --quiet -r pylock.toml
	$(RUN) pip install --quiet --no-build-isolation --no-deps -e .
endif
	@touch $@

test: $(INSTALLED)  ## run the tests, on all cores; make test ARGS="-k adjoint" runs some
	$(RUN) pytest --numprocesses auto --dist worksteal $(ARGS)

fuzz: $(INSTALLED)  ## judge random networks for FUZZ_SECONDS; FUZZ_SEED=... draws the same ones again
	$(VENV)/bin/python tests/fuzz.py --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

# By pip, which takes a local build of PyTorch where pip's configuration names one, and not by its --group, which
# an older pip does not know.
peers: $(PEERS)   ## run the tests that compare with PyTorch, which is installed into .venv
	$(RUN) pytest tests/peers $(ARGS)

$(PEERS): $(INSTALLED)
	$(PYTHON) -m pip --python $(VENV)/bin/python install --quiet $(TORCH)
	@touch $@

jax: $(JAX)       ## run the tests of the backend for JAX, which is installed into .venv
	$(RUN) pytest tests/over_jax $(ARGS)

$(JAX): $(INSTALLED)
	$(PYTHON) -m pip --python $(VENV)/bin/python install --quiet --no-build-isolation -e '.[jax]'
	@touch $@

demo: $(INSTALLED)  ## derive, generate, verify and train xor and digits into demo/
	@set -e; for name in $(SPECS); do \
	  out=$(DEMO)/$$name; mkdir -p $$out; echo "== $$name"; \
	  $(VENV)/bin/symnet derive examples/$$name.toml --format html --train -o $$out/derivation.html; \
	  $(VENV)/bin/symnet generate examples/$$name.toml --backend numpy -o $$out/trainer.py; \
	  $(VENV)/bin/symnet verify examples/$$name.toml -o $$out/certificate.json; \
	  $(VENV)/bin/symnet train examples/$$name.toml -o $$out/parameters.npz; \
	done
	@echo; echo "Pages to open:"; for name in $(SPECS); do echo "  $(CURDIR)/$(DEMO)/$$name/derivation.html"; done

messages: $(INSTALLED)  ## bring the catalogues of other languages up to date, and say what they lack
	$(VENV)/bin/python tests/catalogues.py

language: $(INSTALLED)  ## begin a catalogue for another language: make language NAME=fr
	$(VENV)/bin/python tests/catalogues.py --begin $(NAME)

lint: $(INSTALLED)  ## ruff: rules and format
	$(RUN) ruff check
	$(RUN) ruff format --check

format: $(INSTALLED)  ## ruff: put right what it can
	$(RUN) ruff check --fix
	$(RUN) ruff format

types: $(INSTALLED)  ## mypy, strict
	$(RUN) mypy

imports: $(INSTALLED)  ## the import contract: imports go one way
	$(VENV)/bin/lint-imports

generated: $(INSTALLED)  ## renew generated/ from examples/; make generated ARGS="--train char_gpt" trains it again
	$(RUN) symnet.gallery --renew $(ARGS)

check-generated: $(INSTALLED)  ## fail where generated/ is not what symnet writes now
	$(RUN) symnet.gallery --check $(ARGS)

story: $(INSTALLED)  ## renew docs/story/
	$(VENV)/bin/symnet story -o docs/story

check-story: $(INSTALLED)  ## fail where docs/story/ is not what symnet tells now
	$(VENV)/bin/symnet story -o docs/story --check

bench: $(BENCH)  ## measure derivation and training beside their peers (an environment of its own)
	$(BENCH_VENV)/bin/python benchmarks/derivation.py
	$(BENCH_VENV)/bin/python benchmarks/blocks.py
	$(BENCH_VENV)/bin/python benchmarks/training.py
	$(BENCH_VENV)/bin/python benchmarks/sequences.py
	$(BENCH_VENV)/bin/python benchmarks/growth.py
	$(BENCH_VENV)/bin/python benchmarks/hessians.py

# By pip, which takes a local build of PyTorch where pip's configuration names one.
$(BENCH): pyproject.toml
	$(PYTHON) -m venv --clear $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(BENCH_VENV)/bin/python -m pip install --quiet -e . --group bench
	@touch $@

lock:             ## renew pylock.toml (needs uv)
	$(if $(UV),,$(error uv is not on the PATH))
	$(UV) pip compile --quiet --universal --upgrade --group dev --group test --format pylock.toml \
	  --custom-compile-command 'make lock' -o pylock.toml pyproject.toml

clean:            ## remove the environments, the caches and demo/
	rm -rf $(VENV) $(BENCH_VENV) $(DEMO) build dist .hypothesis .mypy_cache .import_linter_cache .pytest_cache .ruff_cache
	find symnet tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
