"""One file a verb: it parses the command line, calls the rooms, and prints."""
