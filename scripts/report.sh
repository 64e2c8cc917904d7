#!/usr/bin/env bash
# Write the whole series as one page, out/report.html.
# Example: scripts/report.sh
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas report "$@"
