# The README's two commands are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-orders fuzz lint serve bench docs lock clean

# What a user needs: exact versions from the lock, tools of the project by editable install.
$(VENV)/.user: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[api,maps,observatory]'
	touch $@

$(VENV)/.dev: pyproject.toml requirements.lock $(VENV)/.user
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[api,maps,observatory,postgis,notebooks,dev]'
	touch $@

# make demo TERRITORY=243400017 : one's own intercommunalité (SIREN), or commune (INSEE code), where the network allows.
demo: $(VENV)/.user
ifdef TERRITORY
	$(BIN)/rpe-geo territory fetch territoire $(if $(filter 9,$(shell printf %s '$(TERRITORY)' | wc -c)),--epci,--commune) $(TERRITORY)
	$(BIN)/rpe-geo observatory build observatoire --territory territoire
	$(BIN)/rpe-geo observatory map observatoire -o carte-observatoire.html
else
	$(BIN)/rpe-geo demo
endif

serve: $(VENV)/.user
	$(BIN)/rpe-geo serve

lint: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.front
	$(BIN)/numpydoc lint $$(find rpe_geo api maps -name '*.py')

test: $(VENV)/.dev
	tests/system_packages
	$(MAKE) lint
	$(BIN)/python tests/postgis/server.py -- $(BIN)/python -m pytest -n 2

# The suite in a random order, then in the reverse one: each of the two workers gets what was the other's.
SEED ?= $(shell date +%s)
test-orders: $(VENV)/.dev
	@echo "order of the tests: make test-orders SEED=$(SEED)"
	$(BIN)/python tests/postgis/server.py -- $(BIN)/python -m pytest -n 2 --random-order --random-order-seed=$(SEED)
	RPE_TEST_ORDER=reversed $(BIN)/python tests/postgis/server.py -- $(BIN)/python -m pytest -n 2

# Laws with random seeds and ten times the examples: make fuzz MINUTES=90
MINUTES ?= 10
fuzz: $(VENV)/.dev
	$(BIN)/python tests/postgis/server.py -- $(BIN)/python -m tests.fuzz --minutes $(MINUTES) --workers 2

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.dev
	$(BIN)/python -m rpe_geo.publishing.regles > docs/regles.md

lock:
	uv pip compile pyproject.toml --all-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade --output-file requirements.lock

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache
