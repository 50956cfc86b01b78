"""The judge is judged."""
