"""Cases, and who is woken for them. Pure: values and an instant in, values and events out."""
