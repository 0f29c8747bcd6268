#!/bin/sh
# `make ci`: what `make test` leaves out. Each stage runs, whatever became of the one before; a table at the end; non-zero if any failed.
# `tools/ci.sh STAGE…` runs these alone. In CI (CI=true) nothing may be left out but Pythons that the machine does not have.
set -u
. tools/apt.sh
FAST="not slow and not spark and not web and not soak"
VERSIONS="3.11 3.12 3.13 3.14"
logs=.venv/ci
others=

# -- stages ------------------------------------------------------------------------------------------------------------

# Types under every Python that pyproject.toml claims; the table of layers is looked at by `make test`.
types() { sh tools/lint.sh $VERSIONS; }

# Those of logs have Python to themselves: they measure who waits for whom.
slow() {
  whole=0
  .venv/bin/python -m pytest -q -n 3 --dist loadfile -m "slow and not spark and not web and not soak" \
    --ignore-glob "tests/test_log*" --ignore tests/test_install.py || whole=1
  .venv/bin/python -m pytest -q -n 2 -m "slow and not web and not soak" tests/test_log*.py || whole=1
  return $whole
}

# README's chapter 'Install', command by command.
install() { .venv/bin/python -m pytest -q -n 2 tests/test_install.py; }

# What a type checker of a user of ours sees; of an installed wheel, since an editable install hides `py.typed` from pyright.
public_types() {
  rm -rf .venv-wheel dist/types
  .venv/bin/python -m build --wheel --no-isolation --outdir dist/types . >/dev/null &&
    "${PYTHON:-python3}" -m venv .venv-wheel &&
    .venv-wheel/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/dev.txt &&
    .venv-wheel/bin/python -m pip install -q --disable-pip-version-check --no-deps dist/types/*.whl || return 1
  # From another folder, or it finds `src`.
  (here=$PWD; mkdir -p .venv-wheel/empty && cd .venv-wheel/empty && PATH="$here/.venv-wheel/bin:$PATH" VIRTUAL_ENV="$here/.venv-wheel" "$here/.venv-tools/bin/pyright" --verifytypes assign --ignoreexternal >verify.txt; code=$?
    grep -E 'error:|completeness' verify.txt; exit $code)
}

# Where there is no 3.13, whose tests run without durable-rules: everything but the cross-check works.
bare() {
  sh tools/env.sh .venv-bare locks/dev.txt without-durable-rules &&
    ASSIGN_TEST_WITHOUT=durable-rules .venv-bare/bin/python -m pytest -q -n 2 -m "$FAST" tests/test_engine.py tests/test_decision.py \
      tests/test_check.py tests/test_desk*.py tests/test_cli.py tests/test_laws.py tests/test_batch.py tests/test_golden.py
}

# Another Python: the quick tests, and of properties ten examples, since all are tried by `make test`. 3.13 and later do not have
# durable-rules by default, and leave out what databases, Polars and the files of rules do.
other() {
  PYTHON=$2 sh tools/env.sh ".venv-$1" locks/dev.txt || return 1
  if [ "$1" = 3.12 ]; then covered; return; fi
  left_out=
  for each in store audit log batch beside remains tamper private obeyed drill acts kinds roads printed schemas init; do
    left_out="$left_out --ignore-glob=tests/test_$each*"
  done
  # shellcheck disable=SC2086
  ASSIGN_TEST_WITHOUT=durable-rules ".venv-$1/bin/python" -m pytest -q -n 2 -m "$FAST and not long" --hypothesis-profile quick $left_out
}

# On 3.12, where lines are counted at hardly any cost: what no quick test reaches. Interrupts may fall into coverage's own lock, so the
# tests of logs are not measured. Of properties ten examples, and not the long tests: `make test` tries all.
covered() {
  bin=.venv-3.12/bin whole=0
  export ASSIGN_TEST_WITHOUT=durable-rules
  rm -f .coverage .coverage.*
  $bin/coverage run -m pytest -q -n 2 -m "$FAST and not long" --hypothesis-profile quick --ignore-glob "tests/test_log*" || whole=1
  $bin/python -m pytest -q -n 2 -m "$FAST" --hypothesis-profile quick tests/test_log*.py || whole=1
  $bin/coverage combine -q && $bin/coverage report --fail-under=86 >$logs/coverage.txt || { cat $logs/coverage.txt; return 1; }
  echo "coverage of lines by the quick tests: $(grep "^TOTAL" $logs/coverage.txt | grep -o "[0-9]*%") (at least 86 %; with the long tests it was 95 %)"
  return $whole
}

# durable-rules on 3.13, built with the compiler definition that the README names.
durable313() { PYTHON=$1 sh tools/env.sh .venv-3.13 locks/dev.txt && sh tools/durable313.sh; }

# A real standalone cluster on loopback, one of its workers killed in mid-run.
spark() {
  command -v java >/dev/null || { say "Java がありません / there is no Java (apt install default-jre-headless)"; [ "${CI:-}" != true ]; return; }
  sh tools/env.sh .venv-spark locks/spark.txt && .venv-spark/bin/python -m pytest -q -m spark tests/test_spark*.py
}

# Browser, engines and servers, in an environment of their own; the generator of clients is among the tools.
web() {
  sh tools/system.sh npm
  sh tools/env.sh .venv-web locks/web.txt && sh tools/env.sh .venv-tools locks/tools.txt tools &&
    .venv-web/bin/python -m pytest -q -n 2 -m "web and not soak" tests/test_web*.py tests/test_examples.py
}

# As anybody, on a busy machine: an ordinary user, another umask, few file descriptors, Python as it is without our machine's
# environment, a busy loop on each core. The tests that could depend on any of that, and none may.
ordinary() {
  if [ "$(id -u)" != 0 ] || ! command -v useradd >/dev/null; then
    say "root でないので利用者を作れません / not root: no user can be made"
    [ "${CI:-}" != true ]
    return
  fi
  sh tools/ordinary.sh
}

# -- the run -----------------------------------------------------------------------------------------------------------

# A stage's row of the table and its code are files, since some run beside others.
stage() {
  name=$1
  shift
  case " $wanted " in "  " | *" $name "*) ;; *) return ;; esac
  begun=$(date +%s)
  ( "$@" ) >"$logs/$name.txt" 2>&1 </dev/null
  code=$?
  printf '\n== %s\n' "$name"
  cat "$logs/$name.txt"
  taken=$(($(date +%s) - begun))
  [ "$code" = 0 ] && how=passed || how=FAILED
  # The last line of pytest says more than a word.
  line=$(grep -E '^[0-9]+ (passed|failed)|^[0-9]+ .* in [0-9.]+s' "$logs/$name.txt" | tr '\n' ';' | sed 's/;$//')
  printf '%-14s %5d s  %s  %s\n' "$name" "$taken" "$how" "$line" >"$logs/$name.row"
}
wanted=$*

sh tools/env.sh .venv locks/dev.txt || exit 1
mkdir -p "$logs"
rm -f "$logs"/*.row
sh tools/system.sh postgresql java strace zsh fish chromium fonts-noto-cjk poppler-utils
stage tools sh tools/env.sh .venv-tools locks/tools.txt tools
others=$(sh tools/pythons.sh)
stage slow slow
for version in 3.12 3.13 3.14; do
  python=$(echo "$others" | sed -n "s/^$version //p")
  if [ -n "$python" ]; then stage "python$version" other "$version" "$python"; else
    printf '%-14s      not on this machine\n' "python$version" >"$logs/python$version.row"
  fi
done
p313=$(echo "$others" | sed -n 's/^3\.13 //p')
# What needs one core alone, beside Spark, which leaves one idle for much of its time.
{
  stage types types; stage public-types public_types; stage wheels sh tools/release_wheels.sh; stage install install
  if [ -n "$p313" ]; then stage durable313 durable313 "$p313"; else stage bare bare; fi  # 3.13 runs without durable-rules, too
} &
stage spark spark
wait
stage web web
stage ordinary ordinary

printf '\n段階 / stages:\n'
cat "$logs"/*.row
failed=$(grep -c FAILED "$logs"/*.row | grep -cv ':0$')
printf '\nstages: %d passed, %d failed\n' "$(cat "$logs"/*.row | grep -c ' s  passed')" "$failed"
[ "$failed" = 0 ]
