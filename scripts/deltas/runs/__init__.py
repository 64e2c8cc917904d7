"""Trainings as child processes, and the folders that they leave."""
