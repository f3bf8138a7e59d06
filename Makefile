# Everything a newcomer or CI runs. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1
BIN := .venv/bin
PROJECTS := pyproject.toml examples/shop/pyproject.toml
PARTS := types-pyright types-mypy unit lint imports

.PHONY: help demo check test docs bench lock $(PARTS)

help: ## say what there is to run
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# Stamps make the second run instant; a lock that changed installs again.
.venv/.stamp-demo: requirements.lock requirements-uv.lock $(PROJECTS)
	@.ci/venv requirements.lock
	@touch $@

.venv/.stamp-dev: requirements-dev.lock requirements-uv.lock $(PROJECTS)
	@.ci/venv requirements-dev.lock
	@touch $@ .venv/.stamp-demo

demo: .venv/.stamp-demo ## the shop's story in the terminal, under a minute
	@$(BIN)/shop demo

check: .venv/.stamp-dev ## lint, types, imports, architecture, unit: under a minute
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(PARTS)

test: check ## check, and every other test: contracts, docs, acceptance
	$(BIN)/pytest --numprocesses=2 --ignore=tests/unit --ignore=tests/architecture \
		--ignore=examples/shop/tests

docs: .venv/.stamp-dev ## the documentation, into site/
	$(BIN)/mkdocs build --strict

bench: .venv/.stamp-dev ## measure beside the raw limit and a peer
	$(BIN)/python benchmarks

lint: .venv/.stamp-dev
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet

types-mypy: .venv/.stamp-dev
	$(BIN)/mypy

types-pyright: .venv/.stamp-dev
	$(BIN)/pyright

imports: .venv/.stamp-dev
	$(BIN)/lint-imports --no-cache

unit: .venv/.stamp-dev
	$(BIN)/pytest --quiet tests/unit tests/architecture examples/shop/tests

COMPILE = $(BIN)/uv pip compile --quiet --no-config --universal --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-package leftfold --custom-compile-command "make lock"

lock: .venv/.stamp-dev ## write the locks anew (UPGRADE=--upgrade takes newer versions)
	$(COMPILE) $(UPGRADE) $(PROJECTS) --extra cli -o requirements.lock
	$(COMPILE) $(UPGRADE) $(PROJECTS) --extra cli --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) --group uv -o requirements-uv.lock
