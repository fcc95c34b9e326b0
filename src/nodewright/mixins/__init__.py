"""Mixins of omnibase_core: catalogue, trials, features, the learned model."""
