# Two commands on a machine that has only Python >= 3.11, git and make:
#   make demo [ARGS="--seconds 40 --json"]
#   make test [ARGS="-k raft"]
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DELETE_ON_ERROR:
.PHONY: demo test test-long lint protos clean

# One stamp a set of extras, so that a demo need not download what only tests use.
$(VENV)/run.stamp: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: $(PYTHON) is older than 3.11; set PYTHON=python3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,web,av,parquet,mqtt,bench,test]'
	touch $@

demo: $(VENV)/run.stamp
	@$(BIN)/parkledger demo $(ARGS)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup -m "not long" $(ARGS)

test-long: lint
	$(BIN)/pytest -n 2 --dist loadgroup -m "" $(ARGS)

protos: $(VENV)/test.stamp
	$(BIN)/python -m protos.generate
	$(BIN)/python -m benchmarks.etcd.generate

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
