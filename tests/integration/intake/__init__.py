"""Intake over real servers."""
