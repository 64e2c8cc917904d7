"""Patches into stage commits, and the reader's stage/: the only room that runs git."""
