#!/usr/bin/env bash
# Write stages into a Hugo site, or check posts that embed them.
# Example: scripts/publish.sh 01 02 --to ../my-site
door=$0
while [ -h "$door" ]; do # a symbolic link to this file works, too
  link=$(readlink "$door")
  case $link in /*) door=$link ;; *) door=$(dirname "$door")/$link ;; esac
done
. "$(dirname "$door")/setup.sh"
deltas publish "$@"
