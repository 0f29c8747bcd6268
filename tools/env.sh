#!/bin/sh
# Make a virtual environment from a lock file:  tools/env.sh DIR LOCK [without-durable-rules | tools]
# Second time: nothing to do, unless lock, code or Python changed. What Python lacks is installed where that is allowed
# (tools/apt.sh), or named in one line. `tools`: the lock file's packages alone, without the project.
set -eu
. tools/apt.sh
dir=$1 lock=$2 without=${3:-}
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=2 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

# What does this Python lack?  venv: ensurepip;  durable-rules: headers and a C compiler.
lacks_venv() { ! "$python" -c 'import ensurepip, venv' 2>/dev/null; }
lacks_headers() { ! "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'; }
lacks_compiler() { ! { command -v cc || command -v gcc; } >/dev/null 2>&1; }
wants_durable() { [ -z "$without" ] && "$python" -c 'import sys; sys.exit(not sys.version_info < (3, 13))'; }

command -v "$python" >/dev/null || { say "$python がありません / $python is missing: install Python 3.11 or later"; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python 3.11 以上が要ります / Python 3.11 or later is needed (this is $("$python" -V))"; exit 1; }

missing=
lacks_venv && missing="python3-venv"
if wants_durable; then
  lacks_headers && missing="$missing python3-dev"
  lacks_compiler && missing="$missing gcc"
fi
[ -z "$missing" ] || apt $missing || :
if lacks_venv; then say "足りないもの / missing: python3-venv (apt install python3-venv)"; exit 1; fi
if wants_durable && { lacks_headers || lacks_compiler; }; then
  say "足りないもの / missing: C compiler or Python headers (apt install gcc python3-dev); durable-rules is left out, the table engine answers"
  without=without-durable-rules
fi
wants_durable || without=${without:-without-durable-rules}

# One stamp: everything that the environment was made from.
stamp="$("$python" -c 'import sys; print(sys.executable, sys.version)') $without $(cat "$lock" pyproject.toml tools/env.sh hatch_build.py | cksum)"
if [ "$(cat "$dir/.made-from" 2>/dev/null || :)" != "$stamp" ]; then
  say "環境を作ります / making $dir"
  rm -rf "$dir"
  "$python" -m venv "$dir"
  wanted="$dir/lock.txt"
  if [ "$without" = without-durable-rules ]; then
    awk '/^durable-rules==/ {skip = 1} !skip {print} {if (skip && !/\\$/) skip = 0}' "$lock" >"$wanted"
  else
    cp "$lock" "$wanted"
  fi
  "$dir/bin/python" -m pip install --require-hashes -r "$wanted"
  [ "$without" = tools ] || "$dir/bin/python" -m pip install --no-deps --no-build-isolation -e .
  printf '%s' "$stamp" >"$dir/.made-from"
fi
[ "$without" = tools ] && exit 0
# What a cold start needs, as an installed wheel has it: byte code, the list and the rules parsed, the index of words.
"$dir/bin/python" -m compileall -q src
"$dir/bin/python" -c "from pathlib import Path; from hatch_build import keep; keep(Path())"
