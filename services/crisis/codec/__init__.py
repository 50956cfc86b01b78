"""The only place that knows how crisis looks on the wire, on the bus and in the database."""
