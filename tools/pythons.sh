#!/bin/sh
# Other Pythons on this machine, one a line: version and path. 3.12 has durable-rules; 3.13 and later do not by default.
set -eu
for version in 3.12 3.13 3.14; do
  for candidate in "$(command -v "python$version" 2>/dev/null || :)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/$version.*/bin/python; do
    if [ -x "$candidate" ] && [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
      echo "$version $candidate"
      break
    fi
  done
done
