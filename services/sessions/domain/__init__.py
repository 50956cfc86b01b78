"""The rules of live rooms: values and `now` in, values and events out."""
