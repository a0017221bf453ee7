#!/usr/bin/env bash
# The main job once, from nothing: install, train a small model, evaluate it on articles that it never
# saw, and code one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh train
echo "== train a small model on the written corpus, evaluate it on five real articles"
.venv/bin/python -m train fit configs/quickstart.toml --overwrite
echo "== code an article with the model that was just trained"
.venv/bin/conflictcoder code data/articles/maese.txt --model runs/quickstart --format table
echo "== code it with the model that comes with the package (no torch)"
.venv/bin/conflictcoder code data/articles/maese.txt --format table
