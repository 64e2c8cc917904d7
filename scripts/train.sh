#!/usr/bin/env bash
# Train a stage's runs with one seed, and compare with what was recorded.
# Example: scripts/train.sh 01
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas train "$@"
