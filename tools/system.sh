#!/bin/sh
# System packages that the tests need: a PostgreSQL server. Debian's root installs it; anyone else is told, in one line.
set -eu
have_postgres() { command -v psql >/dev/null && { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }; }
if ! have_postgres && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Debian のパッケージを入れます / installing Debian packages: postgresql" >&2
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1 || :
fi
have_postgres || echo "足りないもの / missing: postgresql (apt install postgresql); the tests on PostgreSQL are left out" >&2
