"""What `verify` looks at. Every module returns checks, and prints nothing."""
