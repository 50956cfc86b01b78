"""Stand-ins that are proved by the same suites as the real things."""
