"""The only place that knows how intake looks outside: on the wire, on the bus, in the database."""
