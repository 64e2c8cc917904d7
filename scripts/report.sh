#!/usr/bin/env bash
. "$(dirname "$0")/setup.sh" publish
deltas report "$@"
