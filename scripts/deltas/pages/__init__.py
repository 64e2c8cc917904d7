"""Documents into text: HTML, Markdown, Hugo, README."""
