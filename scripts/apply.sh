#!/usr/bin/env bash
# Move stage/ to a stage of the series; without one, list the series.
# Example: scripts/apply.sh 01
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas apply "$@"
