#!/usr/bin/env bash
# Run the test suite. Arguments go to pytest: scripts/test.sh -m "not slow", scripts/test.sh tests -k carry
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
case " $* " in
  *" --help "* | *" -h "*) # help installs nothing
    sed -n '2s/^# //p' "$door"
    exit 0
    ;;
esac
set_up test
cd "$root"
if ! [ -e upstream/makemore/.git ] && [ -e .git ]; then
  git submodule update --init -- upstream/makemore >&2 ||
    say "upstream cannot be had here: the tests of real makemore will skip, and say so"
fi
exec "$python" -m pytest -n auto "$@"
