#!/usr/bin/env bash
# Check the stage where you stand, stage NN, or `all`: pin, patches, stages, runs, numbers and figures.
# Example: scripts/verify.sh 03 --fast
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas verify "$@"
