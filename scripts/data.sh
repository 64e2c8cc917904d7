#!/usr/bin/env bash
# Show what a data set of the series is.
# Example: scripts/data.sh walk
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas data "$@"
