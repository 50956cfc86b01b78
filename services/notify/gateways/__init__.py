"""The outside of notify: providers."""
