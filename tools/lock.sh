#!/bin/sh
# The lock files: exact versions with hashes for every platform and Python, and no address of a registry.
set -eu
compile="uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-annotate --no-header"
command -v uv >/dev/null || { echo "uv がありません / uv is missing (pip install uv)" >&2; exit 1; }
$compile pyproject.toml --group build -o locks/run.txt
$compile pyproject.toml --group dev -c locks/run.txt -o locks/dev.txt
$compile pyproject.toml --group web -c locks/dev.txt -o locks/web.txt
$compile pyproject.toml --group spark -c locks/dev.txt -o locks/spark.txt
$compile pyproject.toml --group bench --group build -c locks/run.txt -o locks/bench.txt
$compile --group tools -o locks/tools.txt
# Everything but durable-rules, which needs a C compiler; without hashes, since pip installs this checkout in the same command.
uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
  --extra batch --extra audit --no-emit-package durable-rules -c locks/dev.txt pyproject.toml | grep -v '^#' >locks/no-compiler.txt
