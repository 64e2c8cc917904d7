#!/usr/bin/env bash
case " $* " in *" --fast "*) needs=check ;; *) needs=train ;; esac
. "$(dirname "$0")/setup.sh" "$needs"
deltas verify "$@"
