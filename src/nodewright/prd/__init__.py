"""From Markdown to requirements: the analysis of a PRD."""
