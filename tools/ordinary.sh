#!/bin/sh
# The fast tests as anybody: a user made for it, a clone of its own, 1,024 file descriptors, Python without this machine's settings, and
# a busy loop on each core. Those to which user, machine and load could matter; of properties ten examples, and no look at style.
# Needs root; the user, its files and the loops are gone at the end. T: one file, whole.
set -eu
. tools/apt.sh
who=assign-test-$$
place=$(mktemp -d)
busy=
finish() {
  trap - EXIT INT TERM
  for pid in $busy; do kill "$pid" 2>/dev/null || :; done
  # What it left running, by number; the user is ours alone.
  for pid in $(ps -o pid= -u "$who" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || :; done
  userdel "$who" 2>/dev/null || :
  rm -rf "$place"
}
trap finish EXIT
trap 'exit 143' INT TERM
useradd --home-dir "$place/home" --create-home --shell /bin/sh "$who"

chmod 755 "$place"
git clone -q . "$place/assign"
[ ! -d ../shared ] || cp -R ../shared "$place/shared"
chown -R "$who" "$place/assign"

# Its own `python3`: ours may stand where it cannot go.
as_it() { runuser -u "$who" -- env -u PYTHONUNBUFFERED -u PYTHONDONTWRITEBYTECODE -u ASSIGN_APT -u PYTHON \
  -u XDG_DATA_HOME -u XDG_CACHE_HOME ASSIGN_TEST_WITHOUT=root HOME="$place/home" USER="$who" LOGNAME="$who" "$@"; }
python=
for each in python3 python3.13 python3.12 python3.11; do
  if as_it "$each" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$each; break; fi
done
if [ -z "$python" ]; then
  apt python3-venv python3-dev || :
  python=python3
fi

cd "$place/assign"
as_it PYTHON="$python" make -s setup
for core in $(seq "$(nproc)"); do
  timeout 1200 sh -c 'while :; do :; done' &
  busy="$busy $!"
done
ulimit -n 1024
tests() { as_it .venv/bin/python -m pytest -q -n 2 --hypothesis-profile quick "$@" </dev/null; }
fast="not slow and not spark and not web and not soak"
if [ -n "${T:-}" ]; then
  tests "$T"
  exit
fi
# Not those that only compute: what they find does not depend on who asks. A new file of tests is tried here until it is named.
computed=
for each in acts architecture batch_columns bombs catalog check checkpoint contract_table dates decision diff questions plan plan_visit \
  import import_by_others import_checked import_looks import_numbers import_offered import_pdf import_tables import_whole_rows \
  edition_mutations evidence golden growth hidden kinds laws list_mutations lists lists_of_other_shapes lookup merkle mutations near parsing \
  pasted people printed record roads rules same_verdict schemas search short_answer \
  verifier_refusals web_lists web_words; do
  computed="$computed --ignore=tests/test_$each.py"
done
# shellcheck disable=SC2086
tests -m "$fast and not long" $computed
# Of the long ones those of logs, programs, streams and other users' files.
tests -m "$fast and long" tests/test_log*.py tests/test_store*.py tests/test_face*.py tests/test_desk*.py \
  tests/test_denied.py tests/test_descriptors.py tests/test_private.py tests/test_remains.py tests/test_batch_command.py
