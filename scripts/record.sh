#!/usr/bin/env bash
# Train every seed of a stage, and write its baseline and figures.
# Example: scripts/record.sh 03
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas record "$@"
