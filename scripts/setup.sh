#!/usr/bin/env bash
# Makes .venv and puts into it what a verb needs, the first time. Sourced by the other doors; run alone, it installs all.
#
#   . "$(dirname "$0")/setup.sh" step     what stepping through the series needs: seconds
#   . "$(dirname "$0")/setup.sh" check    what judges recorded figures needs
#   . "$(dirname "$0")/setup.sh" publish  what turns them into pages needs
#   . "$(dirname "$0")/setup.sh" train    torch and what measures with it: minutes, once
#   . "$(dirname "$0")/setup.sh" test     the rest
#
# Versions are pinned in requirements.txt. bash 3.2, no GNU tools.
set -eu

root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
python="$root/.venv/bin/python"
step="click gitpython unidiff pygments"
check="numpy scipy simpleeval"
publish="jinja2 markdown-it-py markupsafe"
train="torch tensorboard rich matplotlib"
test="pytest pytest-xdist hypothesis ruff"

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say "✗ no Python 3.11 or newer on the PATH (found: $(python3 --version 2>&1 || true))"
  say "  → install one, or name it: PYTHON=/path/to/python3 $0"
  exit 2
}

make_venv() {
  local found
  found=$(find_python) || exit 2
  say "setting up .venv with $("$found" --version)"
  # inside the checkout, so that deleting the folder leaves nothing behind
  if ! "$found" -m venv "$root/.venv" >&2; then
    rm -rf "$root/.venv"
    say "✗ python cannot make a virtual environment"
    say "  → on Debian and Ubuntu: apt install python3-venv"
    exit 2
  fi
}

install() { # tier, packages…
  local tier=$1 stamp="$root/.venv/.$1"
  shift
  if ! [ -x "$python" ]; then
    rm -rf "$root/.venv" # its python is gone: an upgrade of the system's leaves a dangling link
    make_venv
  fi
  if [ "$stamp" -nt "$root/requirements.txt" ] && [ "$stamp" -nt "$root/scripts/setup.sh" ]; then return; fi
  say "installing what this needs, once: $*"
  local index=""
  if [ "$tier" = train ] && [ "$(uname -s)" = Linux ]; then index=$(cpu_wheels); fi
  # shellcheck disable=SC2086  # $index is an option and its value, or nothing
  if ! "$python" -m pip install --quiet --disable-pip-version-check $index -c "$root/requirements.txt" "$@" >&2; then
    say "✗ pip could not install: $*"
    say "  → look at pip's message above; then run the same command again"
    exit 2
  fi
  touch "$stamp"
}

# On Linux the default torch wheel brings gigabytes for a GPU. PyTorch's own index has a CPU wheel; use it if it answers.
cpu_wheels() {
  "$python" - <<'PY' || true
import urllib.request
url = "https://download.pytorch.org/whl/cpu"
try:
    urllib.request.urlopen(urllib.request.Request(url + "/torch/", method="HEAD"), timeout=3)
    print("--extra-index-url", url)
except OSError:
    pass
PY
}

# shellcheck disable=SC2086  # what is installed are lists of words
setup() { # statements, not a chain of &&: in a chain `set -e` is off
  case "$1" in
    step)
      install step $step
      ;;
    check)
      setup step
      install check $check
      ;;
    publish)
      setup check
      install publish $publish
      ;;
    train)
      setup check
      install train $train
      ;;
    test)
      setup train
      setup publish
      install test $test
      ;;
    *)
      say "usage: scripts/setup.sh [step|check|publish|train|test]"
      exit 2
      ;;
  esac
}

deltas() { # verb, arguments…
  PYTHONPATH="$root/scripts" exec "$python" -m deltas "$@"
}

setup "${1:-test}"
