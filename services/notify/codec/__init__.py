"""The only place that knows how notify looks on the wire, on the bus and in the database."""
