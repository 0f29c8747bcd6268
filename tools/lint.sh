#!/bin/sh
# Style, types and the corridor.
set -eu
bin=.venv/bin
$bin/ruff format --check -q .
$bin/ruff check -q .
$bin/mypy --no-error-summary
$bin/lint-imports --no-logo >/dev/null || { $bin/lint-imports --no-logo; exit 1; }
echo "lint: format, ruff, mypy strict, import-linter: passed"
