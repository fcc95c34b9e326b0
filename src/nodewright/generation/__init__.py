"""From a plan to delivered nodes: plan, render, verify, commit."""
