"""The use cases of intake, one method each."""
