#!/bin/sh
# Prove, in .venv-3.13, that durable-rules works on Python 3.13 when built with the definition.
# (CPPFLAGS: its setup.py overwrites CFLAGS.) A C API function that 3.13 took away is given its successor's name; both take (callable, arguments).
set -eu
dir=.venv-3.13
requirement=$(mktemp)
awk '/^durable-rules==/ {on = 1} on {sub(/ ; [^\\]*/, " "); print; if (!/\\$/) on = 0}' locks/dev.txt >"$requirement"
CPPFLAGS="-DPyEval_CallObject=PyObject_CallObject" PIP_QUIET=2 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
  "$dir/bin/python" -m pip install --no-cache-dir --require-hashes -r "$requirement"
rm -f "$requirement"
"$dir/bin/assign" check --json | "$dir/bin/python" -c '
import json, sys
report = json.load(sys.stdin)
assert report["ok"] and report["cross_checked"] and report["engine"].startswith("durable-rules"), report
'
"$dir/bin/python" -m pytest -q -n 2 tests/test_engine.py tests/test_decision.py tests/test_check.py
# The next run starts from the lock file again.
"$dir/bin/python" -m pip uninstall -q -y durable-rules
