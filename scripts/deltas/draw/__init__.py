"""Figures: what a stage's runs look like, drawn from their files. One module a stage, `style` for all."""
