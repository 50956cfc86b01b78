"""The use cases that change something: load, one verb of the domain, save."""
