# To be sourced: what the system lacks, and whether it may be installed.
#
#   apt PACKAGES…   Debian packages, by root alone, and only with a yes: ASSIGN_APT=1 (as CI says), or the answer on a terminal.
#                   Without either none is installed, and nothing waits for an answer. True where the packages were installed.

say() { printf '%s\n' "$*" >&2; }

apt() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  case ${ASSIGN_APT:-} in
    1) ;;
    '')
      [ -t 0 ] && [ -t 2 ] || { say "Debian のパッケージは入れません / no Debian package is installed (ASSIGN_APT=1 installs: $*)"; return 1; }
      printf 'Debian のパッケージを入れますか / install Debian packages: %s? [y/N] ' "$*" >&2
      read -r answer || answer=
      case $answer in [yY]*) ;; *) return 1 ;; esac
      ;;
    *) return 1 ;;
  esac
  say "Debian のパッケージを入れます / installing Debian packages: $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } </dev/null >/dev/null 2>&1 ||
    { say "入りませんでした / could not install: $*"; return 1; }
}
