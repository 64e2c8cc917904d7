#!/usr/bin/env bash
. "$(dirname "$0")/setup.sh" step
deltas show "$@"
