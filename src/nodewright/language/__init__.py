"""Words and names of human languages; every word list is data."""
