"""The gRPC edge of an api: one gate before every method, one bridge to the sync core behind it."""
