#!/bin/sh
# System packages that the tests need: a PostgreSQL server, a Java runtime, strace. Debian's root installs them; anyone else is
# told, in one line.
set -eu
have_postgres() { command -v psql >/dev/null && { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }; }
missing=
have_postgres || missing="postgresql"
command -v java >/dev/null || missing="$missing default-jre-headless"
command -v strace >/dev/null || missing="$missing strace"
for shell in zsh fish; do command -v $shell >/dev/null || missing="$missing $shell"; done  # completion is tried in the real ones
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Debian のパッケージを入れます / installing Debian packages:$(printf ' %s' $missing)" >&2
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 || :
fi
have_postgres || echo "足りないもの / missing: postgresql (apt install postgresql); the tests on PostgreSQL are left out" >&2
command -v java >/dev/null || echo "足りないもの / missing: Java (apt install default-jre-headless); the tests on Spark are left out" >&2
command -v strace >/dev/null || echo "足りないもの / missing: strace (apt install strace); the faults at system calls are left out" >&2
