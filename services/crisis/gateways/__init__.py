"""The outside of crisis: what it looks at beyond its own database."""
