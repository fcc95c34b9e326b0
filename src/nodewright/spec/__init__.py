"""The specification: what each clause of a document means, typed, checked and interpreted."""
