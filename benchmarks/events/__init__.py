"""Publishing events, beside its peers."""
