# Everything a newcomer needs: `make demo` and `make test` start from a bare machine with Python ≥ 3.11 and make.
# pip follows the user's own settings (index, proxy, certificates); only wheels of dependencies are installed.

PYTHON ?= python3
VENV ?= .venv
PIP_INSTALL = $(VENV)/bin/python -m pip install --quiet --only-binary :all: -c constraints.txt
export OMP_WAIT_POLICY = PASSIVE

.PHONY: demo test test-faults check bench peers bench-verify format constraints clean help

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.demo   ## fetch MovieLens-100K, build a home, answer a first question
	$(VENV)/bin/whyrec demo

test: check           ## what CI runs: style, types and all tests
	$(VENV)/bin/pytest -n 2 --dist loadfile

check: $(VENV)/.test  ## style and types only
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/.demo ## what things cost, in four minutes; about ten beside the peers (after `make peers`)
	$(VENV)/bin/whyrec demo > /dev/null
	$(VENV)/bin/python -m benchmarks.questions --rounds 8
	$(VENV)/bin/python -m benchmarks.ingest 1M 5M
	$(VENV)/bin/python -m benchmarks.jaccard 100k 1M
	$(VENV)/bin/python -m benchmarks.negatives
	$(VENV)/bin/python -m benchmarks.growth 100k 1M
	$(VENV)/bin/python -m benchmarks.growing 100k 1M
	$(VENV)/bin/python -m benchmarks.scoring
	$(VENV)/bin/python -m benchmarks.training

peers: $(VENV)/.demo ## the libraries we are measured beside, once, in an environment of their own
	$(VENV)/bin/python -m benchmarks.peers

bench-verify: $(VENV)/.demo ## how well sentences are held against evidence (the home must be built: make demo)
	$(VENV)/bin/python -m benchmarks.verify

test-faults: $(VENV)/.test ## kill -9, damaged files, full disks, and many processes at once (half an hour)
	$(VENV)/bin/python -m tests.kills --kills 100
	$(VENV)/bin/python -m tests.damage --flips 20
	$(VENV)/bin/python -m tests.no_room
	$(VENV)/bin/python -m tests.soak --seconds 120
	$(VENV)/bin/python -m tests.soak --seconds 120 --server

format: $(VENV)/.test ## put the code into the house's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

constraints: $(VENV)/.test  ## write down the versions that are installed now
	( sed -n 1p constraints.txt; $(VENV)/bin/python -m pip freeze --exclude-editable --exclude setuptools \
		| sed -E 's/\+cpu//' ) > constraints.new && mv constraints.new constraints.txt

clean:           ## remove the environment and the demo's home
	rm -rf $(VENV) .whyrec

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "whyrec needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing into $(VENV) (the first time takes some minutes; 2.7 GB on disk with a CPU build of torch)"
	$(PIP_INSTALL) -e ".[local]"
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing into $(VENV) (the first time takes some minutes; 2.7 GB on disk with a CPU build of torch)"
	$(PIP_INSTALL) -e ".[local,dev]"
	@touch $@
