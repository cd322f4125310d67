# make help lists what there is. lab, course and wheels set up .venv with what the kit runs on; the others with what it is
# developed with too. Both take the locked versions.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# A folder may have any name, whatever the locale.
export PYTHONUTF8 = 1

.PHONY: help lab course check test lint bench lock wheels

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1  /p' Makefile | awk '{ printf "  %-11s", $$1 " " $$2; $$1 = $$2 = ""; print $$0 }'

lab: $(VENV)/run.ready          ## the lab: local AWS and JupyterLab; the page to open
	@$(BIN)/labs start

course: $(VENV)/run.ready       ## the whole course, solved, in a throw-away lab; the table of its stages
	@$(BIN)/labs course

check: $(VENV)/dev.ready        ## while you work: style, types, import rules, unit tests; under a minute
	@$(BIN)/python -m tests check

test: $(VENV)/dev.ready         ## before you merge: everything, notebooks, Docker and browser where they are found
	@$(BIN)/python -m tests

lint: $(VENV)/dev.ready         ## style, types, import rules and workflows alone
	@$(BIN)/python -m tests lint

bench: $(VENV)/dev.ready        ## how fast it is, as ratios
	@$(BIN)/python -m tests.bench

$(VENV)/run.ready: requirements.lock pyproject.toml
	@$(PYTHON) labs/bootstrap.py $(VENV) requirements.lock
	@touch $@

$(VENV)/dev.ready: requirements-dev.lock requirements.lock pyproject.toml
	@$(PYTHON) labs/bootstrap.py $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/run.ready

# Carry the folder along, then: LAB_WHEELHOUSE=wheels make lab. For other machines than this one:
# make wheels FOR="3.11 3.12 3.13 / linux-x86_64 linux-aarch64 macos-arm64 macos-x86_64"
wheels: $(VENV)/run.ready       ## download everything once, for a room without a network
	@$(BIN)/python -m labs.wheelhouse wheels requirements.lock "$(FOR)"

LOCK := $(BIN)/python -I -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock: $(VENV)/dev.ready         ## after a change of the dependencies in pyproject.toml
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
