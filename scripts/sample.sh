#!/usr/bin/env bash
# Draw names from a trained run of a stage.
# Example: scripts/sample.sh 01 --num 20 --prompt mar
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas sample "$@"
