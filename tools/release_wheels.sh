#!/bin/sh
# A release: our own wheel, and durable-rules as manylinux wheels, since its authors publish C source alone. → dist/release/
# Each is tried as a city would use it: in a new environment, with no compiler, without an index for durable-rules.
set -eu
. tools/apt.sh
out=dist/release
rm -rf "$out" dist/raw
mkdir -p "$out" dist/raw
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=2 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
tools=$PWD/.venv-tools/bin
[ -x "$tools/auditwheel" ] || sh tools/env.sh .venv-tools locks/tools.txt tools

# With the very source that the lock file names.
awk '/^durable-rules==/ {on = 1} on {sub(/ ; [^\\]*/, " "); print; if (!/\\$/) on = 0}' locks/dev.txt >dist/raw/wanted.txt
.venv/bin/python -m build --wheel --no-isolation --outdir "$out" . >/dev/null

made=
for python in "$(.venv/bin/python -c 'import sys; print(sys.executable)')" $(sh tools/pythons.sh | sed -n 's/^3\.12 //p'); do
  version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
  [ "$version" -lt 313 ] || continue
  "$python" -m pip wheel --no-cache-dir --no-deps --require-hashes -r dist/raw/wanted.txt -w "dist/raw/$version"
  PATH="$tools:$PATH" "$tools/auditwheel" repair -w "$out" "dist/raw/$version"/durable_rules-*.whl 2>"dist/raw/auditwheel.txt" ||
    { cat dist/raw/auditwheel.txt >&2; exit 1; }
  ls "$out"/durable_rules-*-cp"$version"-*manylinux*.whl >/dev/null

  place=dist/raw/env-$version
  rm -rf "$place"
  "$python" -m venv "$place"
  mkdir -p "$place/none"
  # --only-binary: from our wheel, or not at all.
  PATH="$PWD/$place/none" CC=false "$place/bin/python" -m pip install --only-binary durable-rules --find-links "$out" \
    "$(ls "$PWD/$out"/itaku_assign-*.whl)"
  "$place/bin/assign" check --json | "$place/bin/python" -c '
import json, sys
report = json.load(sys.stdin)
assert report["ok"] and report["cross_checked"] and report["engine"].startswith("durable-rules"), report
'
  made="$made $version"
done
[ -n "$made" ] || { say "3.11 も 3.12 もありません / there is neither Python 3.11 nor 3.12"; exit 1; }
rm -rf dist/raw
(cd "$out" && ls -1)
echo "release: tried without a compiler on$made, both engines agree"
