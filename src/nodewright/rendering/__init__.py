"""From the plan to files."""
