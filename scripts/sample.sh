#!/usr/bin/env bash
. "$(dirname "$0")/setup.sh" train
deltas sample "$@"
