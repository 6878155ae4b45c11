# The commands of the project. Each makes what it needs in .venv, and only the first time.
#
#   make demo PORT=8080 PYTHON=python3.13

PYTHON ?= python3
PORT ?= 8000
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

IN_VENV := .venv/bin/python
MANAGE := $(IN_VENV) example_project/manage.py
PYTEST := $(IN_VENV) -m pytest --numprocesses logical
COUNTED := --cov --cov-append --cov-fail-under=0 --cov-report=

.DEFAULT_GOAL := help
.PHONY: help demo test test-stripe lint format types docs dist browser bench soak clean

help:
	@echo "make demo     the example shop on http://127.0.0.1:8000/ (PORT= changes it)"
	@echo "make test     the whole suite on SQLite and on PostgreSQL, with its coverage"
	@echo "make test-stripe    a sale, a refund and a capture in Stripe's test mode, with a key in STRIPE_TEST_KEY"
	@echo "make browser  the example shop in a real Chromium"
	@echo "make lint     ruff, and 'make format' to let it correct what it can"
	@echo "make types    mypy"
	@echo "make docs     the documentation, in docs/_build/html"
	@echo "make dist     the wheel and the sdist, in dist"
	@echo "make bench    how long a cart and a checkout take, and how fast one product sells"
	@echo "make soak     many thousand faults in the middle of a sale (SECONDS= or CASES= bound each technique,"
	@echo "              DATABASES= and TECHNIQUES= choose, REPLAY= runs one case again by its name)"
	@echo "make clean    remove all that these commands made"

demo:
	@scripts/environment "$(PYTHON)" stripe
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_catalogue
	@$(IN_VENV) example_project/demo.py --port "$(PORT)" $(if $(CARD_PORT),--card-port "$(CARD_PORT)") $(if $(WALLET_PORT),--wallet-port "$(WALLET_PORT)") \
		$(if $(STRIPE_PORT),--stripe-port "$(STRIPE_PORT)")

# Coverage is counted in what reaches every line: it makes a run half as slow again.
COUNTED_TESTS := tests/unit tests/api
COUNTED_ON_POSTGRESQL := tests/unit/test_clock.py tests/unit/test_transactions.py tests/unit/test_recovery.py

test:
	@scripts/environment "$(PYTHON)" test localstripe
	@rm -f .coverage .coverage.*
	LORIKEET_TEST_DATABASE=sqlite $(PYTEST) $(COUNTED_TESTS) $(COUNTED)
	LORIKEET_TEST_DATABASE=sqlite $(PYTEST) $(COUNTED_TESTS:%=--ignore=%)
	LORIKEET_TEST_DATABASE=postgresql $(PYTEST) $(COUNTED_ON_POSTGRESQL) $(COUNTED)
	LORIKEET_TEST_DATABASE=postgresql $(PYTEST) $(COUNTED_ON_POSTGRESQL:%=--ignore=%)
	LORIKEET_TEST_DATABASE=sqlite $(PYTEST) tests/extensions $(COUNTED)
	@# the fake Stripe's own tests have no database
	LORIKEET_TEST_DATABASE=postgresql $(PYTEST) tests/extensions --ignore-glob='*/test_fake_*'
	$(PYTEST) tests/example
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

soak:
	@scripts/environment "$(PYTHON)" test
	$(IN_VENV) -m tests.faults.soak $(SOAK) $(if $(REPLAY),--replay "$(REPLAY)")

clean:
	rm -rf .venv .tox .cache build dist htmlcov docs/_build lorikeet_cart.egg-info .coverage .coverage.*
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f example_project/db.sqlite3 example_project/db.sqlite3-shm example_project/db.sqlite3-wal
	rm -f example_project/providers.sqlite3 example_project/providers.sqlite3-journal example_project/stripe.json*
