#!/usr/bin/env bash
# Show what a delta is about, then its diff.
# Example: scripts/show.sh 01 --context 10
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas show "$@"
