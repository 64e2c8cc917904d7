"""The patches as text: reading them, their rules, their hunks. No git and no clock."""
