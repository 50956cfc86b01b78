"""Aggregates as documents and back. Enums are stored as words, field names are the protos'."""
