"""Live rooms: the only natively async code of the service. Nothing here waits for a database on
the event loop, and nothing reaches a participant but from a log that is stored."""
