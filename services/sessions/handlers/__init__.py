"""Use cases: load, one word of the domain, save; one transaction each."""
