"""The live board: the only natively async code of the service. Nothing here waits for a database on
the event loop, and nothing reaches a watcher but what is committed."""
