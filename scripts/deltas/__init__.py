"""The Python behind the doors: `scripts/VERB.sh` runs `python -m deltas VERB`."""
