#!/bin/sh
# Programs beside Python that tests need:  tools/system.sh [postgresql] [java] [strace] [chromium] …
# What is missing is installed where that is allowed (tools/apt.sh). What is missing still is named, with the tests that are left out.
set -eu
. tools/apt.sh

has() {
  case $1 in
    postgresql) command -v psql >/dev/null && { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; } ;;
    fonts-noto-cjk) fc-list :lang=ja 2>/dev/null | grep -q . ;;
    poppler-utils) command -v pdfinfo >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
package() { case $1 in java) echo default-jre-headless ;; *) echo "$1" ;; esac; }

missing=
for each in "$@"; do has "$each" || missing="$missing $(package "$each")"; done
[ -z "$missing" ] || apt $missing || :
for each in "$@"; do
  has "$each" || say "足りないもの / missing: $each (apt install $(package "$each")); its tests are left out"
done
