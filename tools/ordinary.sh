#!/bin/sh
# `make test` as anybody: a user made for it, a clone of its own, 1,024 file descriptors, Python without this machine's settings, and
# a busy loop on each core; of properties ten examples, and no look at style. Needs root; the user, its files and the loops are gone at
# the end. T: one file, as `make test` takes it.
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
as_it PYTHON="$python" ASSIGN_LINT=no PYTEST_ADDOPTS="--hypothesis-profile quick" make -s test T="${T:-}" </dev/null
