#!/bin/sh
# The whole suite. In CI nothing may be left out; elsewhere what is missing is named, and the rest runs.
set -eu
summary=
note() { summary="$summary
  $*"; }

sh tools/system.sh
sh tools/lint.sh
note "style, types, corridor: passed"

# The suite with every part, and its coverage. Three at a time: much of it waits for disks and for processes of its own.
rm -f .coverage .coverage.*
.venv/bin/coverage run -m pytest -n 3 --dist loadfile -q -m "not spark and not soak" --ignore tests/test_log.py
# Interrupts at any moment, one of them in coverage's own lock: these are not measured.
.venv/bin/python -m pytest -n 2 -q -m "not soak" tests/test_log.py
.venv/bin/coverage combine -q
.venv/bin/coverage report --fail-under=93 >.venv/coverage.txt || { cat .venv/coverage.txt; exit 1; }
note "coverage of lines and branches: $(grep "^TOTAL" .venv/coverage.txt | grep -o "[0-9]*%") (at least 93 %; what is left are refusals of damaged files)"
note "tests: passed on $(.venv/bin/python -V), $(.venv/bin/assign check --json | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["engine"])')"

# The same Python without durable-rules: everything but the cross-check works.
sh tools/env.sh .venv-bare locks/dev.txt without-durable-rules
ASSIGN_TEST_WITHOUT=durable-rules .venv-bare/bin/python -m pytest -q -n 2 -m "not slow and not spark and not soak"
note "tests: passed without durable-rules"

# Other Pythons, where this machine has them.
others=$(sh tools/pythons.sh)
[ -n "$others" ] || note "other Pythons: none on this machine, left out"
echo "$others" | while read -r version python; do
  [ -n "$version" ] || continue
  PYTHON=$python sh tools/env.sh ".venv-$version" locks/dev.txt
  engine=$(".venv-$version/bin/assign" check --json | ".venv-$version/bin/python" -c 'import json, sys; r = json.load(sys.stdin); print(r["engine"], "cross-checked" if r["cross_checked"] else "alone")')
  ASSIGN_TEST_WITHOUT=durable-rules ".venv-$version/bin/python" -m pytest -q -n 2 -m "not slow and not spark and not soak"
  echo "tests: passed on Python $version ($engine)" >>.venv/.others
done
if [ -f .venv/.others ]; then
  while read -r line; do note "$line"; done <.venv/.others
  rm -f .venv/.others
fi

# durable-rules on 3.13, built with the compiler definition that the README names.
p313=$(echo "$others" | sed -n 's/^3\.13 //p')
if [ -n "$p313" ]; then
  sh tools/durable313.sh "$p313"
  note "durable-rules built for 3.13 with -DPyEval_CallObject=PyObject_CallObject: both engines agree"
fi

# Spark: a real standalone cluster on loopback, one of its workers killed in mid-run.
if command -v java >/dev/null; then
  sh tools/env.sh .venv-spark locks/spark.txt
  .venv-spark/bin/python -m pytest -q -m spark tests/test_spark.py
  note "Spark: passed on a standalone cluster, a worker killed in mid-run"
elif [ "${CI:-}" = true ]; then
  echo "CI: no Java runtime, and nothing may be left out" >&2
  exit 1
else
  note "Spark: left out, no Java runtime (apt install openjdk-17-jre-headless)"
fi

printf '\nWhat ran:%s\n' "$summary"
