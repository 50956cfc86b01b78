"""Requests as commands, each read once."""
