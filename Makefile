# Two commands for everybody: make lab, make test. Both set up .venv first, from the locked versions.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: lab test course bench lint lock

lab: $(VENV)/run.ready
	@$(BIN)/labs start

test: $(VENV)/dev.ready
	@$(BIN)/python -m tests

course: $(VENV)/run.ready
	@$(BIN)/labs course

bench: $(VENV)/dev.ready
	@$(BIN)/python -m tests.bench

lint: $(VENV)/dev.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

$(VENV)/run.ready: requirements.lock pyproject.toml
	@$(PYTHON) labs/bootstrap.py $(VENV) requirements.lock
	@touch $@

$(VENV)/dev.ready: requirements-dev.lock requirements.lock pyproject.toml
	@$(PYTHON) labs/bootstrap.py $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/run.ready
