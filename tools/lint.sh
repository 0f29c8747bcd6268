#!/bin/sh
# Style, types and what imports what.  tools/lint.sh [VERSIONS…]: types under these Pythons, too.
set -eu
bin=.venv/bin
$bin/ruff format --check -q .
$bin/ruff check -q .
for version in "" "$@"; do
  $bin/mypy --no-error-summary ${version:+--python-version "$version" --cache-dir ".mypy_cache/for-$version"}
done
$bin/lint-imports --no-logo >/dev/null || { $bin/lint-imports --no-logo; exit 1; }
echo "lint: format, ruff, mypy strict ($($bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')${*:+ $*}), import-linter: passed"
