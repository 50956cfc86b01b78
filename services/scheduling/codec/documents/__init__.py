"""Aggregates to documents and back. Field names are the protos'; days are ISO texts."""
