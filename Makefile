# Everything works from a clean clone: each target sets up what it needs. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
PROTOS := $(shell find protos -name '*.proto')
# Git exports these to hooks; they would point tools at the wrong repository.
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

.PHONY: setup
setup: .venv/.stamp gen/.stamp ## Make .venv, install the locked dependencies and Haven, generate code

.venv/.stamp: requirements.lock pyproject.toml
	$(BIN)/python -c "" 2>/dev/null || .ci/venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

gen/.stamp: $(PROTOS) hatch_build.py | .venv/.stamp
	$(BIN)/python hatch_build.py
	@touch $@

.PHONY: gen
gen: | .venv/.stamp ## Generate gen/ from protos/
	$(BIN)/python hatch_build.py
	@touch gen/.stamp

.PHONY: lint
lint: setup ## Style, types, imports, contracts, alerts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/buf lint
	.ci/breaking
	.ci/monitoring

.PHONY: format
format: setup ## Let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: unit
unit: setup ## Tests without servers
	$(BIN)/pytest -q tests/unit

.PHONY: pythons
pythons: setup ## The same on the newest other supported Python
	.ci/unit-elsewhere

.PHONY: test
test: setup ## Everything that correctness needs, on real servers
	# Longest first. Three at once fill two quick cores; on slower ones they would only wait for each other.
	$(MAKE) -j$$(.ci/lanes) --output-sync=target scenarios crisis danger chassis unit sessions integration notify rooms

.PHONY: crisis
crisis: setup ## Crisis on real servers
	$(BIN)/pytest tests/integration/crisis

.PHONY: notify
notify: setup ## Notify on real servers
	$(BIN)/pytest tests/integration/notify

.PHONY: sessions
sessions: setup ## Sessions on real servers
	$(BIN)/pytest tests/integration/sessions

.PHONY: integration
integration: setup ## Contracts, and the other services on real servers
	$(BIN)/pytest tests/contract tests/integration --ignore=tests/integration/chassis \
		--ignore=tests/integration/crisis --ignore=tests/integration/notify \
		--ignore=tests/integration/sessions

.PHONY: chassis
chassis: setup ## The chassis on real servers; its workers in a run of their own
	$(BIN)/pytest tests/integration/chassis
	$(BIN)/pytest -p tests.worker.patched tests/worker

.PHONY: browser
browser: setup ## A live room in a real browser; needs chromium, node and npm, and is no part of `make test`
	cd docs/browser && npm ci --silent --no-audit --no-fund && npm run --silent build
	$(BIN)/pytest tests/browser

.PHONY: scenarios
scenarios: setup ## The whole platform: the story, every RPC, drills, and faults between services
	$(BIN)/pytest tests/scenarios --ignore=tests/scenarios/test_campaign.py \
		--ignore=tests/scenarios/test_rooms_under_faults.py

.PHONY: danger
danger: setup ## The whole platform: people are in danger while processes, broker and clocks fail
	$(BIN)/pytest tests/scenarios/test_campaign.py

.PHONY: rooms
rooms: setup ## Live rooms go on while replicas, broker, database and clocks fail
	$(BIN)/pytest tests/scenarios/test_rooms_under_faults.py

.PHONY: bench
bench: setup ## Measure; NAME=<figure> measures one
	$(BIN)/python -m tests.bench $(NAME)

.PHONY: campaign
campaign: setup ## 200 kills of random processes while people are in danger
	$(BIN)/python -m tests.campaign $(KILLS) $(SEED)

.PHONY: roomfaults
roomfaults: setup ## 200 people in live rooms while replicas, broker, database and clocks fail
	$(BIN)/python -m tests.roomfaults $(ROOMS) $(PEOPLE)

.PHONY: demo
demo: setup ## One patient from referral to a first group, with a crisis on the way
	$(BIN)/haven demo

.PHONY: run
run: setup ## Keep the platform up for a developer; Ctrl-C ends it
	$(BIN)/haven stack up

.PHONY: definitions
definitions: setup ## Write the broker's queues to deploy/rabbitmq/definitions.json
	$(BIN)/haven topology definitions > deploy/rabbitmq/definitions.json

.PHONY: lock
lock: setup ## Pin the newest allowed versions in requirements.lock
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --upgrade -o requirements.lock pyproject.toml

.PHONY: clean
clean: ## Stop the stack and remove everything that was made
	test ! -x $(BIN)/haven || $(BIN)/haven stack down
	rm -rf .venv .venv-* .haven gen build dist *.egg-info .*_cache .hypothesis
