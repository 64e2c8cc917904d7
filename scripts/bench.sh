#!/usr/bin/env bash
# Measure what stands beside the experiments: tries, other words, the names speedrun.
# Example: scripts/bench.sh tries 04
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas bench "$@"
