#!/usr/bin/env bash
# Prepare .venv for the other scripts, which source this file. Run alone, it installs a tier at once, or all of them:
#
#   scripts/setup.sh step       what stepping through the series needs: seconds
#   scripts/setup.sh check      what judges recorded figures needs
#   scripts/setup.sh publish    what turns them into pages needs
#   scripts/setup.sh train      torch and what measures with it: minutes and 1.3 GB on the disk, once
#   scripts/setup.sh elsewhere  a second list of words, for scripts/bench.sh elsewhere
#   scripts/setup.sh            all of it but the last, with what the tests need
#
# requirements.txt lists what belongs to each tier. This file only looks whether a tier is ready, because it runs at every
# command; deltas/setup.py does what is left to do. bash 3.2, no GNU tools.

if [ -z "${BASH_VERSION:-}" ]; then # `sh scripts/apply.sh`, where sh is dash: start again under bash
  if ! command -v bash >/dev/null 2>&1; then
    echo "✗ these scripts need bash, which is not on the PATH" >&2
    exit 2
  fi
  exec bash "${door:-$0}" "$@"
fi
set -eu

if [ "${BASH_SOURCE[0]}" = "$0" ]; then # run alone
  door=$0
  while [ -h "$door" ]; do
    link=$(readlink "$door")
    case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
  done
fi
root=$(CDPATH='' cd -P "$(dirname "$door")/.." && pwd -P)
python="$root/.venv/bin/python"

say() { printf '%s\n' "$*" >&2; }

# What the stamp of a ready tier says: which interpreter it was checked with, then the tier's lines of requirements.txt.
# setup.py writes it, and only after every package of the tier could be imported; the stamp holds until somebody else
# adds something to site-packages or takes something away.
stamp_of() { # tier, interpreter
  local line inside=''
  stamp="$2"$'\n'
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "# $1: "*) inside=yes ;;
      '') inside='' ;;
      *) if [ -n "$inside" ]; then stamp="$stamp$line"$'\n'; fi ;;
    esac
  done <"$root/requirements.txt"
}

# The interpreter behind .venv, by inode and size: an upgrade of the system's Python shows without starting it.
identify_interpreter() {
  # shellcheck disable=SC2046,SC2012  # words: inode, mode, links, user, group, size, … (stat has other options on macOS)
  set -- $(LS_BLOCK_SIZE=1 command ls -Lidn "$python")
  interpreter="${1:-} ${6:-}"
}

ready() { # tiers…
  local tier interpreter stamp written site
  if ! [ -x "$python" ]; then return 1; fi
  identify_interpreter
  for tier in "$@"; do
    stamp_of "$tier" "$interpreter"
    written=''
    { IFS= read -r -d '' written <"$root/.venv/deltas/$tier" || true; } 2>/dev/null
    if [ "$written" != "$stamp" ]; then return 1; fi
    for site in "$root"/.venv/lib/python3*/site-packages; do
      if ! [ -d "$site" ]; then return 1; fi
      # where the mark is, pip was stopped at work on another tier, and this one is still good
      if [ "$site" -nt "$root/.venv/deltas/$tier" ] && ! [ -e "$root/.venv/deltas/changing" ]; then return 1; fi
    done
  done
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python "$python"; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say "✗ no Python 3.11 or newer on the PATH (found: $(python3 --version 2>&1 || true))"
  say "  → install one, or name it: PYTHON=/path/to/python3 $0"
  exit 2
}

set_up() { # tier
  local tiers found
  case "$1" in
    step) tiers="step" ;;
    check) tiers="step check" ;;
    publish) tiers="step check publish" ;;
    train) tiers="step check train" ;;
    elsewhere) tiers="step check train elsewhere" ;;
    test) tiers="step check publish train test" ;;
    -h | --help)
      printf 'usage: scripts/setup.sh [step|check|publish|train|elsewhere|test]     without a tier: all but elsewhere\n'
      exit
      ;;
    *)
      say "✗ there is no tier $1"
      say "  → scripts/setup.sh [step|check|publish|train|elsewhere|test]"
      exit 2
      ;;
  esac
  # shellcheck disable=SC2086  # the tiers are a list of words
  if ready $tiers; then return; fi
  found=$(find_python) || exit 2
  # shellcheck disable=SC2086
  "$found" -I "$root/scripts/deltas/setup.py" "$root" $tiers || exit
}

deltas() { # verb, arguments…
  case " $* " in
    *" --help "* | *" -h "*)
      if ! ready step; then # help installs nothing: what the door itself says has to do
        sed -n '2,3s/^# //p' "$door"
        say "scripts/setup.sh step installs, in seconds, what is needed to list all options here"
        exit 0
      fi
      ;;
  esac
  set_up step # what is behind `deltas` asks for more once it knows that the arguments are good
  unset PYTHONHOME
  # -P: a file of the folder where the reader stands is never taken for a module
  PYTHONPATH="$root/scripts" exec "$python" -P -m deltas "$@"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then set_up "${1:-test}"; fi
