# The commands of the project. Each makes what it needs in .venv, and only the first time.
#
#   make demo PORT=8080 PYTHON=python3.13

PYTHON ?= python3
PORT ?= 8000
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

unexport PYTHONDONTWRITEBYTECODE # every process would compile everything again

IN_VENV := .venv/bin/python
MANAGE := $(IN_VENV) example_project/manage.py
PYTEST := $(IN_VENV) -m pytest --numprocesses logical --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test environment test-sqlite test-postgresql test-extensions test-extensions-postgresql test-example \
	coverage test-stripe lint format types docs dist browser bench soak matrix matrix-brief clean

help:
	@echo "make demo     the example shop on http://127.0.0.1:8000/ (PORT= changes it)"
	@echo "make test     the suite, each test on the database that it is about"
	@echo "make test-stripe    a sale, a refund and a capture in Stripe's test mode, with a key in STRIPE_TEST_KEY"
	@echo "make browser  the example shop in a real Chromium"
	@echo "make lint     ruff and the word list, and 'make format' to let ruff correct what it can"
	@echo "make types    mypy"
	@echo "make docs     the documentation, in docs/_build/html"
	@echo "make dist     the wheel and the sdist, in dist"
	@echo "make bench    how long a cart and a checkout take, and how fast one product sells"
	@echo "make soak     all faults in the middle of a sale, and many random cases (SECONDS= or CASES= bound each technique,"
	@echo "              DATABASES= and TECHNIQUES= choose, REPLAY= runs one case again by its name)"
	@echo "make matrix   the whole suite on every Python, Django and database server that is available"
	@echo "make clean    remove everything that these commands made"

demo:
	@scripts/environment "$(PYTHON)" stripe
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_catalogue
	@$(IN_VENV) example_project/demo.py --port "$(PORT)" $(if $(CARD_PORT),--card-port "$(CARD_PORT)") $(if $(WALLET_PORT),--wallet-port "$(WALLET_PORT)") \
		$(if $(STRIPE_PORT),--stripe-port "$(STRIPE_PORT)")

# What a newcomer runs: each test once, and every seventh of the cases of faults, races and chance.
test:
	@LORIKEET_STRIDE=7 $(PYTHON) scripts/stages.py --wall 300 --cpu 450 environment test-sqlite test-postgresql \
		test-extensions test-extensions-postgresql test-example

# PostgreSQL has the tests that depend on locks, transactions and what a database takes for a text or a number; SQLite
# has all others. With EVERYWHERE=1, which .ci/run sets, both have everything, and coverage is counted.
ON_POSTGRESQL := tests/races tests/faults tests/unit/test_clock.py tests/unit/test_transactions.py tests/unit/test_recovery.py \
	tests/security/test_text.py tests/security/test_numbers.py
EXTENSIONS_ON_POSTGRESQL := $(addprefix tests/extensions/,stock/test_races.py stock/test_faults.py stripe/test_faults.py)
ifdef EVERYWHERE
COUNTED := --cov --cov-append --cov-fail-under=0 --cov-report= # of the tests that tests/conftest.py names
ON_SQLITE := tests
EXTENSIONS_ON_SQLITE := tests/extensions
ON_POSTGRESQL := tests
EXTENSIONS_ON_POSTGRESQL := tests/extensions --ignore-glob='*/test_fake_*' # which have no database
else
ON_SQLITE := tests $(ON_POSTGRESQL:%=--ignore=%)
DEMO := --ignore=tests/example/test_demo.py # the processes of make demo, which are started and killed for half a minute
EXTENSIONS_ON_SQLITE := tests/extensions $(EXTENSIONS_ON_POSTGRESQL:%=--ignore=%)
endif

environment:
	@scripts/environment "$(PYTHON)" $(or $(EXTRAS),test localstripe)
	@rm -f .coverage .coverage.*

test-sqlite:
	LORIKEET_TEST_DATABASE=sqlite $(PYTEST) $(ON_SQLITE) $(COUNTED)

test-postgresql:
	LORIKEET_TEST_DATABASE=postgresql $(PYTEST) $(ON_POSTGRESQL) $(COUNTED)

test-extensions:
	LORIKEET_TEST_DATABASE=sqlite $(PYTEST) $(EXTENSIONS_ON_SQLITE) $(COUNTED)

test-extensions-postgresql:
	LORIKEET_TEST_DATABASE=postgresql $(PYTEST) $(EXTENSIONS_ON_POSTGRESQL)

test-example:
	$(PYTEST) tests/example $(DEMO)

coverage:
	$(IN_VENV) -m coverage report

test-stripe:
	@test -n "$(STRIPE_TEST_KEY)" || { echo "Name a key of Stripe's test mode: STRIPE_TEST_KEY=sk_test_... make test-stripe" >&2; exit 1; }
	@scripts/environment "$(PYTHON)" test
	$(IN_VENV) -m pytest tests/extensions/stripe/test_second_opinions.py -k live

browser:
	@test -n "$(CHROMIUM)" || { echo "There is no Chromium: install it (Debian: chromium), or name it with CHROMIUM=." >&2; exit 1; }
	@scripts/environment "$(PYTHON)" test browser
	LORIKEET_CHROMIUM="$(CHROMIUM)" $(PYTEST) --dist loadfile -m browser tests/browser

lint:
	@scripts/environment "$(PYTHON)" lint
	$(IN_VENV) -m ruff check
	$(IN_VENV) -m ruff format --check
	$(IN_VENV) scripts/words.py

format:
	@scripts/environment "$(PYTHON)" lint
	$(IN_VENV) -m ruff check --fix
	$(IN_VENV) -m ruff format

types:
	@scripts/environment "$(PYTHON)" test types
	$(IN_VENV) -m mypy

docs:
	@scripts/environment "$(PYTHON)" test docs
	$(IN_VENV) -m sphinx -n -W --keep-going -q -b html docs docs/_build/html

dist:
	@scripts/environment "$(PYTHON)" suite dist
	rm -rf build dist
	$(IN_VENV) -m build > .venv/build.log 2>&1 || { tail -n 15 .venv/build.log; exit 1; }
	$(IN_VENV) -m twine check --strict dist/*
	$(IN_VENV) -m pytest -m dist tests/test_packaging.py

bench:
	@scripts/environment "$(PYTHON)" test
	$(IN_VENV) benchmarks/run.py
	$(IN_VENV) benchmarks/run_stock.py

SOAK := $(foreach option,SECONDS CASES SEED DATABASES TECHNIQUES,\
	$(if $($(option)),--$(shell echo $(option) | tr A-Z a-z) $($(option))))

WHOLE := LORIKEET_STRIDE=0 LORIKEET_SOAK=1 HYPOTHESIS_PROFILE=soak

soak:
	@scripts/environment "$(PYTHON)" test
	$(IN_VENV) -m tests.faults.soak $(SOAK) $(if $(REPLAY),--replay "$(REPLAY)")
ifeq ($(strip $(SOAK)$(REPLAY)),)
	@# chance, races and the extensions, which are soaked by their own tests
	$(WHOLE) LORIKEET_TEST_DATABASE=sqlite $(PYTEST) tests/faults/test_properties.py tests/faults/test_webhook_orders.py \
		tests/api/test_stateful.py --timeout 0
	$(WHOLE) LORIKEET_TEST_DATABASE=postgresql $(PYTEST) tests/faults/test_process_races.py
	$(WHOLE) LORIKEET_TEST_DATABASE=postgresql $(PYTEST) $(addprefix tests/extensions/,stock/test_faults.py stripe/test_faults.py)
endif

matrix:
	@scripts/environment "$(PYTHON)" tox
	scripts/matrix

matrix-brief:
	@scripts/environment "$(PYTHON)" tox
	scripts/matrix brief

clean:
	rm -rf .venv .tox .cache build dist htmlcov docs/_build lorikeet_cart.egg-info .coverage .coverage.*
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f example_project/db.sqlite3 example_project/db.sqlite3-shm example_project/db.sqlite3-wal
	rm -f example_project/providers.sqlite3 example_project/providers.sqlite3-journal example_project/stripe.json*
