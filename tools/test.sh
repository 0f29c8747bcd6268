#!/bin/sh
# `make test`: style, types and every fast test, on one Python, with what this machine has.  T=tests/test_x.py: that file whole.
# Nothing outside this folder is touched without a yes (tools/apt.sh). What is not here is named, and the rest runs.
set -u
. tools/apt.sh
python=${PYTHON:-python3}
if [ -n "${T:-}" ]; then
  sh tools/env.sh .venv locks/dev.txt || exit 1
  exec .venv/bin/python -m pytest -q $T
fi

say "テストは 2 コアで約 5 分です。初めてのときは環境を作るので、さらに約 1 分かかります。
The tests take about 5 minutes on 2 cores; making the environment one more, the first time.
入れるもの / it installs: $(grep -c == locks/dev.txt) Python packages into .venv/ (none outside this folder)."
[ "${ASSIGN_APT:-}" = 1 ] && say "ASSIGN_APT=1: 足りない Debian のパッケージも入れます / and the Debian packages that are missing."

# What fails does not hide what comes after it.
ran= failed=
stage() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then ran="$ran
  passed  $name"; else ran="$ran
  FAILED  $name" failed=yes; fi
}
# ASSIGN_LONG: more that marks must be, as pytest writes it (`not long`).
tests() { ASSIGN_LEFT_OUT=.venv/left-out.txt .venv/bin/python -m pytest -q -n 2 -m "not slow and not spark and not web and not soak${ASSIGN_LONG:+ and $ASSIGN_LONG}"; }

sh tools/system.sh postgresql
sh tools/env.sh .venv locks/dev.txt || exit 1
rm -f .venv/left-out.txt
[ "${ASSIGN_LINT:-}" = no ] || stage "style, types, imports" sh tools/lint.sh  # no: where they were looked at already
stage "fast tests on $(.venv/bin/python -V), $(.venv/bin/assign check --json | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["engine"])')" tests

printf '\n動いたもの / what ran:%s\n動かなかったもの / what did not:\n' "$ran"
cat .venv/left-out.txt 2>/dev/null
printf '  %s\n' "slow tests, coverage, other Pythons, Spark, a browser, installing: \`make ci\` (half an hour)" "soak tests: \`make soak\` (hours)"
[ -z "$failed" ]
