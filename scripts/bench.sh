#!/usr/bin/env bash
# Measure the names speedrun.
# Example: scripts/bench.sh names --only sprint
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas bench "$@"
