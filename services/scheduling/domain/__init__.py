"""The rules of scheduling: values and the present instant in, values, events and refusals out."""
