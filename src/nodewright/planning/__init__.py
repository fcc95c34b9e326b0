"""From the analysis to the plan."""
