# The two commands are `make run` and `make test`; both install what they need.

.DEFAULT_GOAL := help
.PHONY: help run stop venv check test docs bench lock clean

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

help:  ## What there is to make
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

run: .venv/run.stamp  ## Start the cloud in the background, and print how to use it
	@$(BIN)/glasshouse up --detach

stop: .venv/run.stamp  ## Stop it
	@$(BIN)/glasshouse stop

test: .venv/test.stamp  ## Check the sources and run every test
	@./check
	@PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest --numprocesses auto --dist worksteal

check: .venv/test.stamp  ## Lint, format, types, generated documents
	@./check

docs: .venv/test.stamp  ## Write docs/services.md anew
	@$(BIN)/python docs/generate.py

bench: .venv/test.stamp  ## Measure against moto and ministack, side by side
	@$(BIN)/python -m bench.requests

lock:  ## Choose the versions of all dependencies anew
	@PYTHON=$(PYTHON) tools/lock

venv: .venv/test.stamp  ## Everything for development, in .venv

clean:  ## Remove what was made here
	rm -rf .venv .bench .pytest_cache .ruff_cache .hypothesis build dist src/*.egg-info

# What running needs, in the locked versions; boto3 and the AWS CLI are there for the tour in the README.
.venv/run.stamp: requirements.lock pyproject.toml tools/prepare
	@PYTHON=$(PYTHON) tools/prepare run
	@$(PIP) --constraint requirements.lock --editable . boto3 awscli
	@touch $@

.venv/test.stamp: requirements.lock pyproject.toml tools/prepare
	@PYTHON=$(PYTHON) tools/prepare test
	@$(PIP) --requirement requirements.lock
	@$(PIP) --no-deps --editable .
	@touch .venv/run.stamp $@
