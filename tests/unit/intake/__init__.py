"""Intake, without a server."""
