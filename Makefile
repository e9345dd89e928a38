# `make up` and `make test` need nothing but Python 3.11, 3.12 or 3.13 and make.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# A name on PATH may be a stand-in that cannot run, so each candidate is asked.
FITS := import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) and print(sys.executable)
ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c '$(FITS)' 2>/dev/null)))
endif
BIN := $(CURDIR)/.venv/bin
FORGE = $(firstword $(wildcard $(CURDIR)/node_modules/@foundry-rs/forge-*/bin/forge))
export PATH := $(BIN):$(PATH)
BROWNIE := $(BIN)/python $(CURDIR)/scripts/with_brownie.py
# Communities that are killed and come back mostly wait: two at a time keep two cores busy. A file stays together
# because its tests share what it starts; the long ones come first.
AT_ONCE := -n 2 --dist loadfile --no-loadscope-reorder
# A virtual environment that happens to be active is not ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.PHONY: help up down status test test-brownie test-deep lint format setup setup-dev deploy-brownie clean

help: ## show this list
	@echo "Zuva: solar energy from the panel to the payout. Commands:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'
	@echo "Options of zuva up go into ARGS: make up ARGS='--replay homes.csv --zone Africa/Harare'"

up: setup ## set up what is missing, start everything and print the page's address; Ctrl-C stops
	@exec $(BIN)/zuva up $(ARGS)

down: ## stop what make up started
	@$(BIN)/zuva down $(ARGS)

status: ## show the services
	@$(BIN)/zuva status $(ARGS)

setup: ## packages, contracts and page; a second run does only what changed
	@$(if $(PYTHON),,$(error Python 3.11, 3.12 or 3.13 is needed: install python3)) $(PYTHON) scripts/bootstrap.py

setup-dev: ## the same with what tests and checks need
	@$(if $(PYTHON),,$(error Python 3.11, 3.12 or 3.13 is needed: install python3)) $(PYTHON) scripts/bootstrap.py --dev

test: setup-dev ## all checks and tests (about 25 minutes on 2 cores)
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory --jobs 2 forge stories
	@npm test --silent -w web
	@$(BIN)/pytest -m "not deep" $(AT_ONCE) $(ARGS)

test-brownie: setup-dev ## the users' stories of the contracts, in Brownie on a chain of its own
	@$(BROWNIE) test --disable-warnings $(ARGS)

deploy-brownie: setup-dev ## what brownie run deploy does, on a chain of its own
	@$(BROWNIE) run deploy

test-deep: setup-dev ## the long fuzz and browser runs
	@FOUNDRY_PROFILE=deep $(FORGE) test --root $(CURDIR)
	@$(BIN)/pytest $(AT_ONCE) $(ARGS)

lint: setup-dev ## format, style and types, without tests
	@$(MAKE) --no-print-directory check

# Each compiles on one core.
.PHONY: forge stories
forge:
	@$(FORGE) test --root $(CURDIR)

stories:
	@$(BROWNIE) test --disable-warnings

.PHONY: check
check:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(FORGE) fmt --root $(CURDIR) --check contracts tests/forge
	@npm run check --silent -w web

format: setup-dev ## rewrite the sources in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(FORGE) fmt --root $(CURDIR) contracts tests/forge
	@npm run format --silent -w web

clean: ## remove all that set-up made; data in .zuva stays
	rm -rf .venv .venv-brownie .venv-tools node_modules web/node_modules build out cache web/dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "data of communities stays in .zuva; remove it yourself to begin anew"
