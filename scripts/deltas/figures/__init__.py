"""How a figure looks. What a stage's figures show is said in the stage's own folder, by its figures.py.

A caption is held to its picture: its numbers, and the sentence around them, are computed from the data that is drawn.
"""
