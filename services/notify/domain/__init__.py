"""Messages and how people are reached. Pure: values and an instant in, values and events out."""
