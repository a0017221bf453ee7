#!/usr/bin/env bash
# Lints, type-checks and tests; the tests build the wheel and run it in an empty environment.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh train,dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
# Two processes of one thread each: a tiny model gains nothing from a second thread.
OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
