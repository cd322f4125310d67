# Two commands for everybody: make lab, make test. Both set up .venv first, from the locked versions.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: lab test course bench lint lock wheels

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

# For a room without a network: download everything once, carry the folder, then LAB_WHEELHOUSE=wheels make lab.
wheels: $(VENV)/run.ready
	@$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes -r requirements.lock -d wheels
	@$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps uv -d wheels
	@du -sh wheels

# After a change of the dependencies in pyproject.toml.
LOCK := $(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock: $(VENV)/dev.ready
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
