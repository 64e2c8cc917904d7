#!/usr/bin/env bash
# The test suite. Arguments go to pytest: scripts/test.sh tests/test_apply.py -k carry
. "$(dirname "$0")/setup.sh" test
cd "$root"
if ! [ -e upstream/makemore/.git ] && [ -e .git ]; then
  git submodule update --init -- upstream/makemore >&2 ||
    say "upstream cannot be had here: the tests of real makemore will skip, and say so"
fi
exec "$python" -m pytest -n auto "$@"
