"""What runs in the child process beside makemore.py: the only room that imports torch."""
