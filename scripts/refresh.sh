#!/usr/bin/env bash
# Make the edits in stage/ part of the series, or give the series another order.
# Example: scripts/refresh.sh 03
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas refresh "$@"
