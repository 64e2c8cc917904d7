"""The names speedrun: the race, what was tried for it, and a profile. Nothing but the verb `bench` needs this room."""
