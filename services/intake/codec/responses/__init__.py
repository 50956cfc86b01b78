"""Results as responses."""
