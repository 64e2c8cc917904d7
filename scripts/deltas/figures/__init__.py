"""How a figure looks. What a stage's figures show is said in the stage's own folder."""
