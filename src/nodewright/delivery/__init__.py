"""From judged files to the output folder: decided, journaled, committed, undone."""
