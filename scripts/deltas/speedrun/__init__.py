"""The names speedrun: the race, its tries, its profile."""
